"""Fetching a small JSON document from a server that we were told to trust: in bounded time and size."""

from __future__ import annotations

import asyncio
import http.client
import time
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import orjson

MAX_BYTES = 262_144
SECONDS = 5.0
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class CannotFetch(Exception):  # noqa: N818 (it is an answer, not a defect)
    """The document is not to be had now; the text says why, for the log."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: where we were told to look is where we look."""


_opener = build_opener(_NoRedirects)


async def fetch_json(address: str) -> dict[str, Any]:
    """The JSON object at an https address (http for this machine only); CannotFetch when there is none in time."""
    if not is_safe(address):
        raise CannotFetch("the address is not https")
    try:
        return await asyncio.wait_for(asyncio.to_thread(_fetch, address), SECONDS * 2)
    except TimeoutError:
        raise CannotFetch("it took too long") from None


def is_safe(address: object) -> bool:
    """Whether an address may be asked."""
    # A host in other letters would be resolved by IDNA 2003, and may be another one.
    if not isinstance(address, str) or not address.isascii():
        return False
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)
        )
    except ValueError:
        return False


def _fetch(address: str) -> dict[str, Any]:
    request = Request(address, headers={"Accept": "application/json", "User-Agent": "gateway"})  # noqa: S310 (is_safe)
    try:
        with _opener.open(request, timeout=SECONDS) as response:
            found = orjson.loads(_read(response))
    except HTTPError as error:  # It is the response, too, with its connection open.
        error.close()
        raise CannotFetch(f"the status is {error.code}") from None
    except (URLError, OSError, http.client.HTTPException) as error:
        raise CannotFetch(type(error).__name__) from error
    except orjson.JSONDecodeError as error:
        raise CannotFetch("it is not JSON") from error
    if not isinstance(found, dict):
        raise CannotFetch("it is not a JSON object")
    return found


def _read(response: Any) -> bytes:
    """The body, in pieces, so that a server that drips is not waited for."""
    until, body = time.monotonic() + SECONDS, b""
    while piece := response.read1(65_536):
        body += piece
        if len(body) > MAX_BYTES:
            raise CannotFetch("it is too large")
        if time.monotonic() > until:
            raise CannotFetch("it took too long")
    return body

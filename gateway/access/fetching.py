"""Fetches a small JSON document from a configured server, bounded in time and size and guarded against SSRF."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

import orjson

from workers.outbox.destinations import LOOPBACK, Destinations

MAX_BYTES = 262_144
"""Metadata and key sets are a few kilobytes; a hundred RSA keys still fit."""
SECONDS = 5.0
"""For connecting, and again for the whole body."""


class FetchError(Exception):
    """The document could not be fetched; the text says why, for the log."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        """The HTTP status of an answer other than 200; None if there was no answer."""


async def fetch_json(address: str, destinations: Destinations | None = None) -> dict[str, Any]:
    """The JSON object at an https address (http for this machine only); FetchError if it cannot be fetched in time.

    `destinations` limits where we may connect to; by default to public addresses, and to this machine by its own names.
    """
    if not is_safe(address):
        raise FetchError("the address is not https")
    try:
        # Twice: name resolution has no timeout of its own, and a thread cannot be cancelled, only no longer awaited.
        return await asyncio.wait_for(asyncio.to_thread(_fetch, address, destinations or Destinations()), SECONDS * 2)
    except TimeoutError:
        raise FetchError("it took too long") from None


def is_safe(address: object) -> bool:
    """True for an ASCII https address, or an http one of this machine."""
    # A host in other letters would be resolved by IDNA 2003, by which it may be another host than by UTS 46.
    if not isinstance(address, str) or not address.isascii():
        return False
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


def _fetch(address: str, destinations: Destinations) -> dict[str, Any]:
    connection = _connection(urlsplit(address), destinations)
    try:
        target = urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request("GET", target, headers={"Accept": "application/json", "User-Agent": "gateway"})
        # `http.client` follows no redirects, and must not: a redirect could lead into a private network.
        with connection.getresponse() as response:
            if response.status != HTTPStatus.OK:
                raise FetchError(f"the status is {response.status}", response.status)
            found = orjson.loads(_read(response))
    except orjson.JSONDecodeError as error:
        raise FetchError("it is not JSON") from error
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(type(error).__name__) from error
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise FetchError("it is not a JSON object")
    return found


def _connection(parts: SplitResult, destinations: Destinations) -> http.client.HTTPConnection:
    """A connection to the very address that was checked; TLS is verified against the host's name."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise FetchError(type(error).__name__) from error
    judged = next((each for each in found if destinations.allow(each, host)), None)
    if judged is None:
        raise FetchError("its address is private: name its network in GATEWAY_WEBHOOK_NETWORKS")
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=SECONDS)

    # Connecting by name would resolve it again, perhaps to another address than the checked one (DNS rebinding).
    def connect(_: Any, *more: Any, **named: Any) -> socket.socket:
        return socket.create_connection((judged, port), *more, **named)

    connection._create_connection = connect  # type: ignore[attr-defined]
    return connection


def _read(response: Any) -> bytes:
    """The body; FetchError if it is too large, or takes longer than SECONDS in all."""
    # The socket's timeout starts anew with each byte; a server that sends one byte a second would never meet it.
    until, body = time.monotonic() + SECONDS, b""
    while piece := response.read1(65_536):
        body += piece
        if len(body) > MAX_BYTES:
            raise FetchError("it is too large")
        if time.monotonic() > until:
            raise FetchError("it took too long")
    return body

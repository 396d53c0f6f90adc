"""Asks a configured server for a small JSON document, bounded in time and size and guarded against SSRF."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import orjson

from workers.http.client import HttpClient
from workers.http.errors import HttpRequestError

MAX_BYTES = 262_144


class FetchError(Exception):
    """The document cannot be had now; the text says why, for the log."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        """The status that was answered instead of the document."""


async def fetch_json(address: str, client: HttpClient | None = None) -> dict[str, Any]:
    """The JSON object at an https address (http for this machine only); FetchError when there is none in time.

    Without a client only public addresses and, by its own names, this machine are asked.
    """
    return await _object(client or HttpClient(), "GET", address, {}, None)


async def post_form(
    address: str, fields: Mapping[str, str], headers: Mapping[str, str], client: HttpClient
) -> dict[str, Any]:
    """The JSON object that answers a form, sent like `fetch_json` fetches; FetchError when there is none in time."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return await _object(client, "POST", address, sent, urlencode(fields).encode())


async def _object(
    client: HttpClient, method: str, address: str, headers: Mapping[str, str], body: bytes | None
) -> dict[str, Any]:
    try:
        response = await client.exchange(method, address, {"Accept": "application/json", **headers}, body, MAX_BYTES)
    except HttpRequestError as error:
        raise FetchError(REASONS.get(str(error), str(error))) from None
    if response.status != HTTPStatus.OK:  # Redirects, too, are not followed: where we were told is where we look.
        raise FetchError(f"the status is {response.status}", response.status)
    try:
        found = orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise FetchError("it is not JSON") from error
    if not isinstance(found, dict):
        raise FetchError("it is not a JSON object")
    return found


REASONS = {
    "ADDRESS": "the address is not https",
    "FORBIDDEN": "its address is private: name its network in GATEWAY_WEBHOOK_NETWORKS",
    "TIMEOUT": "it took too long",
    "TOO_LARGE": "it is too large",
}
"""Sentences for the log where the code alone would not say what to do."""

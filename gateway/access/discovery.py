"""The metadata of an issuer, found at its well-known addresses (OpenID Connect Discovery 1.0, RFC 8414)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from gateway.access.fetching import FetchError

Fetch = Callable[[str], Awaitable[dict[str, Any]]]
"""Gives the JSON object at an address; FetchError when there is none."""


async def discovered(issuer: str, fetch: Fetch) -> dict[str, Any]:
    """The metadata of an issuer, whose `issuer` must be this one (RFC 8414 §3.3). FetchError."""
    parts = urlsplit(issuer)
    # OpenID Connect Discovery appends its path to the issuer, RFC 8414 §3.1 inserts it after the host: try both.
    places = (
        f"{issuer}/.well-known/openid-configuration",
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}",
    )
    failure = FetchError("there is no metadata")
    for place in places:
        try:
            found = await fetch(place)
        except FetchError as error:
            failure = error
            continue
        # Another issuer here would let one tenant of a shared host speak for the other (mix-up).
        if found.get("issuer") != issuer:
            raise FetchError("its metadata is of another issuer")
        return found
    raise failure

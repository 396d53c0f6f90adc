"""The address under which news stop with one click, without signing in (RFC 8058): a number, and a proof we gave it."""

from __future__ import annotations

from store.crypto.system_keys import SystemKeys
from store.links.receipts import number_of, proven

KEY = "news-unsubscribing"


async def unsubscribe_token(house: SystemKeys, customer_id: int) -> str:
    """For a link in a message of news; it opens nothing and only ever stops them."""
    return proven(await house.system(KEY), customer_id)


async def unsubscriber(house: SystemKeys, token: str) -> int | None:
    """The customer whom this token was made for; None for what we never gave."""
    return number_of(await house.system(KEY), token)

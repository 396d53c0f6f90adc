"""Links for unsubscribing from news with one click, without sign-in (RFC 8058): an authenticated number."""

from __future__ import annotations

from store.crypto.system_keys import SystemKeys
from store.links.receipts import number_of, proven

KEY = "news-unsubscribing"


async def unsubscribe_token(system: SystemKeys, customer_id: int) -> str:
    """Return the token for a link in a newsletter; it only allows unsubscribing."""
    return proven(await system.named(KEY), customer_id)


async def unsubscriber(system: SystemKeys, token: str) -> int | None:
    """Return the customer of a token; None for a token that we never issued."""
    return number_of(await system.named(KEY), token)

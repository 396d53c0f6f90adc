"""Client secrets: 256 random bits that only the client has; here rests a keyed hash of each (O6).

A slow hash protects what people choose. Nobody can search 2^256 values, so a fast one does here, and a client that asks
for a token costs no 20 ms of a core.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable

from store.crypto.system_keys import SystemKeys

PREFIX = "gws_"
"""So that scanners of source code and logs can tell what they have found."""
KEY = "oauth-secrets"
MAX_SECRET = 128


def new_secret() -> str:
    """A secret; it is shown once and kept nowhere."""
    return PREFIX + secrets.token_urlsafe(32)


async def hashed(house: SystemKeys, secret: str) -> bytes:
    """The keyed hash of a secret, which is all that is kept."""
    return hmac.digest(await house.named(KEY), secret.encode(), "sha256")


async def matches(house: SystemKeys, secret: str, hashes: Iterable[bytes]) -> bool:
    """Whether it is one of these, in a time that tells nothing about which or how nearly."""
    if len(secret) > MAX_SECRET:
        return False
    found, given = False, await hashed(house, secret)
    for each in hashes:
        found |= hmac.compare_digest(each, given)
    return found

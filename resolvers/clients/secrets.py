"""Client secrets: 256 random bits, stored as keyed hashes only (O6).

A slow hash protects passwords that people choose. Nobody can search 2^256 values, so a fast one suffices here, and a
token request does not cost 20 ms of a core.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable

from store.crypto.system_keys import SystemKeys

PREFIX = "gws_"
"""A prefix by which secret scanners recognise a leaked secret."""
KEY = "oauth-secrets"
MAX_SECRET = 128


def new_secret() -> str:
    """A new secret; it is shown once and stored nowhere."""
    return PREFIX + secrets.token_urlsafe(32)


async def hashed(system_keys: SystemKeys, secret: str) -> bytes:
    """The keyed hash of a secret, which is all that is kept."""
    return hmac.digest(await system_keys.named(KEY), secret.encode(), "sha256")


async def matches(system_keys: SystemKeys, secret: str, hashes: Iterable[bytes]) -> bool:
    """True if the secret has one of these hashes. Raises StoreUnavailableError."""
    if len(secret) > MAX_SECRET:
        return False
    found, given = False, await hashed(system_keys, secret)
    # All hashes are compared, in constant time: the time taken tells neither which one matched nor how nearly.
    for each in hashes:
        found |= hmac.compare_digest(each, given)
    return found

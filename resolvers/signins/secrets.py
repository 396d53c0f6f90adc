"""Secrets that let their holder in: cookies, links and challenges. Only their hashes rest anywhere."""

from __future__ import annotations

import secrets
from hashlib import sha256

LONGEST = 128
"""Characters; what is longer was not made here and is not even hashed."""


def new_secret() -> str:
    """256 random bits as 43 characters that fit a cookie and an address."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What rests of a secret: half of its SHA-256. The secret is random, so that no slow hash is needed."""
    return sha256(secret[:LONGEST].encode(errors="surrogatepass")).digest()[:16]

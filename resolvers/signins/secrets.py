"""Bearer secrets of cookies, links and challenges; only their hashes are stored."""

from __future__ import annotations

import secrets
from hashlib import sha256

LONGEST = 128
"""Maximum characters that are hashed; the gateway's own secrets are shorter."""


def new_secret() -> str:
    """A secret of 256 random bits, as 43 characters that are safe in cookies and URLs."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """The stored hash of a secret: half of its SHA-256. Random secrets need no slow hash."""
    # 128 bits resist guessing, and collisions gain nothing.
    return sha256(secret[:LONGEST].encode(errors="surrogatepass")).digest()[:16]

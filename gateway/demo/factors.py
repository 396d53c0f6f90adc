"""The demo's second factors: secrets that follow from who the customer is, so that anybody can compute a code."""

from __future__ import annotations

import json
from base64 import b32encode
from hashlib import sha256


def demo_totp_secret(index: int, platform: str) -> str:
    """The secret of a demo customer's authenticator app, in base 32; `index` is their place in the population."""
    return b32encode(_secret(index, platform)[:20]).decode()


def demo_recovery_set(index: int, platform: str, count: int = 10) -> str:
    """Hashes that no code has: the set looks like one of the house, and opens nothing."""
    return json.dumps([sha256(b"%d" % n + _secret(index, platform)).hexdigest()[:32] for n in range(count)])


def _secret(index: int, platform: str) -> bytes:
    return sha256(f"factor:{index}:{platform}".encode()).digest()

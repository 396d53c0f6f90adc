"""The demo's second factors: secrets derived from the customer's position, so that anybody can compute a code."""

from __future__ import annotations

import json
from base64 import b32encode
from hashlib import sha256


def demo_totp_secret(index: int, platform: str) -> str:
    """The TOTP secret of a demo customer, in base 32; `index` is their position in the population."""
    return b32encode(_secret(index, platform)[:20]).decode()


def demo_recovery_set(index: int, platform: str, count: int = 10) -> str:
    """Recovery codes as hashes of no code: the set looks real, and opens nothing."""
    return json.dumps([sha256(b"%d" % n + _secret(index, platform)).hexdigest()[:32] for n in range(count)])


def _secret(index: int, platform: str) -> bytes:
    return sha256(f"factor:{index}:{platform}".encode()).digest()

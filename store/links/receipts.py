"""Links that work without sign-in: an authenticated, encrypted number, which hides its time (G16)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from store.crypto.system_keys import SystemKeys

KEY = "erasure-receipts"
SIZE = 24
"""Bytes: a tag of 16 and a number of 8."""


async def receipt_of(system: SystemKeys, erasure_id: int) -> str:
    """Return the receipt with which the progress of an erasure can be followed."""
    return proven(await system.named(KEY), erasure_id)


async def erasure_of(system: SystemKeys, receipt: str) -> int | None:
    """Return the number of a receipt's erasure; None for a receipt that we never issued."""
    return number_of(await system.named(KEY), receipt)


def proven(key: bytes, id_: int) -> str:
    """Encrypt a number for a link, 32 characters (AES-SIV, RFC 5297): it hides person and time, and cannot be
    guessed."""
    return urlsafe_b64encode(_cipher(key).encrypt(id_.to_bytes(8, "big"), None)).decode()


def number_of(key: bytes, text: str) -> int | None:
    """Decrypt the number of a link; None if it was not made with this key."""
    try:
        content = urlsafe_b64decode(text)
        if len(content) != SIZE:
            return None
        return int.from_bytes(_cipher(key).decrypt(content, None), "big")
    except (Base64Error, ValueError, InvalidTag):
        return None


def _cipher(key: bytes) -> AESSIV:
    # A key of its own, derived from the system key: AES-SIV needs 64 bytes.
    return AESSIV(hmac.digest(key, b"addresses", "sha512"))

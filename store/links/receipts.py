"""Addresses that work without signing in: a number, sealed, which proves that we gave it and tells no moment (G16)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from store.crypto.system_keys import SystemKeys

KEY = "erasure-receipts"
SIZE = 24
"""A tag of 16 bytes, and a number of 8."""


async def receipt_of(house: SystemKeys, erasure_id: int) -> str:
    """The receipt under which an erasure can be followed."""
    return proven(await house.system(KEY), erasure_id)


async def erasure_of(house: SystemKeys, receipt: str) -> int | None:
    """The number of the erasure that this receipt was given for; None for what we never gave."""
    return number_of(await house.system(KEY), receipt)


def proven(key: bytes, id_: int) -> str:
    """32 characters for a link (AES-SIV, RFC 5297). They name no person and no moment, and cannot be guessed."""
    return urlsafe_b64encode(_cipher(key).encrypt(id_.to_bytes(8, "big"), None)).decode()


def number_of(key: bytes, text: str) -> int | None:
    """The number in such characters; None if they were not made with this key."""
    try:
        content = urlsafe_b64decode(text)
        if len(content) != SIZE:
            return None
        return int.from_bytes(_cipher(key).decrypt(content, None), "big")
    except (Base64Error, ValueError, InvalidTag):
        return None


def _cipher(key: bytes) -> AESSIV:
    return AESSIV(hmac.digest(key, b"addresses", "sha512"))

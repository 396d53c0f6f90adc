"""Addresses that work without signing in: a number, and a proof that we gave it."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from store.housekeys import HouseKeys

KEY = "erasure-receipts"
NUMBER, PROOF = 8, 18


async def receipt_of(house: HouseKeys, erasure_id: int) -> str:
    """The receipt under which an erasure can be followed."""
    return proven(await house.system(KEY), erasure_id)


async def erasure_of(house: HouseKeys, receipt: str) -> int | None:
    """The number of the erasure that this receipt was given for; None for what we never gave."""
    return number_of(await house.system(KEY), receipt)


def proven(key: bytes, id_: int) -> str:
    """35 characters for a link. They name no person, and whoever does not have them cannot guess them (144 bits)."""
    number = id_.to_bytes(NUMBER, "big")
    return urlsafe_b64encode(number + _proof(key, number)).decode().rstrip("=")


def number_of(key: bytes, text: str) -> int | None:
    """The number in such characters; None if they were not made with this key."""
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        return None
    number, proof = content[:NUMBER], content[NUMBER:]
    if len(content) != NUMBER + PROOF or not hmac.compare_digest(proof, _proof(key, number)):
        return None
    return int.from_bytes(number, "big")


def _proof(key: bytes, number: bytes) -> bytes:
    return hmac.digest(key, number, "sha256")[:PROOF]

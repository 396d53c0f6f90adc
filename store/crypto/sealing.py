"""Sealing one value under one customer's key: AES-256-GCM, bound to its customer, table, column and row.

A sealed value is 1 byte of version, 12 bytes of nonce, then ciphertext and tag. The associated data is
`table.column:customer:row`, so a value that was moved does not open (D2).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
OVERHEAD = 1 + 12 + 16
"""Bytes that sealing adds."""


class SealBrokenError(Exception):
    """The value was changed, moved, or sealed under another key. Says nothing about the value."""

    def __init__(self) -> None:
        super().__init__("a sealed value does not open here")


class Sealed(bytes):
    """Ciphertext. It raises where it would be printed: a placeholder in its place would be served as data."""

    __slots__ = ()

    def __str__(self) -> NoReturn:
        raise TypeError("a sealed value has no text: open it with the customer's key")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a sealed value has no text: open it with the customer's key")

    def __repr__(self) -> str:
        return f"<sealed, {len(self)} bytes>"


class SealingNonces:
    """Nonces that never repeat: 8 random bytes for each run of a process, then a counter of 4 bytes.

    A new prefix is drawn when the counter wraps and in the child after a fork (NIST SP 800-38D, 8.2.1, with a random
    fixed field: two of 2^32 processes would have to draw the same 64 bits).
    """

    def __init__(self, random: Callable[[int], bytes] = os.urandom, limit: int = 1 << 32) -> None:
        self._random = random
        self._limit = limit
        self.renew()

    def renew(self) -> None:
        """Draw a new prefix and start counting anew; both in one assignment, for other threads."""
        self._series = (self._random(8), count().__next__)

    def __call__(self) -> bytes:
        """The next nonce, 12 bytes; any thread may ask."""
        prefix, advance = self._series
        number = advance()
        if number >= self._limit:
            self.renew()
            return self()
        return prefix + number.to_bytes(4, "big")


next_nonce = SealingNonces()
os.register_at_fork(after_in_child=next_nonce.renew)


def seal(cipher: AESGCM, place: bytes, plaintext: bytes) -> Sealed:
    """Seal bytes at a place (the associated data)."""
    nonce = next_nonce()
    return Sealed(VERSION + nonce + cipher.encrypt(nonce, plaintext, place))


def unseal(cipher: AESGCM, place: bytes, sealed: bytes) -> bytes:
    """The bytes that were sealed at this place; SealBrokenError for anything else."""
    try:
        if sealed[0] != 1:
            raise SealBrokenError
        return cipher.decrypt(sealed[1:13], sealed[13:], place)
    except (InvalidTag, ValueError, IndexError):
        raise SealBrokenError from None

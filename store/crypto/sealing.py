"""Sealing: encryption of one value under one customer's key with AES-256-GCM, bound to its table, column and row.

A sealed value is 1 byte of version, 12 bytes of nonce, then ciphertext and tag. The associated data is
`table.column:customer:row`, so that a moved value does not decrypt (D2).
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
"""Bytes that encryption adds."""


class SealBrokenError(Exception):
    """The value was changed, moved, or encrypted under another key. The message contains nothing of it."""

    def __init__(self) -> None:
        super().__init__("a sealed value does not open here")


class Sealed(bytes):
    """Ciphertext. Formatting raises TypeError: a placeholder text could be served as data."""

    __slots__ = ()

    def __str__(self) -> NoReturn:
        raise TypeError("a sealed value has no text: open it with the customer's key")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a sealed value has no text: open it with the customer's key")

    def __repr__(self) -> str:
        return f"<sealed, {len(self)} bytes>"


class SealingNonces:
    """Generates nonces that never repeat: 8 random bytes for each run of a process, then a counter of 4 bytes.

    A new prefix is drawn when the counter wraps, and in the child after a fork (NIST SP 800-38D, 8.2.1, with a random
    fixed field: a repetition needs two processes that draw the same 64 bits).
    """

    def __init__(self, random: Callable[[int], bytes] = os.urandom, limit: int = 1 << 32) -> None:
        self._random = random
        self._limit = limit
        self.renew()

    def renew(self) -> None:
        """Draw a new prefix and restart the counter; in one assignment, so that other threads never mix the two."""
        self._series = (self._random(8), count().__next__)

    def __call__(self) -> bytes:
        """Return the next nonce, 12 bytes; safe to call from any thread."""
        prefix, advance = self._series
        number = advance()
        if number >= self._limit:
            # Two threads may both renew: each prefix then still has a counter of its own.
            self.renew()
            return self()
        return prefix + number.to_bytes(4, "big")


next_nonce = SealingNonces()
# A forked child would repeat the nonces of its parent.
os.register_at_fork(after_in_child=next_nonce.renew)


def seal(cipher: AESGCM, place: bytes, plaintext: bytes) -> Sealed:
    """Encrypt bytes with `place` as associated data."""
    nonce = next_nonce()
    return Sealed(VERSION + nonce + cipher.encrypt(nonce, plaintext, place))


def unseal(cipher: AESGCM, place: bytes, sealed: bytes) -> bytes:
    """Decrypt bytes that were encrypted for this place; SealBrokenError for anything else."""
    try:
        if sealed[0] != 1:
            raise SealBrokenError
        return cipher.decrypt(sealed[1:13], sealed[13:], place)
    except (InvalidTag, ValueError, IndexError):
        raise SealBrokenError from None

"""One customer's unwrapped data key: it encrypts and decrypts the values of this customer only."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column

from store.crypto.global_ids import GlobalIds
from store.crypto.sealing import Sealed, seal, unseal

KEY_BYTES = 32
HASH_BYTES = 16
"""Bytes of a keyed hash: with 128 bits two values collide with a probability of 10^-38."""


def fingerprint(key: bytes) -> bytes:
    """Return the hash with which an erasure certificate identifies the destroyed key; 16 bytes."""
    return sha256(b"gateway subject key" + key).digest()[:16]


class SubjectKey:
    """Encrypts (`seal`) and decrypts (`open`); its `repr` does not contain the key.

    `column` is the text `table.column`, or the Column itself (three times slower to format). `pseudonym` stands for the
    customer in the ledger: 22 characters that cannot be linked to the customer once the key is destroyed.
    """

    __slots__ = ("_cipher", "_ids", "_key", "_own_id", "customer_id", "decrypt", "expires", "own_place", "pseudonym")

    def __init__(self, customer_id: int, key: bytes, expires: float, ids: GlobalIds) -> None:
        self.customer_id = customer_id
        self._ids = ids
        self._key = key
        self.expires = expires
        """Until when (monotonic seconds) the key may be used without reading the key store again."""
        # 16 bytes are 22 characters of base64, without the padding.
        self.pseudonym = urlsafe_b64encode(hmac.digest(key, b"ledger", "sha256")[:16])[:22].decode()
        self._own_id: str | None = None
        self.own_place = b":%d:%d" % (customer_id, customer_id)
        """The end of the associated data of a value in the customer's own row."""
        self._cipher = AESGCM(key)
        self.decrypt = self._cipher.decrypt
        """The raw decryption of `open`, for compiled reads that check the version and build the associated data;
        InvalidTag."""

    def global_id(self, type_name: str, key: int) -> str:
        """Return the global id of a row of this customer."""
        return self._ids(type_name, self.customer_id, key)

    @property
    def own_id(self) -> str:
        """The global id of the customer, worked out once: a page shows it of each."""
        found = self._own_id
        if found is None:
            found = self._own_id = self.global_id("Customer", self.customer_id)
        return found

    def lasting_id(self, type_name: str, key: int) -> str:
        """Return the global id that never changes, for external receivers; see `GlobalIds.lasting`."""
        return self._ids.lasting(type_name, self.customer_id, key)

    def open(self, column: str | Column[Any], row_id: int, sealed: bytes) -> bytes:
        """Decrypt a value, for `Sealing.decode`; SealBrokenError when it was changed, or encrypted for another
        place."""
        return unseal(self._cipher, f"{column}:{self.customer_id}:{row_id}".encode(), sealed)

    def seal(self, column: str | Column[Any], row_id: int, plaintext: bytes) -> Sealed:
        """Encrypt the plaintext of `Sealing.encode` to the value to store."""
        return seal(self._cipher, f"{column}:{self.customer_id}:{row_id}".encode(), plaintext)

    def keyed_hash(self, kind: str, value: bytes) -> bytes:
        """Return a keyed hash to compare values of this customer, useless once the key is destroyed (D10); 16 bytes.

        HMAC-SHA-256 under a key for each kind: HKDF-Expand (RFC 5869, section 2.3) of the data key, which is random and
        so needs no extraction (section 3.3).
        """
        return hmac.digest(_expanded(self._key, f"gateway keyed hash: {kind}"), value, "sha256")[:HASH_BYTES]

    def __repr__(self) -> str:
        return f"<key of {self.global_id('Customer', self.customer_id)}>"


def _expanded(key: bytes, info: str) -> bytes:
    """Return 32 bytes of HKDF-Expand, which is one block."""
    return hmac.digest(key, info.encode() + b"\x01", "sha256")


@cache
def nobodys_key() -> SubjectKey:
    """Return a random key of no customer: encryption for an unknown customer takes the same time (G7)."""
    return SubjectKey(0, secrets.token_bytes(KEY_BYTES), float("inf"), GlobalIds({1: secrets.token_bytes(32)}, 1))

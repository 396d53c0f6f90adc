"""One customer's data key, unwrapped: it seals and opens this customer's values and nobody else's."""

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
"""Of a keyed hash: 128 bits, so that two values meet with a probability of 10^-38."""


def fingerprint(key: bytes) -> bytes:
    """A hash by which an erasure's certificate names the key that was destroyed; 16 bytes."""
    return sha256(b"gateway subject key" + key).digest()[:16]


class SubjectKey:
    """Seals and opens; never prints.

    `column` is the text `table.column`, or the Column itself (three times slower to name). `pseudonym` stands for the
    customer in the ledger: 22 characters that nobody can link to the customer once the key is destroyed.
    """

    __slots__ = ("_cipher", "_ids", "_key", "customer_id", "decrypt", "expires", "pseudonym")

    def __init__(self, customer_id: int, key: bytes, expires: float, ids: GlobalIds) -> None:
        self.customer_id = customer_id
        self._ids = ids
        self._key = key
        self.expires = expires
        """Until when (monotonic seconds) the key may be used without asking the key store again."""
        self.pseudonym = urlsafe_b64encode(hmac.digest(key, b"ledger", "sha256")[:16])[:22].decode()
        self._cipher = AESGCM(key)
        self.decrypt = self._cipher.decrypt
        """What `open` does, for compiled reads that check the version and name the place themselves; InvalidTag."""

    def global_id(self, type_name: str, key: int) -> str:
        """The id, as the world outside knows it, of a row of this customer."""
        return self._ids(type_name, self.customer_id, key)

    def lasting_id(self, type_name: str, key: int) -> str:
        """The same for what a receiver compares for ever; see `GlobalIds.lasting`."""
        return self._ids.lasting(type_name, self.customer_id, key)

    def open(self, column: str | Column[Any], row_id: int, sealed: bytes) -> bytes:
        """The plaintext, for `Sealing.decode`; SealBrokenError when the value was sealed elsewhere or changed."""
        return unseal(self._cipher, f"{column}:{self.customer_id}:{row_id}".encode(), sealed)

    def seal(self, column: str | Column[Any], row_id: int, plaintext: bytes) -> Sealed:
        """The value to store; the plaintext is what `Sealing.encode` gives."""
        return seal(self._cipher, f"{column}:{self.customer_id}:{row_id}".encode(), plaintext)

    def keyed_hash(self, kind: str, value: bytes) -> bytes:
        """A fingerprint by which values of this customer are compared, and which dies with the key (D10); 16 bytes.

        HMAC-SHA-256 under a key of each kind's own: HKDF-Expand (RFC 5869, section 2.3) of the data key, which is
        random and so needs no extraction (section 3.3).
        """
        return hmac.digest(_expanded(self._key, f"gateway keyed hash: {kind}"), value, "sha256")[:HASH_BYTES]

    def __repr__(self) -> str:
        return f"<key of {self.global_id('Customer', self.customer_id)}>"


def _expanded(key: bytes, info: str) -> bytes:
    """HKDF-Expand to 32 bytes, which is one block."""
    return hmac.digest(key, info.encode() + b"\x01", "sha256")


@cache
def nobodys_key() -> SubjectKey:
    """A key of no customer, of this process: what is sealed with it costs what it costs for a customer (G7)."""
    return SubjectKey(0, secrets.token_bytes(KEY_BYTES), float("inf"), GlobalIds({1: secrets.token_bytes(32)}, 1))

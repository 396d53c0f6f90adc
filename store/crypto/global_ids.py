"""Ids as the world outside knows them: a keyed permutation of customer and row, which tells neither (G16).

    Customer_1 4d0f…(32 hexadecimal digits)      the type, the version of the key, one block of AES-256

The block holds the customer's number and the row's, 64 bits each, encrypted under a key of its type and version: so
`node(id:)` knows whose the row is without a table, the same row always has the same id, and nobody without the key
learns the number, and with it the moment, of either. It is a permutation, not a seal: what somebody made up decodes to
numbers that nobody has. Cursors, which must be refused when they come from elsewhere, are sealed:
`store.crypto.cursors`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct

from cachetools import LRUCache
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

BLOCK = Struct(">QQ")
MOST = 2**63 - 1
TYPES_KEPT = 256
"""Ciphers kept of each direction; a schema has some thirty types, and what is made up must not grow them."""
VERSIONS = 35
FORM = re.compile(r"([A-Za-z][A-Za-z_]{0,62})_([1-9a-z])([0-9a-f]{32})", re.ASCII)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Encode = Callable[[int, int], str]
"""From the customer and the row to the id."""


@dataclass(frozen=True, slots=True)
class GlobalId:
    """What an id that was given out names."""

    type_name: str
    customer: int
    """Whose row it is; the customer's own number for a customer."""
    key: int
    """The row's primary key."""


class GlobalIds:
    """Encrypts and decrypts ids. New ids are of `version`; those of every version whose key is given are read."""

    def __init__(self, keys: Mapping[int, bytes], version: int) -> None:
        """ValueError for a version that has no key, or no digit."""
        if version not in keys or not all(1 <= each <= VERSIONS for each in keys):
            raise ValueError("the version of the ids' key is between 1 and 35, and has a key")
        self._keys, self.version = dict(keys), version
        self._encoders: LRUCache[tuple[str, int], Encode] = LRUCache(TYPES_KEPT)
        self._decryptors: LRUCache[tuple[str, int], CipherContext] = LRUCache(TYPES_KEPT)

    def __call__(self, type_name: str, customer: int, key: int) -> str:
        """The id of a row of this customer."""
        return self.encoder(type_name)(customer, key)

    def lasting(self, type_name: str, customer: int, key: int) -> str:
        """The same of the first version: for what a receiver compares for ever, such as an idempotency key."""
        return self._encoder(type_name, min(self._keys))(customer, key)

    def encoder(self, type_name: str) -> Encode:
        """The function for one type; 0.4 microseconds an id, so that it may stand in a loop over rows."""
        return self._encoder(type_name, self.version)

    def _encoder(self, type_name: str, version: int) -> Encode:
        found = self._encoders.get((type_name, version))
        if found is None:
            found = self._encoders[type_name, version] = self._made(type_name, version)
        return found

    def _made(self, type_name: str, version: int) -> Encode:
        # One block at a time and each of two numbers that never repeat: ECB is the block cipher itself here.
        encrypt, pack = self._cipher(type_name, version).encryptor().update, BLOCK.pack
        head = f"{type_name}_{DIGITS[version]}"
        return lambda customer, key: head + encrypt(pack(customer, key)).hex()

    def decode(self, text: str) -> GlobalId | None:
        """What it names; None for what cannot be an id of ours."""
        found = FORM.fullmatch(text)
        if found is None:
            return None
        type_name, version = found[1], DIGITS.index(found[2])
        if version not in self._keys:
            return None
        customer, key = BLOCK.unpack(self._decryptor(type_name, version).update(bytes.fromhex(found[3])))
        return GlobalId(type_name, customer, key) if 0 < key <= MOST and 0 < customer <= MOST else None

    def _decryptor(self, type_name: str, version: int) -> CipherContext:
        found = self._decryptors.get((type_name, version))
        if found is None:
            found = self._decryptors[type_name, version] = self._cipher(type_name, version).decryptor()
        return found

    def _cipher(self, type_name: str, version: int) -> Cipher[modes.ECB]:
        key = hmac.digest(self._keys[version], b"global id of " + type_name.encode(), "sha256")
        return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  (see `_made`)

"""Global ids of the API: a keyed permutation of customer and row numbers that reveals neither (G16).

    Customer_1 4d0f…(32 hexadecimal digits)      the type, the version of the key, one block of AES-256

The block holds the customer's number and the row's, 64 bits each, encrypted under a key of its type and version. So
`node(id:)` knows the owner of the row without a table, the same row always has the same id, and nobody without the key
learns the numbers, which contain the times at which they were made. It is a permutation without authentication: a
forged id decodes to numbers that no row has. Cursors, which must be rejected when forged, are authenticated:
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
"""Maximum cached ciphers in each direction; a schema has some thirty types, and forged type names must not add more."""
VERSIONS = 35
FORM = re.compile(r"([A-Za-z][A-Za-z_]{0,62})_([1-9a-z])([0-9a-f]{32})", re.ASCII)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Encode = Callable[[int, int], str]
"""A function from customer and row number to the id."""


@dataclass(frozen=True, slots=True)
class GlobalId:
    """A decoded id."""

    type_name: str
    customer: int
    """The owner of the row; for a customer its own number."""
    key: int
    """The row's primary key."""


class GlobalIds:
    """Encrypts and decrypts ids. New ids have `version`; ids of every version with a key are decoded."""

    def __init__(self, keys: Mapping[int, bytes], version: int) -> None:
        """Raises ValueError for a version without a key, or outside of 1 to 35."""
        if version not in keys or not all(1 <= each <= VERSIONS for each in keys):
            raise ValueError("the version of the ids' key is between 1 and 35, and has a key")
        self._keys, self.version = dict(keys), version
        self._encoders: LRUCache[tuple[str, int], Encode] = LRUCache(TYPES_KEPT)
        self._decryptors: LRUCache[tuple[str, int], CipherContext] = LRUCache(TYPES_KEPT)

    def __call__(self, type_name: str, customer: int, key: int) -> str:
        """Return the id of a row of this customer."""
        return self.encoder(type_name)(customer, key)

    def lasting(self, type_name: str, customer: int, key: int) -> str:
        """Return the id in the first version, which never changes: for an idempotency key of an external receiver."""
        return self._encoder(type_name, min(self._keys))(customer, key)

    def encoder(self, type_name: str) -> Encode:
        """Return the function for one type; 0.4 microseconds an id, for loops over rows."""
        return self._encoder(type_name, self.version)

    def _encoder(self, type_name: str, version: int) -> Encode:
        found = self._encoders.get((type_name, version))
        if found is None:
            found = self._encoders[type_name, version] = self._made(type_name, version)
        return found

    def _made(self, type_name: str, version: int) -> Encode:
        # Each call encrypts a single block, of a pair of numbers that never repeats: ECB is the plain block cipher
        # here.
        encrypt, pack = self._cipher(type_name, version).encryptor().update, BLOCK.pack
        head = f"{type_name}_{DIGITS[version]}"
        return lambda customer, key: head + encrypt(pack(customer, key)).hex()

    def decode(self, text: str) -> GlobalId | None:
        """Decode an id; None if it has not the form of one, or its version has no key."""
        found = FORM.fullmatch(text)
        if found is None:
            return None
        type_name, version = found[1], DIGITS.index(found[2])
        if version not in self._keys:
            return None
        customer, key = BLOCK.unpack(self._decryptor(type_name, version).update(bytes.fromhex(found[3])))
        # A forged id decodes to random numbers. Beyond 63 bits they would be an error of the database, not a miss.
        return GlobalId(type_name, customer, key) if 0 < key <= MOST and 0 < customer <= MOST else None

    def _decryptor(self, type_name: str, version: int) -> CipherContext:
        found = self._decryptors.get((type_name, version))
        if found is None:
            found = self._decryptors[type_name, version] = self._cipher(type_name, version).decryptor()
        return found

    def _cipher(self, type_name: str, version: int) -> Cipher[modes.ECB]:
        key = hmac.digest(self._keys[version], b"global id of " + type_name.encode(), "sha256")
        return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  (see `_made`)

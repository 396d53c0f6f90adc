"""Encrypted cursors of keyset pagination: they hide the row's key and are valid for one client and list only (G16)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from binascii import Error, a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

ROW = Struct(">Q")
SIZE = 1 + 16 + ROW.size
LETTERS = 34
URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class ListPlace:
    """One list, as one client reads it; a cursor is bound to it."""

    client: str
    subject: int | None
    """The subject of the token: a customer, or None for a tool."""
    coordinate: str
    descending: bool = False

    def bound(self) -> list[bytes]:
        """Return the associated data as separate components, so that no two lists have the same."""
        order = b"descending" if self.descending else b"ascending"
        return [self.client.encode(), b"%d" % (self.subject or 0), self.coordinate.encode(), order]


class Cursors:
    """Encrypts with AES-SIV (RFC 5297): deterministic, so that the same position in the same list has the same
    cursor."""

    def __init__(self, keys: Mapping[int, bytes], version: int) -> None:
        self._version = version
        self._ciphers = {each: AESSIV(hmac.digest(key, b"cursors", "sha512")) for each, key in keys.items()}

    def sealer(self, place: ListPlace) -> Callable[[int], str]:
        """Return the function that encrypts the row keys of one list; 2 microseconds a cursor."""
        encrypt, bound, head = self._ciphers[self._version].encrypt, place.bound(), bytes([self._version])
        return lambda key: urlsafe_b64encode(head + encrypt(ROW.pack(key), bound)).rstrip(b"=").decode()

    def open(self, place: ListPlace, text: str) -> int | None:
        """Decrypt a cursor to the row's key; None if it was not made for this client and list."""
        if len(text) != LETTERS or not text.isascii() or "+" in text or "/" in text:
            # `+` and `/` would be decoded, too: each cursor must have exactly one spelling.
            return None
        try:
            raw = a2b_base64(text.translate(URL_SAFE) + "==", strict_mode=True)
        except (Error, ValueError):
            return None
        cipher = self._ciphers.get(raw[0])
        # The last letter has unused bits, so compare the spelling as well.
        if len(raw) != SIZE or cipher is None or urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
            return None
        try:
            return int(ROW.unpack(cipher.decrypt(raw[1:], place.bound()))[0])
        except InvalidTag:
            return None

"""Refresh tokens that carry their family and generation under a keyed hash, so that one row a family is all that rests.

A token is the family's id and generation, as one encrypted block, and an HMAC of both with the family's salt, all under
a key of the key store: the id tells when somebody signed in, and that is nobody's to read (G16). So
a token that was ours once is told from one that never was: only the first kind can be reuse, and nobody can end a
stranger's family by sending noise. Neither the table nor a backup of it holds anything that could be sent.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PREFIX = "gwr_"
KEY = "refresh-tokens"
HEAD = struct.Struct(">qq")
MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class PresentedRefreshToken:
    """The content of a refresh token, before it is proven."""

    family: int
    generation: int
    mac: bytes = field(repr=False)

    def is_ours(self, key: bytes, salt: bytes) -> bool:
        """Whether it was given out here, now or earlier."""
        return hmac.compare_digest(self.mac, _mac(key, salt, HEAD.pack(self.family, self.generation)))


def new_salt() -> bytes:
    """The random part of a family's tokens."""
    return secrets.token_bytes(16)


def write(key: bytes, salt: bytes, family: int, generation: int) -> str:
    """The token of a generation."""
    head = HEAD.pack(family, generation)
    sealed = _block(key).encryptor().update(head)
    return PREFIX + urlsafe_b64encode(sealed + _mac(key, salt, head)).decode().rstrip("=")


def read(key: bytes, text: str) -> PresentedRefreshToken | None:
    """The content of a token; None when it has not the form of one."""
    body = text.removeprefix(PREFIX)
    if body == text or len(text) > 100:
        return None
    try:
        raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != HEAD.size + MAC_BYTES:
        return None
    family, generation = HEAD.unpack(_block(key).decryptor().update(raw[: HEAD.size]))
    return PresentedRefreshToken(family, generation, raw[HEAD.size :])


def _block(key: bytes) -> Cipher[modes.ECB]:
    """One block of two numbers that never come together twice."""
    return Cipher(algorithms.AES(hmac.digest(key, b"head", "sha256")), modes.ECB())  # noqa: S305


def _mac(key: bytes, salt: bytes, head: bytes) -> bytes:
    return hmac.digest(key, salt + head, "sha256")

"""The format of refresh tokens: family and generation, encrypted and authenticated, so that a family needs one row.

A token is the family's id and generation, encrypted as one block, and an HMAC of both with the family's salt, all under
a key of the key store. The encryption hides the id, which contains the time of the sign-in (G16). The HMAC tells an
old token of ours, whose use is reuse, from noise, which must not revoke a stranger's family. Neither the table nor a
backup of it holds anything that could be presented as a token.
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
    """A refresh token whose MAC is not verified yet."""

    family: int
    generation: int
    mac: bytes = field(repr=False)

    def is_ours(self, key: bytes, salt: bytes) -> bool:
        """True if the token was issued here, now or earlier."""
        return hmac.compare_digest(self.mac, _mac(key, salt, HEAD.pack(self.family, self.generation)))


def new_salt() -> bytes:
    """A random salt for the tokens of a new family."""
    return secrets.token_bytes(16)


def write(key: bytes, salt: bytes, family: int, generation: int) -> str:
    """The refresh token of a generation."""
    head = HEAD.pack(family, generation)
    sealed = _block(key).encryptor().update(head)
    return PREFIX + urlsafe_b64encode(sealed + _mac(key, salt, head)).decode().rstrip("=")


def read(key: bytes, text: str) -> PresentedRefreshToken | None:
    """Decrypt a refresh token, without verifying its MAC; None if it has another form."""
    body = text.removeprefix(PREFIX)
    if body == text or len(text) > 100:  # Ours have 68; longer texts are not worth decoding.
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
    """The AES cipher for one block. ECB is safe here: each pair of family and generation is encrypted only once."""
    return Cipher(algorithms.AES(hmac.digest(key, b"head", "sha256")), modes.ECB())  # noqa: S305


def _mac(key: bytes, salt: bytes, head: bytes) -> bytes:
    return hmac.digest(key, salt + head, "sha256")

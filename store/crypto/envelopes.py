"""Content that is handed out, or kept for a while, so that only this house can read it and nobody can change it.

AES-256-GCM under a key that is made for the one envelope from a key of the house and a random salt (HMAC-SHA-256), so
no key ever seals twice and any number of envelopes may be made.
"""

from __future__ import annotations

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT = 24
NONCE = bytes(12)
"""One message for each key: see above."""


def seal(key: bytes, content: bytes, context: bytes) -> bytes:
    """The envelope: salt, ciphertext and tag. It opens with the same key, for the same context."""
    salt = secrets.token_bytes(SALT)
    return salt + _cipher(key, salt).encrypt(NONCE, content, context)


def open_envelope(key: bytes, envelope: bytes, context: bytes) -> bytes | None:
    """What was sealed; None for anything that was not sealed here for this context."""
    try:
        return _cipher(key, envelope[:SALT]).decrypt(NONCE, envelope[SALT:], context)
    except (InvalidTag, ValueError):
        return None


def name_of(envelope: bytes) -> str:
    """What tells one envelope from all others, by which it can be marked as used."""
    return envelope[:SALT].hex()


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, salt, "sha256"))

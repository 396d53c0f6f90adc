"""Authenticated encryption of content that is handed out or stored for a while, readable by this gateway only.

AES-256-GCM under a key that is derived for each envelope from a system key and a random salt (HMAC-SHA-256), so that
no key encrypts twice and the number of envelopes is unlimited.
"""

from __future__ import annotations

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT = 24
NONCE = bytes(12)
"""A constant nonce is safe: each key encrypts one message only."""


def seal(key: bytes, content: bytes, context: bytes) -> bytes:
    """Encrypt content; returns salt, ciphertext and tag. The same key and context decrypt it."""
    salt = secrets.token_bytes(SALT)
    return salt + _cipher(key, salt).encrypt(NONCE, content, context)


def open_envelope(key: bytes, envelope: bytes, context: bytes) -> bytes | None:
    """Decrypt an envelope; None if it was not made with this key for this context."""
    try:
        return _cipher(key, envelope[:SALT]).decrypt(NONCE, envelope[SALT:], context)
    except (InvalidTag, ValueError):
        return None


def name_of(envelope: bytes) -> str:
    """Return the unique name of an envelope, with which it can be marked as used: its salt, in hexadecimal."""
    return envelope[:SALT].hex()


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, salt, "sha256"))

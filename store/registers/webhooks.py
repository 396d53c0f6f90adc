"""Webhooks of internal systems: URL, events, and the secrets that sign the messages."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, String, Text

from policy.retention import RetentionRule
from store.crypto.sealing import Sealed, seal, unseal
from store.crypto.system_keys import SystemKeys
from store.sql.metadata import Instant, identity, plain, table

KEY = "webhooks"

webhooks = table(
    "webhooks",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("name", String(64), None, unique=True),
    plain("url", Text, None),
    plain("events", Text, None),
    plain("secret", LargeBinary, None, output=False),
    plain("previous_secret", LargeBinary, None, nullable=True, output=False),
    plain("previous_until", Instant, None, nullable=True),
    plain("created_at", Instant, None),
    plain("disabled_at", Instant, None, nullable=True),
)
"""`events` is a JSON list of names, empty for all events. Secrets are encrypted under a system key and bound to their
row; messages are signed with the previous secret, too, until `previous_until`."""


async def seal_secret(system: SystemKeys, id_: int, secret: bytes) -> Sealed:
    """Encrypt a secret for the columns `secret` and `previous_secret`."""
    return seal(AESGCM(await system.named(KEY)), _place(id_), secret)


async def open_secret(system: SystemKeys, id_: int, sealed: bytes) -> bytes:
    """Decrypt a secret; SealBrokenError when it was changed or moved to another row."""
    return unseal(AESGCM(await system.named(KEY)), _place(id_), sealed)


def _place(id_: int) -> bytes:
    return f"webhooks.secret:{id_}".encode()

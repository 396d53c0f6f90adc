"""Payment affiliates: the companies that may receive a card for one payment, with their URL and country (R22)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ForeignKey, LargeBinary, String, Text

from policy.payments import PAYMENT_KINDS
from policy.retention import RetentionRule
from store.crypto.sealing import Sealed, seal, unseal
from store.crypto.system_keys import SystemKeys
from store.sql.metadata import Id, Instant, choice, identity, plain, table

KEY = "affiliates"

affiliates = table(
    "affiliates",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("name", String(64), None, unique=True),
    choice("kind", PAYMENT_KINDS, None),
    plain("url", Text, None),
    plain("country", String(2), None),
    plain("secret", LargeBinary, None, output=False),
    plain("webhook_id", Id, None, ForeignKey("webhooks.id")),
    plain("created_at", Instant, None),
    plain("disabled_at", Instant, None, nullable=True),
)
"""`secret` signs messages to the company; it is encrypted under a system key and bound to its row. `webhook_id` is the
subscription for events about cards that the company must delete."""


async def seal_affiliate_secret(system: SystemKeys, id_: int, secret: bytes) -> Sealed:
    """Encrypt a secret for the column `secret`."""
    return seal(AESGCM(await system.named(KEY)), _place(id_), secret)


async def open_affiliate_secret(system: SystemKeys, id_: int, sealed: bytes) -> bytes:
    """Decrypt a secret; SealBrokenError when it was changed or moved to another row."""
    return unseal(AESGCM(await system.named(KEY)), _place(id_), sealed)


def _place(id_: int) -> bytes:
    return f"affiliates.secret:{id_}".encode()

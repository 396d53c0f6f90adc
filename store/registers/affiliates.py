"""The companies affiliated with a way to pay: who may receive a card for one payment, and where (R22)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ForeignKey, LargeBinary, String, Text

from policy.retention import RetentionRule
from store.crypto.sealing import Sealed, seal, unseal
from store.crypto.system_keys import SystemKeys
from store.sql.metadata import Id, Instant, choice, identity, plain, table
from store.tables.payments import PAYMENT_KINDS

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
"""`secret` signs what is sent, sealed under a key of the house at its row. `webhook_id` is the subscription by
which the company is told that a card it received may not be kept any more."""


async def seal_affiliate_secret(house: SystemKeys, id_: int, secret: bytes) -> Sealed:
    """What rests in `secret`."""
    return seal(AESGCM(await house.system(KEY)), _place(id_), secret)


async def open_affiliate_secret(house: SystemKeys, id_: int, sealed: bytes) -> bytes:
    """The secret; SealBrokenError when it was changed or moved to another row."""
    return unseal(AESGCM(await house.system(KEY)), _place(id_), sealed)


def _place(id_: int) -> bytes:
    return f"affiliates.secret:{id_}".encode()

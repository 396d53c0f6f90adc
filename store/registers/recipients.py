"""Contacts of recipients, for notifications that they must erase the data, too (GDPR Art. 17(2), 19)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint

from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, identity, plain, table
from store.tables.erasures import RECIPIENT_KINDS

recipient_contacts = table(
    "recipient_contacts",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    choice("kind", RECIPIENT_KINDS, None),
    plain("name", String(200), None),
    plain("webhook_id", Id, None, ForeignKey("webhooks.id"), nullable=True),
    plain("email", String(254), None, nullable=True),
    plain("created_at", Instant, None),
    UniqueConstraint("kind", "name"),
)
"""A webhook or a mailbox of the company; `name` is the name in its disclosures, for a tool its client id. A payment
affiliate is notified by the webhook of its registration, unless it has a row here."""

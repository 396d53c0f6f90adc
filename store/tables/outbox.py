"""The transactional outbox: messages to others, written in the transaction that decides on them, delivered later."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, String

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, identity, owner, plain, sealed, table

outbox = table(
    "outbox",
    RetentionRule.OUTBOX,
    identity(),
    owner(nullable=True, bound=False),  # Null for messages that outlive the customer.
    plain("topic", String(64), None),
    sealed("payload", Category.EMAIL, output=False),
    plain("created_at", Instant, None),
    plain("next_attempt_at", Instant, None, nullable=True),
    plain("attempts", Integer, None, default=0),
    plain("delivered_at", Instant, None, nullable=True),
    plain("dead_at", Instant, None, nullable=True),
    plain("webhook_id", Id, None, ForeignKey("webhooks.id"), nullable=True),
    plain("event", String(40), None, nullable=True),
    plain("leased_until", Instant, None, nullable=True),
    plain("give_up_at", Instant, None, nullable=True),
    plain("void_at", Instant, None, nullable=True),
    plain("trouble", String(40), None, nullable=True),
    plain("held_by", Id, None, ForeignKey("imports.id"), nullable=True),
    plain("client_id", String(64), None, ForeignKey("clients.id"), nullable=True),
    plain("session_id", Id, Category.ACCESS_HISTORY, nullable=True, output=False),
    Index(None, "customer_id", "id"),
    Index(None, "next_attempt_at"),
    Index(None, "void_at"),
    Index(None, "webhook_id", "next_attempt_at"),
    Index(None, "client_id", "next_attempt_at"),
)
"""The payload is encrypted under the customer's key and may contain several categories; it is declared with the most
sensitive one. `next_attempt_at` is null once delivered or given up (`dead_at`), so that the index contains only due
messages. Messages of one customer to one receiver (`webhook_id`) are delivered in the order of their ids. The delivery
worker holds a lease on a message; `trouble` is the code of the last failure; after `give_up_at` there are no more
attempts. From `void_at` on a message is never sent, since it announces a date that has passed, and its content is
deleted. A letter that is `held_by` a run of an import has no next attempt until an operator releases the run. A notice
of back-channel logout is for a client, and names the session that ended (`store.queue.logouts`)."""

# Partial: a held letter is rare, and lasts days.
Index(
    "ix_outbox_held_by",
    outbox.c.held_by,
    sqlite_where=outbox.c.held_by.is_not(None),
    postgresql_where=outbox.c.held_by.is_not(None),
)

"""The domain names registered for customers, their registrants, and the whois choices."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Integer, String, text

from policy.categories import Category
from policy.registries import REGISTRANT_KINDS
from policy.retention import RetentionRule
from store.sql.metadata import ADDRESS_PARTS, Id, Instant, choice, customer_table, plain, reference, sealed

domains = customer_table(
    "domains",
    RetentionRule.CUSTOMER_LIFE,
    plain("service_id", Id, None, ForeignKey("services.id"), nullable=True, index=True),
    sealed("name", Category.SUBSCRIPTION, nullable=False),
    reference("name_ref", Category.SUBSCRIPTION),
    plain("tld", String(63), Category.SUBSCRIPTION),
    choice("registrant_kind", REGISTRANT_KINDS, Category.SUBSCRIPTION),
    sealed("registrant_name", Category.NAME),
    sealed("registrant_address", Category.POSTAL_ADDRESS, ADDRESS_PARTS),
    sealed("registrant_country", Category.POSTAL_ADDRESS),
    sealed("registrant_email", Category.EMAIL),
    sealed("registrant_phone", Category.PHONE),
    plain("hide_name", Boolean, Category.PREFERENCE),
    plain("hide_address", Boolean, Category.PREFERENCE),
    plain("hide_email", Boolean, Category.PREFERENCE),
    plain("hide_phone", Boolean, Category.PREFERENCE),
    plain("registered_at", Instant, Category.SUBSCRIPTION),
    plain("expires_at", Instant, Category.SUBSCRIPTION, nullable=True),
    plain("released_at", Instant, Category.SUBSCRIPTION, nullable=True),
    plain("registrant_erasure_at", Instant, Category.PREFERENCE, nullable=True),
    plain("registrant_confirmed_at", Instant, Category.PREFERENCE, nullable=True),
    # By the table itself: whoever changes a domain, such as its owner by a letter, makes an edit of before a conflict.
    plain("version", Integer, None, default=1, server_default=text("1"), onupdate=text("version + 1")),
)
"""`registrant_country` is the address's, in a column of its own because some registries publish it without the
address. The registrant's phone is a separate datum and never copied from the customer's (R14, A4). An owner whose
erasure was requested at `registrant_erasure_at` is erased as soon as the domain has ended (R52). Until the owner
confirms them, at `registrant_confirmed_at`, details that somebody else typed are neither published nor written to
(S13). From `released_at` on others may register the name: its service has ended, or another registration replaced
it. Use `store.records.registrations.runs` to test whether a registration runs, never a column alone."""

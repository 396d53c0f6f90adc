"""The domain names registered for customers, their registrants, and what the whois may show."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, String

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import ADDRESS_PARTS, Id, Instant, choice, customer_table, plain, reference, sealed

REGISTRANT_KINDS = ("NATURAL_PERSON", "LEGAL_PERSON")

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
)
"""The registrant's phone is a datum of its own and never copied from the customer's (R14, A4). Who asked at
`registrant_erasure_at` to be erased as an owner is, as soon as the domain has ended (R52). Until the owner confirms it,
at `registrant_confirmed_at`, nothing of what somebody typed about them is published or written to them (S13).
Since `released_at` somebody else may register the name: its service has ended, or another registration took its place.
Whether one runs is said by `store.records.registrations.runs`, never by a column alone."""

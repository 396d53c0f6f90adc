"""Disclosures of personal data: recipient, legal basis and fields (R23, R24)."""

from __future__ import annotations

from sqlalchemy import String, Text

from policy.categories import Category
from policy.recipients import Recipient
from policy.retention import RetentionRule
from store.sql.metadata import Instant, choice, customer_table, plain

# A disclosure to an authority or a payment company is itself personal data; the nearest category of the catalogue is
# the access history.
disclosures = customer_table(
    "disclosures",
    RetentionRule.DISCLOSURE_RECORDS,
    choice("recipient_kind", tuple(kind.name for kind in Recipient), Category.ACCESS_HISTORY),
    plain("recipient_name", String(200), Category.ACCESS_HISTORY),
    plain("recipient_country", String(2), Category.ACCESS_HISTORY, nullable=True),
    plain("purpose", String(40), Category.ACCESS_HISTORY),
    plain("legal_basis", String(40), Category.ACCESS_HISTORY),
    plain("fields", Text, Category.ACCESS_HISTORY),
    plain("trigger", String(200), Category.ACCESS_HISTORY),
    plain("at", Instant, Category.ACCESS_HISTORY),
    plain("embargoed_until", Instant, Category.ACCESS_HISTORY, nullable=True),
    embargo="embargoed_until",
)
"""`fields` is a JSON list of schema coordinates, never of values; `trigger` is the request's reference.
Until `embargoed_until` it is not shown to the customer."""

"""Payment methods, and the vault of card numbers that customers consented to store."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, LargeBinary

from policy.categories import Category
from policy.payments import PAYMENT_KINDS
from policy.recipients import Recipient
from policy.retention import RetentionRule
from store.crypto.subject_key import SubjectKey
from store.sql.metadata import Id, Instant, choice, customer_table, plain, sealed

EXPIRY_PARTS = {"month": Category.CARD_EXPIRY, "year": Category.CARD_EXPIRY}

payment_methods = customer_table(
    "payment_methods",
    RetentionRule.CUSTOMER_LIFE,
    choice("kind", PAYMENT_KINDS, Category.PAYMENT_METHOD),
    plain("is_default", Boolean, Category.PAYMENT_METHOD),
    sealed("card_brand", Category.CARD_BRAND),
    sealed("card_last4", Category.CARD_NUMBER),
    sealed("card_expiry", Category.CARD_EXPIRY, EXPIRY_PARTS),
    plain("card_consent_id", Id, None, ForeignKey("consents.id"), nullable=True, index=True),
    sealed("paypal_account", Category.PAYMENT_METHOD),
    sealed("bank_name", Category.PAYMENT_METHOD),
    plain("created_at", Instant, None),
)
"""`card_consent_id` is the consent to store the card (R20); null means there is none."""

# A table of its own: reads of payment methods never load a card number, and its retention is another one.
card_vault = customer_table(
    "card_vault",
    RetentionRule.CARD_CONSENT,
    plain("payment_method_id", Id, None, ForeignKey("payment_methods.id"), unique=True),
    sealed("number", Category.CARD_NUMBER, output=False, nullable=False, forwarded_to=Recipient.PAYMENT_AFFILIATE),
    plain("fingerprint", LargeBinary(16), Category.CARD_NUMBER, output=False),
    plain("stored_at", Instant, Category.PAYMENT_METHOD),
)
"""The security code is never stored. The fingerprint is a hash keyed (PCI DSS 3.5.1.1) with the customer's own key: see
`card_fingerprint`."""


def card_fingerprint(key: SubjectKey, number: str) -> bytes:
    """Return the keyed hash that identifies a card among those of one customer; useless without their key. 16 bytes."""
    return key.keyed_hash("card", "".join(filter(str.isdecimal, number)).encode())

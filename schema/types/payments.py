"""Payment methods. No type has the card number, which only leaves for a payment affiliate (R20-R22, D4)."""

from __future__ import annotations

from typing import Any

import strawberry

from policy.categories import Category
from policy.recipients import Recipient
from schema.core.enums import PaymentKind
from schema.core.scalars import DateTime, EmailAddress
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import KEPT_CARD, PAID
from schema.declare.records import interface, record
from store.tables.payments import payment_methods

AFFILIATE = (Recipient.PAYMENT_AFFILIATE,)
ADDED = Category.PAYMENT_METHOD


def month(parts: list[Any]) -> int | None:
    """The month of a card's expiry, 1 to 12."""
    return None if parts[0] is None else int(parts[0])


def year(parts: list[Any]) -> int | None:
    """The year of a card's expiry, four digits."""
    return None if parts[1] is None else int(parts[1])


@interface(payment_methods)
class PaymentMethod(Node):
    """A payment method of the customer."""

    id: strawberry.ID = identity(payment_methods, PAID)
    kind: PaymentKind | None = datum(
        payment_methods.c.kind, "Card, PayPal or bank transfer.", PAID, disclosed_to=AFFILIATE
    )
    is_default: bool | None = datum(payment_methods.c.is_default, "Whether it is the default payment method.", PAID)
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which it was added.", PAID, category=ADDED
    )


@record(payment_methods, variant=(payment_methods.c.kind, "CARD"))
class Card(PaymentMethod):
    """A credit or debit card without its number."""

    id: strawberry.ID = identity(payment_methods, PAID)
    kind: PaymentKind | None = datum(payment_methods.c.kind, "CARD.", PAID, disclosed_to=AFFILIATE)
    is_default: bool | None = datum(payment_methods.c.is_default, "Whether it is the default payment method.", PAID)
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which it was added.", PAID, category=ADDED
    )
    brand: str | None = datum(payment_methods.c.card_brand, "Visa, Mastercard, …", KEPT_CARD, disclosed_to=AFFILIATE)
    last4: str | None = datum(payment_methods.c.card_last4, "The last four digits.", KEPT_CARD)
    exp_month: int | None = datum(
        payment_methods.c.card_expiry, "Month of expiry, 1 to 12.", KEPT_CARD, read=month, disclosed_to=AFFILIATE
    )
    exp_year: int | None = datum(
        payment_methods.c.card_expiry, "Year of expiry.", KEPT_CARD, read=year, disclosed_to=AFFILIATE
    )


@record(payment_methods, variant=(payment_methods.c.kind, "PAYPAL"))
class PayPal(PaymentMethod):
    """A PayPal account."""

    id: strawberry.ID = identity(payment_methods, PAID)
    kind: PaymentKind | None = datum(payment_methods.c.kind, "PAYPAL.", PAID, disclosed_to=AFFILIATE)
    is_default: bool | None = datum(payment_methods.c.is_default, "Whether it is the default payment method.", PAID)
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which it was added.", PAID, category=ADDED
    )
    account: EmailAddress | None = datum(
        payment_methods.c.paypal_account, "The account that pays.", PAID, disclosed_to=AFFILIATE
    )


@record(payment_methods, variant=(payment_methods.c.kind, "BANK_TRANSFER"))
class BankTransfer(PaymentMethod):
    """Payment by transfer from the customer's bank."""

    id: strawberry.ID = identity(payment_methods, PAID)
    kind: PaymentKind | None = datum(payment_methods.c.kind, "BANK_TRANSFER.", PAID, disclosed_to=AFFILIATE)
    is_default: bool | None = datum(payment_methods.c.is_default, "Whether it is the default payment method.", PAID)
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which it was added.", PAID, category=ADDED
    )
    bank_name: str | None = datum(payment_methods.c.bank_name, "The customer's bank.", PAID, disclosed_to=AFFILIATE)


PAYMENT_TYPES = (Card, PayPal, BankTransfer)

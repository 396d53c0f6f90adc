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
        payment_methods.c.kind,
        "The way to pay, by which the type is told without `__typename`.",
        PAID,
        disclosed_to=AFFILIATE,
    )
    is_default: bool | None = datum(
        payment_methods.c.is_default,
        "Whether invoices are paid in this way unless the customer chooses another; one method is.",
        PAID,
    )
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which the customer added this way to pay.", PAID, category=ADDED
    )


@record(payment_methods, variant=(payment_methods.c.kind, "CARD"))
class Card(PaymentMethod):
    """A credit or debit card without its number."""

    id: strawberry.ID = identity(payment_methods, PAID)
    kind: PaymentKind | None = datum(
        payment_methods.c.kind,
        "Always `CARD`, by which the type is told without `__typename`.",
        PAID,
        disclosed_to=AFFILIATE,
    )
    is_default: bool | None = datum(
        payment_methods.c.is_default,
        "Whether invoices are paid in this way unless the customer chooses another; one method is.",
        PAID,
    )
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which the customer added this way to pay.", PAID, category=ADDED
    )
    brand: str | None = datum(
        payment_methods.c.card_brand,
        "The card's network, such as `Visa`; null if it is not kept.",
        KEPT_CARD,
        disclosed_to=AFFILIATE,
    )
    last4: str | None = datum(
        payment_methods.c.card_last4,
        "The last four digits of the number, by which the customer knows the card; null if they are not kept.",
        KEPT_CARD,
    )
    exp_month: int | None = datum(
        payment_methods.c.card_expiry,
        "The month in which it expires, 1 to 12; null without the consent to keep the card.",
        KEPT_CARD,
        read=month,
        disclosed_to=AFFILIATE,
    )
    exp_year: int | None = datum(
        payment_methods.c.card_expiry,
        "The year in which it expires, such as 2029; null without the consent to keep the card.",
        KEPT_CARD,
        read=year,
        disclosed_to=AFFILIATE,
    )


@record(payment_methods, variant=(payment_methods.c.kind, "PAYPAL"))
class PayPal(PaymentMethod):
    """A PayPal account that invoices are paid from."""

    id: strawberry.ID = identity(payment_methods, PAID)
    kind: PaymentKind | None = datum(
        payment_methods.c.kind,
        "Always `PAYPAL`, by which the type is told without `__typename`.",
        PAID,
        disclosed_to=AFFILIATE,
    )
    is_default: bool | None = datum(
        payment_methods.c.is_default,
        "Whether invoices are paid in this way unless the customer chooses another; one method is.",
        PAID,
    )
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which the customer added this way to pay.", PAID, category=ADDED
    )
    account: EmailAddress | None = datum(
        payment_methods.c.paypal_account,
        "The e-mail address of the PayPal account that pays; null once it is erased.",
        PAID,
        disclosed_to=AFFILIATE,
    )


@record(payment_methods, variant=(payment_methods.c.kind, "BANK_TRANSFER"))
class BankTransfer(PaymentMethod):
    """Payment by transfer from the customer's bank."""

    id: strawberry.ID = identity(payment_methods, PAID)
    kind: PaymentKind | None = datum(
        payment_methods.c.kind,
        "Always `BANK_TRANSFER`, by which the type is told without `__typename`.",
        PAID,
        disclosed_to=AFFILIATE,
    )
    is_default: bool | None = datum(
        payment_methods.c.is_default,
        "Whether invoices are paid in this way unless the customer chooses another; one method is.",
        PAID,
    )
    created_at: DateTime | None = datum(
        payment_methods.c.created_at, "The time at which the customer added this way to pay.", PAID, category=ADDED
    )
    bank_name: str | None = datum(
        payment_methods.c.bank_name,
        "The bank that the customer pays from, as the customer calls it; null if none was named.",
        PAID,
        disclosed_to=AFFILIATE,
    )


PAYMENT_TYPES = (Card, PayPal, BankTransfer)

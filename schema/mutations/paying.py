"""The mutations that pay by card and forward one to a payment affiliate (R21, R22)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.core.enums import CardOutcome
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    returned,
    transient_input,
    user_errors,
)
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.invoices import Invoice
from store.tables.invoices import invoices

OWN = (SELF,)
FORWARDED = (Purpose.PAYMENT_EXECUTION,)


@strawberry.input(description="A card for one payment: checked, forwarded and not stored. It needs no consent.")
class OneTimeCardInput:
    """A card that is not stored anywhere."""

    number: str = transient_input(Category.CARD_NUMBER, "The number on the card; give it as a variable.", OWN)
    exp_month: int = transient_input(Category.CARD_EXPIRY, "The month in which the card expires, 1 to 12.", OWN)
    exp_year: int = transient_input(
        Category.CARD_EXPIRY, "The year in which the card expires, with four digits, such as 2029.", OWN
    )
    security_code: str = transient_input(
        Category.CARD_NUMBER, "The three or four digits printed on the card, which are sent on and never kept.", OWN
    )


@command_input("The invoice to pay, and a stored card or one for this payment.", OWN)
class PayWithCardInput:
    """A payment; the amount is the invoice's."""

    invoice_id: strawberry.ID = transient_input(
        Category.TRANSACTION, "The `id` of the `Invoice` to pay, which is open.", OWN
    )
    card_id: strawberry.ID | None = transient_input(
        Category.PAYMENT_METHOD, "The `id` of a kept `Card` to pay with; either this or `oneTime`.", OWN
    )
    one_time: OneTimeCardInput | None = plain_input(
        "A card for this payment alone, which is not kept; either this or `cardId`.", OWN
    )


@command_input("A stored card and a registered affiliate.", FORWARDED)
class ForwardCardInput:
    """A card to forward, for tools that charge an agreed amount."""

    card_id: strawberry.ID = transient_input(
        Category.PAYMENT_METHOD, "The `id` of the `Card` to send, whose number is kept by consent.", FORWARDED
    )
    affiliate: str = plain_input(
        "The payment company by the name under which it is registered, such as `Example Acquirer`.", FORWARDED
    )
    reference: str = plain_input(
        "The occasion, such as an order number like `INC-4711`; it goes into records, so no personal data.", FORWARDED
    )


@plain_type
class PayWithCardPayload:
    """The outcome of the payment; DECLINED and UNREACHABLE leave the invoice open."""

    outcome: CardOutcome | None = returned(
        "outcome",
        Category.TRANSACTION,
        "The answer of the payment company; null if nothing was sent (`userErrors`).",
        OWN,
    )
    invoice: Invoice | None = affected(
        "invoice",
        invoices,
        Category.TRANSACTION,
        "The invoice, with `paidAt` if the card was accepted; null if nothing was sent (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@plain_type
class ForwardCardPayload:
    """The outcome of the forwarding."""

    outcome: CardOutcome | None = returned(
        "outcome",
        Category.TRANSACTION,
        "The answer of the payment company; null if nothing was sent (`userErrors`).",
        FORWARDED,
    )
    user_errors: list[UserError] = user_errors()

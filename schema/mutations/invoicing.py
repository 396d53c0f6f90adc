"""The mutations by which a billing system records invoices, payments and cancellations."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.core.enums import PaymentKind
from schema.core.scalars import CurrencyCode, DateTime, Decimal
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.records import plain_type
from schema.types.invoices import Invoice
from store.tables.invoices import invoice_lines, invoices

INVOICED = (Purpose.INVOICING,)


@strawberry.input(description="One thing that is billed, with its share of the total.")
class InvoiceLineInput:
    """One service or article."""

    description: str = stored_input(
        invoice_lines.c.description, "The service or article, such as `Domain fontaine.example, 2027`.", INVOICED
    )
    amount: Decimal = stored_input(
        invoice_lines.c.amount_minor, "The sum of the line, with tax, in the invoice's currency.", INVOICED
    )
    quantity: Decimal | None = stored_input(
        invoice_lines.c.quantity, "How many or how much; `1` when left out.", INVOICED
    )
    tax_rate: Decimal | None = stored_input(
        invoice_lines.c.tax_rate, "The tax that the sum contains, in per cent, such as `8.1`.", INVOICED
    )


@command_input("An invoice that a billing system has issued.", INVOICED)
class RecordInvoiceInput:
    """The name and address on it are the customer's of the moment."""

    customer_id: strawberry.ID = transient_input(
        Category.CUSTOMER_ID, "The `id` of the `Customer` whose invoice it is.", INVOICED
    )
    number: str = stored_input(
        invoices.c.number, "The number that is printed on it; letters, digits, `-`, `.`, `/` and `_`.", INVOICED
    )
    issued_at: DateTime = stored_input(invoices.c.issued_at, "The time at which it was issued.", INVOICED)
    due_at: DateTime | None = stored_input(
        invoices.c.due_at, "The time until which it is to be paid; left out if it names none.", INVOICED
    )
    currency: CurrencyCode = stored_input(invoices.c.currency, "The currency of all amounts on it.", INVOICED)
    total: Decimal = stored_input(
        invoices.c.amount_minor, "The sum to pay, with tax; of a credit note it is negative.", INVOICED
    )
    tax: Decimal | None = stored_input(invoices.c.tax_minor, "The tax that the sum contains.", INVOICED)
    lines: list[InvoiceLineInput] | None = plain_input(
        "The lines in the order in which they are printed, which add up to the total.", INVOICED
    )


@plain_type
class RecordInvoicePayload:
    """The invoice, or the problems of the input."""

    invoice: Invoice | None = affected(
        "invoice",
        invoices,
        Category.TRANSACTION,
        "The invoice of this number, also if it was recorded before; null with a problem (`userErrors`).",
        INVOICED,
    )
    user_errors: list[UserError] = user_errors()


@command_input("A payment that arrived, such as a bank transfer.", INVOICED)
class RecordPaymentInput:
    """Input of a billing system."""

    invoice_id: strawberry.ID = transient_input(
        Category.TRANSACTION, "The `id` of the `Invoice` that was paid.", INVOICED
    )
    paid_at: DateTime = stored_input(invoices.c.paid_at, "The time at which the money arrived.", INVOICED)
    paid_with: PaymentKind = stored_input(invoices.c.paid_with, "The way in which it was paid.", INVOICED)


@plain_type
class RecordPaymentPayload:
    """The invoice with its payment."""

    invoice: Invoice | None = affected(
        "invoice", invoices, Category.TRANSACTION, "The invoice, paid; null with a problem (`userErrors`).", INVOICED
    )
    user_errors: list[UserError] = user_errors()


@command_input("An invoice that is not to be paid.", INVOICED)
class CancelInvoiceInput:
    """Input of a billing system."""

    invoice_id: strawberry.ID = transient_input(
        Category.TRANSACTION, "The `id` of the open `Invoice` to cancel.", INVOICED
    )


@plain_type
class CancelInvoicePayload:
    """The cancelled invoice."""

    invoice: Invoice | None = affected(
        "invoice",
        invoices,
        Category.TRANSACTION,
        "The invoice, cancelled; null with a problem (`userErrors`).",
        INVOICED,
    )
    user_errors: list[UserError] = user_errors()

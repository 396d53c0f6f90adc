"""Invoices of a customer."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.purposes import Purpose
from policy.recipients import Recipient
from resolvers.reads import customers as reads
from resolvers.reads.criteria import among, equal, since, until, whether
from schema.core.enums import InvoiceState, PaymentKind
from schema.core.names import full_name
from schema.core.scalars import CurrencyCode, DateTime, Decimal
from schema.declare.connections import connection
from schema.declare.fields import composed, datum, embedded, identity, public, related, shared
from schema.declare.filters import compared
from schema.declare.node import Node
from schema.declare.readers import BILLED
from schema.declare.records import plain_type, record
from schema.sources.values import Attribute
from schema.types.addresses import PostalAddress
from schema.types.back_references import CustomerRef
from store.tables.invoices import invoice_lines, invoices
from values.money import money

PAYABLE = (Purpose.INVOICING, Purpose.PAYMENT_EXECUTION, shared(AppScope.INVOICES_READ))
AFFILIATE = (Recipient.PAYMENT_AFFILIATE,)
WHOLE = "it is one half of an amount, and the field that shows the amount says who may read it"


@plain_type
class Money:
    """An amount of money: a number never without its currency. A field that shows one is null without any amount."""

    amount: Decimal = public(
        Attribute("amount"),
        "The number, with all digits of the currency's minor unit: `69.00` of CHF, `500` of JPY, `1.250` of KWD.",
        WHOLE,
    )
    currency: CurrencyCode = public(Attribute("currency"), "The currency that the number counts, such as `CHF`.", WHOLE)


@record(invoice_lines)
class InvoiceLine(Node):
    """One thing that was billed, with its share of the total."""

    id: strawberry.ID = identity(invoice_lines, PAYABLE)
    description: str | None = datum(
        invoice_lines.c.description, "The service or article, such as `Domain fontaine.example, 2027`.", PAYABLE
    )
    quantity: Decimal | None = datum(invoice_lines.c.quantity, "How many or how much, such as `12`.", PAYABLE)
    amount: Money | None = composed(
        (invoice_lines.c.amount_minor, invoice_lines.c.currency), money, "The sum of the line, with tax.", PAYABLE
    )
    tax_rate: Decimal | None = datum(
        invoice_lines.c.tax_rate, "The tax that the sum contains, in per cent; null if none is named.", PAYABLE
    )


@record(invoices)
class Invoice(Node):
    """An invoice with the name and address printed on it."""

    id: strawberry.ID = identity(invoices, PAYABLE)
    number: str | None = datum(
        invoices.c.number, "The number that is printed on it, such as `2026-00042-01`.", PAYABLE, disclosed_to=AFFILIATE
    )
    issued_at: DateTime | None = datum(invoices.c.issued_at, "The time at which it was issued.", PAYABLE)
    due_at: DateTime | None = datum(
        invoices.c.due_at, "The time until which it is to be paid; null if it names none.", PAYABLE
    )
    state: InvoiceState | None = datum(invoices.c.status, "Whether it is to be paid.", PAYABLE)
    paid_at: DateTime | None = datum(
        invoices.c.paid_at, "The time at which it was paid; null unless it is `PAID`.", PAYABLE
    )
    paid_with: PaymentKind | None = datum(
        invoices.c.paid_with, "The way in which it was paid; null where that is not known.", PAYABLE
    )
    amount: Money | None = composed(
        (invoices.c.amount_minor, invoices.c.currency),
        money,
        "The sum to pay, of all lines with tax; of a credit note it is negative. Such as `69.00` of `CHF`.",
        PAYABLE,
        disclosed_to=AFFILIATE,
    )
    tax: Money | None = composed(
        (invoices.c.tax_minor, invoices.c.currency),
        money,
        "The tax that the sum contains; null if none is named.",
        PAYABLE,
    )
    lines: list[InvoiceLine] | None = related(
        reads.lines_of_invoice, "The lines, in the order in which they are printed.", Category.TRANSACTION, PAYABLE
    )
    billed_name: str | None = datum(
        invoices.c.billed_name, "The name of the addressee, as it was on the day of issue.", BILLED, read=full_name
    )
    billed_address: PostalAddress | None = embedded(
        invoices.c.billed_address, "The address of the addressee, as it was on the day of issue.", BILLED
    )
    customer: CustomerRef | None = related(
        reads.customer_of_invoice, "The customer whose invoice it is.", Category.CUSTOMER_ID, PAYABLE
    )


@strawberry.input(description="Narrows a list of invoices.")
class InvoiceFilter:
    """Each field reads the column that it compares."""

    number: str | None = compared(
        equal(invoices.c.number), "The invoice of this number, such as `R-2026-0117`.", PAYABLE
    )
    paid: bool | None = compared(
        whether(invoices.c.paid_at, invoices.c.paid_at.is_not(None)),
        "True for those that are paid, false for those that are not; `state` tells open ones from cancelled ones.",
        PAYABLE,
    )
    state: list[InvoiceState] | None = compared(among(invoices.c.status), "Invoices in one of these states.", PAYABLE)
    issued_from: DateTime | None = compared(
        since(invoices.c.issued_at), "Invoices issued at this time or later.", PAYABLE
    )
    issued_before: DateTime | None = compared(until(invoices.c.issued_at), "Invoices issued before this time.", PAYABLE)
    due_from: DateTime | None = compared(
        since(invoices.c.due_at), "Invoices to be paid at this time or later.", PAYABLE
    )
    due_before: DateTime | None = compared(until(invoices.c.due_at), "Invoices to be paid before this time.", PAYABLE)


InvoiceConnection = connection(Invoice, "Invoice")

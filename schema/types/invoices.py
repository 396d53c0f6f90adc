"""Invoices of a customer."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.purposes import Purpose
from policy.recipients import Recipient
from resolvers.reads import customers as reads
from schema.core.names import full_name
from schema.core.scalars import DateTime
from schema.declare.fields import datum, embedded, identity, related, shared
from schema.declare.node import Node
from schema.declare.readers import BILLED
from schema.declare.records import record
from schema.types.addresses import PostalAddress
from schema.types.back_references import CustomerRef
from store.tables.invoices import invoices

PAYABLE = (Purpose.INVOICING, Purpose.PAYMENT_EXECUTION, shared(AppScope.INVOICES_READ))
AFFILIATE = (Recipient.PAYMENT_AFFILIATE,)


@record(invoices)
class Invoice(Node):
    """An invoice with the name and address printed on it."""

    id: strawberry.ID = identity(invoices, PAYABLE)
    number: str | None = datum(invoices.c.number, "The number printed on it.", PAYABLE, disclosed_to=AFFILIATE)
    issued_at: DateTime | None = datum(invoices.c.issued_at, "The time of issue.", PAYABLE)
    due_at: DateTime | None = datum(invoices.c.due_at, "The due date.", PAYABLE)
    paid_at: DateTime | None = datum(invoices.c.paid_at, "The time of payment.", PAYABLE)
    currency: str | None = datum(invoices.c.currency, "ISO 4217 code.", PAYABLE, disclosed_to=AFFILIATE)
    amount_cents: int | None = datum(
        invoices.c.amount_cents, "The amount in hundredths of the currency.", PAYABLE, disclosed_to=AFFILIATE
    )
    billed_name: str | None = datum(invoices.c.billed_name, "The name of the addressee.", BILLED, read=full_name)
    billed_address: PostalAddress | None = embedded(invoices.c.billed_address, "The address of the addressee.", BILLED)
    customer: CustomerRef | None = related(
        reads.customer_of_invoice, "The customer of the invoice.", Category.CUSTOMER_ID, PAYABLE
    )

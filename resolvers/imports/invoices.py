"""The invoices of an imported customer: those of the former billing system, with what became of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from policy.currencies import MINOR_DIGITS
from policy.payments import PAYMENT_KINDS, PaymentKind
from resolvers.customers.new_customer import NewCustomer, NewInvoice, NewInvoiceLine, PersonName, PostalAddress
from resolvers.inputs import values
from resolvers.inputs.report import FieldFault
from resolvers.inputs.values import Fields
from values.money import INVOICE_NUMBER, MOST_LINES, QUANTITY, RATE, MoneyError, minor_units

MOST_INVOICES = 500
INVOICE_KEYS = (
    "number", "issued_at", "due_at", "paid_at", "paid_with", "cancelled", "currency", "total", "tax", "lines",
)  # fmt: skip
LINE_KEYS = ("description", "quantity", "amount", "tax_rate")


def invoices(fields: Fields, owner: NewCustomer) -> tuple[NewInvoice, ...]:
    """The invoices of a record, made out to the customer's name and address of the file."""
    return tuple(_of_customer(each, owner) for each in fields.objects("invoices", MOST_INVOICES))


def _of_customer(fields: Fields, owner: NewCustomer) -> NewInvoice:
    fields.only(INVOICE_KEYS, "the invoice")
    return invoice_of(fields, owner.name, owner.postal_address)


def lines_of(fields: Fields) -> list[Fields]:
    """The lines: objects in NDJSON, `description|amount|quantity|tax rate` separated by semicolons in CSV."""
    written = fields.raw("lines")
    if not isinstance(written, str) or not written.strip():
        return fields.objects("lines", MOST_LINES)
    rows = [[part.strip() for part in entry.split("|")] for entry in written.split(";") if entry.strip()]
    if not all(2 <= len(row) <= 4 for row in rows):
        fields.fault("lines", FieldFault.NOT_A_LINE)
        return []
    keys = ("description", "amount", "quantity", "tax_rate")
    entries: list[dict[str, Any]] = [dict(zip(keys, row, strict=False)) for row in rows]
    return fields.within({"lines": entries}).objects("lines", MOST_LINES)


def invoice_of(fields: Fields, name: PersonName | None, address: PostalAddress | None) -> NewInvoice:
    """The invoice of a record, made out to this name and address."""
    currency = fields.required("currency", _currency, 3)
    amount = _amount_of(currency)
    total = _minor(fields, "total", currency) or 0
    if fields.is_empty("total"):
        fields.fault("total", FieldFault.MISSING)
    issued, paid = fields.moment("issued_at"), fields.moment("paid_at")
    if issued is None and fields.is_empty("issued_at"):
        fields.fault("issued_at", FieldFault.MISSING)
    due = fields.moment("due_at", future=True)
    if due is not None and issued is not None and due < issued:
        fields.fault("due_at", FieldFault.ENDS_BEFORE_START)
    paid_with = cast("PaymentKind | None", fields.text("paid_with", values.one_of(PAYMENT_KINDS), 20))
    cancelled = fields.truth("cancelled", default=False)
    # Paid and cancelled at once would be two states; a way of paying needs a payment.
    if (paid is None and paid_with is not None) or (paid is not None and cancelled):
        fields.fault("paid_at", FieldFault.PAYMENT_DISAGREES)
    lines = tuple(_line(each, currency, amount) for each in lines_of(fields))
    if lines and sum(each.amount_minor for each in lines) != total:
        fields.fault("lines", FieldFault.SUM_DISAGREES)
    return NewInvoice(
        number=fields.required("number", _number, 32),
        issued_at=issued or fields.now,
        due_at=due,
        currency=currency,
        amount_minor=total,
        billed_name=name,
        billed_address=address,
        paid_at=paid,
        paid_with=paid_with,
        tax_minor=_minor(fields, "tax", currency),
        cancelled=cancelled and paid is None,
        lines=lines,
    )


def _line(fields: Fields, currency: str, amount: Callable[[str], str | FieldFault]) -> NewInvoiceLine:
    fields.only(LINE_KEYS, "the line")
    written = fields.required("amount", amount, 20)
    return NewInvoiceLine(
        description=fields.required("description", values.line),
        quantity=fields.text("quantity", _quantity, 20) or "1",
        amount_minor=minor_units(written, currency) if written else 0,
        tax_rate=fields.text("tax_rate", _rate, 12),
    )


def _minor(fields: Fields, name: str, currency: str) -> int | None:
    written = fields.text(name, _amount_of(currency), 20)
    return None if written is None else minor_units(written, currency)


def _amount_of(currency: str) -> Callable[[str], str | FieldFault]:
    def amount(text: str) -> str | FieldFault:
        try:
            minor_units(text, currency)
        except MoneyError:
            # Told once, of the currency, if that is the fault.
            return FieldFault.NOT_AN_AMOUNT
        return text

    return amount


def _currency(text: str) -> str | FieldFault:
    return text.upper() if text.upper() in MINOR_DIGITS else FieldFault.NOT_A_CURRENCY


def _number(text: str) -> str | FieldFault:
    return text if INVOICE_NUMBER.fullmatch(text) else FieldFault.NOT_AN_INVOICE_NUMBER


def _quantity(text: str) -> str | FieldFault:
    return text if QUANTITY.fullmatch(text) else FieldFault.NOT_AN_AMOUNT


def _rate(text: str) -> str | FieldFault:
    return text if RATE.fullmatch(text) else FieldFault.NOT_AN_AMOUNT

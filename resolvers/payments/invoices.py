"""Recording invoices of a billing system and what became of them (purpose INVOICING, scope `invoices:write`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.payments import PAYMENT_KINDS
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.customers.new_customer import NewInvoice, NewInvoiceLine
from resolvers.events.changes import record
from resolvers.inputs.texts import InputReader
from resolvers.payments.paying import NO_INVOICE
from resolvers.payments.payments import locked, sealed_value
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.sql.metadata import instant
from store.tables.customers import customers
from store.tables.invoices import invoice_lines, invoices
from values.money import INVOICE_NUMBER, MOST_LINES, QUANTITY, RATE, MoneyError, minor_units

NOBODY = UserProblem("NOT_FOUND", "There is no such customer.", ("customerId",))
TAKEN = UserProblem(
    "INVOICE_NUMBER_TAKEN",
    "There is another invoice with this number, which stays as it is: give this one a number of its own.",
    ("number",),
)
NUMBER = UserProblem(
    "INVALID_NUMBER", "Use letters, digits, -, ., / and _, at most 32: the number as it is printed.", ("number",)
)
SUM = UserProblem("INVALID_AMOUNT", "The amounts of the lines must add up to the total.", ("lines",))
TOO_MANY = UserProblem("TOO_LONG", "An invoice has at most 500 lines.", ("lines",))
DUE = UserProblem("INVALID_TIME", "An invoice is due when it is issued, or later.", ("dueAt",))
FUTURE = UserProblem("INVALID_TIME", "The time lies in the future.", ("paidAt",))
SETTLED = UserProblem(
    "ALREADY_PAID", "This invoice is paid: record another one of the opposite sum to correct it.", ("invoiceId",)
)
CANCELLED = UserProblem("INVOICE_CANCELLED", "This invoice is cancelled.", ("invoiceId",))

AHEAD = timedelta(minutes=1)
"""The maximum time that a tool's clock may be ahead."""


async def record_invoice(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Record an invoice under its number. The name and the address on it are the customer's of this moment.

    Idempotent: the same invoice again gives the one that is there, another one of the same number a problem.
    """
    found = _read(given)
    if not isinstance(found, _Written):
        return Result(problems=found)
    row, lines = found.row, found.lines
    (key,) = await context.store.keys.subjects([given["customerId"]])
    if key is None:
        return Result(problems=(NOBODY,))
    try:
        async with context.store.write() as connection:
            if not await locked(connection, key.customer_id):
                return Result(problems=(NOBODY,))
            present = await present_invoice(connection, row["number"])
            if present is not None:
                same = await is_same(connection, key, present, row, lines)
                return _affected(present.id, key) if same else Result(problems=(TAKEN,))
            id_ = await _insert(connection, key, row, lines)
            await record(connection, context, key, ["Customer.invoices"])
    # Recorded at the same moment for another customer.
    except IntegrityError:
        return Result(problems=(TAKEN,))
    return _affected(id_, key)


def _affected(id_: int, key: SubjectKey) -> Result:
    return Result(affected={"invoice": id_, "customer": key.customer_id})


@dataclass(frozen=True, slots=True, repr=False)
class _Written:
    """A row without ids, and the lines."""

    row: Mapping[str, Any]
    lines: Sequence[NewInvoiceLine]


def _read(given: Mapping[str, Any]) -> _Written | tuple[UserProblem, ...]:
    currency = str(given["currency"])
    problems: list[UserProblem] = []
    number = str(given["number"]).strip()
    if INVOICE_NUMBER.fullmatch(number) is None:
        problems.append(NUMBER)
    if given.get("dueAt") is not None and given["dueAt"] < given["issuedAt"]:
        problems.append(DUE)
    total = _amount(given["total"], currency, ("total",), problems)
    tax = None if given.get("tax") is None else _amount(given["tax"], currency, ("tax",), problems)
    if tax is not None and abs(tax) > abs(total) and not problems:
        problems.append(_no_amount(("tax",)))
    written = given.get("lines") or []
    if len(written) > MOST_LINES:
        return (TOO_MANY,)
    lines = [_line(each, at, currency, problems) for at, each in enumerate(written)]
    if lines and not problems and sum(each.amount_minor for each in lines) != total:
        problems.append(SUM)
    if problems:
        return tuple(problems)
    row = {
        "number": number,
        "issued_at": given["issuedAt"],
        "due_at": given.get("dueAt"),
        "currency": currency,
        "amount_minor": total,
        "tax_minor": tax,
    }
    return _Written(row, lines)


def _line(given: Mapping[str, Any], at: int, currency: str, problems: list[UserProblem]) -> NewInvoiceLine:
    path = ("lines", str(at))
    texts = InputReader(given, path)
    description = texts.line("description")
    if description is None and not texts.problems:
        texts.problem("description", "REQUIRED", "This cannot be empty.")
    problems += texts.problems
    quantity, rate = str(given.get("quantity") or "1"), given.get("taxRate")
    for name, text, pattern in (("quantity", quantity, QUANTITY), ("taxRate", rate, RATE)):
        if text is not None and pattern.fullmatch(text) is None:
            problems.append(_no_amount((*path, name)))
    amount = _amount(given["amount"], currency, (*path, "amount"), problems)
    return NewInvoiceLine(description or "", quantity, amount, rate)


def _amount(text: str, currency: str, path: tuple[str, ...], problems: list[UserProblem]) -> int:
    try:
        return minor_units(text, currency)
    except MoneyError:
        problems.append(_no_amount(path))
        return 0


def _no_amount(path: tuple[str, ...]) -> UserProblem:
    return UserProblem(
        "INVALID_AMOUNT",
        "Write a decimal number such as 69.00, with no more digits than the currency or the field has.",
        path,
    )


async def present_invoice(connection: AsyncConnection, number: str) -> Any:
    """The row of the invoice of this number, whosever it is; None if there is none."""
    return (await connection.execute(select(invoices).where(invoices.c.number == number))).one_or_none()


async def is_same(
    connection: AsyncConnection, key: SubjectKey, present: Any, row: Mapping[str, Any], lines: Sequence[NewInvoiceLine]
) -> bool:
    """True if the invoice that is there says the same; what became of it since is not compared."""
    if present.customer_id != key.customer_id or any(getattr(present, name) != value for name, value in row.items()):
        return False
    found = select(invoice_lines).where(invoice_lines.c.invoice_id == present.id).order_by(invoice_lines.c.id)
    kept = [
        NewInvoiceLine(
            key.open(invoice_lines.c.description, each.id, each.description).decode(),
            each.quantity,
            each.amount_minor,
            each.tax_rate,
        )
        for each in await connection.execute(found)
    ]
    return kept == list(lines)


async def _insert(
    connection: AsyncConnection, key: SubjectKey, row: Mapping[str, Any], lines: Sequence[NewInvoiceLine]
) -> int:
    id_, owner = new_id(), key.customer_id
    held = select(customers.c.name, customers.c.postal_address).where(customers.c.id == owner)
    name, address = (await connection.execute(held)).one()
    whole = {"id": id_, "customer_id": owner, "status": "OPEN", **row}
    whole["billed_name"] = _copied(key, customers.c.name, name, invoices.c.billed_name, id_)
    whole["billed_address"] = _copied(key, customers.c.postal_address, address, invoices.c.billed_address, id_)
    await connection.execute(insert(invoices).values(whole))
    if lines:
        await connection.execute(insert(invoice_lines), [_line_row(key, id_, row["currency"], each) for each in lines])
    return id_


def _copied(key: SubjectKey, source: Any, resting: bytes | None, target: Any, row_id: int) -> bytes | None:
    # Both columns have the same parts, so the plain text is the same.
    return None if resting is None else key.seal(target, row_id, key.open(source, key.customer_id, resting))


def _line_row(key: SubjectKey, invoice: int, currency: str, line: NewInvoiceLine) -> dict[str, Any]:
    id_ = new_id()
    return {
        "id": id_,
        "customer_id": key.customer_id,
        "invoice_id": invoice,
        "description": sealed_value(key, invoice_lines.c.description, id_, line.description),
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
        "currency": currency,
        "tax_rate": line.tax_rate,
    }


async def record_payment(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Record that an invoice was paid, such as by bank transfer or PayPal. Idempotent."""
    at: datetime = given["paidAt"]
    if at > context.now + AHEAD:
        return Result(problems=(FUTURE,))
    paid = {"status": "PAID", "paid_at": at, "paid_with": _kind(given["paidWith"])}
    return await _settle(context, given["invoiceId"], paid, ["Invoice.paidAt", "Invoice.paidWith", "Invoice.state"])


async def settle_imported(context: CommandContext, invoice: int, new: NewInvoice) -> Result:
    """Settle an open invoice as a former system did: paid at its time, if known by what, or cancelled. Idempotent."""
    if new.paid_at is None:
        return await cancel_invoice(context, {"invoiceId": invoice})
    paid = {"status": "PAID", "paid_at": new.paid_at, "paid_with": new.paid_with}
    return await _settle(context, invoice, paid, ["Invoice.paidAt", "Invoice.paidWith", "Invoice.state"])


def _kind(choice: Any) -> str:
    found = str(getattr(choice, "value", choice))  # GraphQL passes a member of its enum.
    if found not in PAYMENT_KINDS:
        raise ValueError("no such choice")
    return found


async def cancel_invoice(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Cancel an open invoice: there is nothing to pay any more. Idempotent."""
    return await _settle(context, given["invoiceId"], {"status": "CANCELLED"}, ["Invoice.state"])


async def _settle(context: CommandContext, invoice: int, values: Mapping[str, Any], changed: Sequence[str]) -> Result:
    async with context.store.write() as connection:
        mine = invoices.c.id == (invoice or 0)
        row = (await connection.execute(select(invoices).where(mine).with_for_update())).one_or_none()
        (key,) = (None,) if row is None else await context.store.keys.subjects([row.customer_id])
        if row is None or key is None:
            return Result(problems=(NO_INVOICE,))
        if row.status == values["status"] and _paid_alike(row, values):
            return _affected(row.id, key)
        if row.status != "OPEN":
            return Result(problems=(SETTLED if row.status == "PAID" else CANCELLED,))
        await connection.execute(update(invoices).where(mine).values(values))
        await record(connection, context, key, changed)
    return _affected(row.id, key)


def _paid_alike(row: Any, values: Mapping[str, Any]) -> bool:
    if "paid_at" not in values:
        return True
    return bool(instant(row.paid_at) == values["paid_at"] and row.paid_with == values["paid_with"])

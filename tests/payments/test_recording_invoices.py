"""Invoices of a billing system: recorded once, with their lines, seen and paid by the customer, and by nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from store.tables.invoices import invoice_lines, invoices
from tests.payments.conftest import Wallet
from tests.promises.gate import Gate, grant

pytestmark = pytest.mark.anyio

RECORD = """mutation ($in: RecordInvoiceInput!) { recordInvoice(input: $in) {
  invoice { id number state amount { amount currency } tax { amount } billedName
    lines { description quantity amount { amount currency } taxRate } }
  userErrors { code field } } }"""
PAID = """mutation ($in: RecordPaymentInput!) { recordPayment(input: $in) {
  invoice { state paidAt paidWith } userErrors { code } } }"""
CANCEL = """mutation ($in: CancelInvoiceInput!) { cancelInvoice(input: $in) {
  invoice { state paidAt } userErrors { code } } }"""
MINE = """{ me { invoices(first: 5) { nodes { number state paidWith amount { amount }
  lines { description amount { amount } } } } } }"""

LINES = [
    {"description": "Domain faß.example, 2027", "amount": "19.90", "taxRate": "8.1"},
    {"description": "Web hosting Pro", "quantity": "12", "amount": "49.10"},
]


async def ask(gate: Gate, query: str, scopes: frozenset[str] = frozenset({"invoices:write"}), **given: Any) -> Any:
    who = grant(Purpose.INVOICING, scopes=scopes)
    answer = await gate.ask(query, who, variables={"in": given})
    assert answer.data is not None, answer.errors
    ((_, found),) = answer.data.items()
    return found


async def recorded(wallet: Wallet) -> list[Any]:
    """The rows of this file's invoices; those of the demo have numbers of years."""
    return [row for row in await wallet.rows(invoices) if not row.number.startswith("20")]


def bill(wallet: Wallet, **changes: Any) -> dict[str, Any]:
    gate = wallet.gate
    return {
        "customerId": gate.id(wallet.place),
        "number": "R-2027/0001",
        "issuedAt": "2026-11-01T00:00:00Z",
        "dueAt": "2026-12-01T00:00:00Z",
        "currency": "CHF",
        "total": "69.00",
        "tax": "5.17",
        "lines": LINES,
    } | changes


async def test_it_is_recorded_once_and_seen(wallet: Wallet) -> None:
    found = await ask(wallet.gate, RECORD, **bill(wallet))
    assert found["userErrors"] == []
    assert found["invoice"] | {"id": "", "billedName": ""} == {
        "id": "", "billedName": "", "number": "R-2027/0001", "state": "OPEN",
        "amount": {"amount": "69.00", "currency": "CHF"}, "tax": {"amount": "5.17"},
        "lines": [
            {"description": "Domain faß.example, 2027", "quantity": "1", "taxRate": "8.1",
             "amount": {"amount": "19.90", "currency": "CHF"}},
            {"description": "Web hosting Pro", "quantity": "12", "taxRate": None,
             "amount": {"amount": "49.10", "currency": "CHF"}},
        ],
    }  # fmt: skip
    again = await ask(wallet.gate, RECORD, **bill(wallet))
    assert again == found
    (row,) = await recorded(wallet)
    resting = [each for each in await wallet.rows(invoice_lines) if each.invoice_id == row.id]
    assert len(resting) == 2
    nodes = (await wallet.ask(MINE))["invoices"]["nodes"]
    (mine,) = [each for each in nodes if each["number"] == "R-2027/0001"]
    assert [line["description"] for line in mine["lines"]] == [line["description"] for line in LINES]
    assert b"example" not in bytes(resting[0].description)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"total": "70.00"}, "INVALID_AMOUNT", ["lines"]),
        ({"total": "69.001"}, "INVALID_AMOUNT", ["total"]),
        ({"currency": "JPY", "total": "69.50", "lines": [], "tax": None}, "INVALID_AMOUNT", ["total"]),
        ({"tax": "70.00"}, "INVALID_AMOUNT", ["tax"]),
        ({"number": "R 1\n"}, "INVALID_NUMBER", ["number"]),
        ({"dueAt": "2026-10-01T00:00:00Z"}, "INVALID_TIME", ["dueAt"]),
        ({"lines": [{"description": " ", "amount": "69.00"}]}, "REQUIRED", ["lines", "0", "description"]),
        ({"lines": [LINES[0] | {"taxRate": "-1"}]}, "INVALID_AMOUNT", ["lines", "0", "taxRate"]),
    ],
)  # fmt: skip
async def test_what_does_not_add_up_is_refused(wallet: Wallet, changes: Any, code: str, field: list[str]) -> None:
    found = await ask(wallet.gate, RECORD, **bill(wallet, **changes))
    assert (found["invoice"], found["userErrors"]) == (None, [{"code": code, "field": field}])
    assert await recorded(wallet) == []


async def test_amounts_have_the_digits_of_their_currency(wallet: Wallet) -> None:
    """ISO 4217: no cents of a yen, thousandths of a dinar."""
    for number, currency, total in (("J", "JPY", "500"), ("K", "KWD", "1.250"), ("C", "CHF", "-5")):
        changes = {"number": number, "currency": currency, "total": total, "lines": [], "tax": None}
        found = await ask(wallet.gate, RECORD, **bill(wallet, **changes))
        assert found["userErrors"] == []
    assert [row.amount_minor for row in await recorded(wallet)] == [500, 1250, -500]


async def test_a_number_is_used_once(wallet: Wallet) -> None:
    await ask(wallet.gate, RECORD, **bill(wallet))
    for changes in (
        {"total": "19.90", "tax": None, "lines": LINES[:1]},
        {"customerId": wallet.gate.id(0)},
    ):
        found = await ask(wallet.gate, RECORD, **bill(wallet, **changes))
        assert [each["code"] for each in found["userErrors"]] == ["INVOICE_NUMBER_TAKEN"]
    assert len(await recorded(wallet)) == 1


async def test_a_payment_settles_it_and_a_cancelled_one_cannot_be_paid(wallet: Wallet) -> None:
    first = (await ask(wallet.gate, RECORD, **bill(wallet)))["invoice"]["id"]
    second = (await ask(wallet.gate, RECORD, **bill(wallet, number="R-2")))["invoice"]["id"]
    payment = {"invoiceId": first, "paidAt": "2026-11-05T00:00:00Z", "paidWith": "PAYPAL"}
    for _ in range(2):
        assert await ask(wallet.gate, PAID, **payment) == {
            "invoice": {"state": "PAID", "paidAt": "2026-11-05T00:00:00Z", "paidWith": "PAYPAL"}, "userErrors": []
        }  # fmt: skip
    found = await ask(wallet.gate, PAID, **payment | {"paidWith": "BANK_TRANSFER"})
    assert [each["code"] for each in found["userErrors"]] == ["ALREADY_PAID"]
    assert (await ask(wallet.gate, CANCEL, invoiceId=first))["userErrors"] == [{"code": "ALREADY_PAID"}]
    for _ in range(2):
        found = await ask(wallet.gate, CANCEL, invoiceId=second)
        assert found == {"invoice": {"state": "CANCELLED", "paidAt": None}, "userErrors": []}
    found = await ask(wallet.gate, PAID, **payment | {"invoiceId": second})
    assert [each["code"] for each in found["userErrors"]] == ["INVOICE_CANCELLED"]
    listed = (await wallet.ask(MINE))["invoices"]["nodes"]
    assert {each["number"]: (each["state"], each["paidWith"]) for each in listed[:2]} == {
        "R-2027/0001": ("PAID", "PAYPAL"),
        "R-2": ("CANCELLED", None),
    }


async def test_only_a_billing_tool_may(wallet: Wallet) -> None:
    """Purpose and scope are both needed."""
    for who in (grant(Purpose.INVOICING), grant(Purpose.SERVICE_PROVISION, scopes=("invoices:write",))):
        answer = await wallet.gate.ask(RECORD, who, variables={"in": bill(wallet)})
        assert set(answer.codes) == {"UNAUTHORIZED_FIELD_OR_TYPE"}
    assert await recorded(wallet) == []

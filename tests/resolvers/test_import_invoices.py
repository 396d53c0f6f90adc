"""Invoices that come with their customer: exact, complete, and each number once."""

from pathlib import Path
from typing import Any

import pytest

from resolvers.imports.imports import import_customers
from resolvers.inputs.report import FieldFault, ImportReport
from store.database.store import Store
from store.tables.invoices import invoice_lines, invoices
from tests.resolvers.opening import opened
from tests.resolvers.test_imports import person, write_ndjson

pytestmark = pytest.mark.anyio

BILL = {"number": "R-1", "issued_at": "2026-01-02", "currency": "CHF", "total": "69.00"}
LINES = [{"description": "Pro", "amount": "50"}, {"description": "quark.example", "quantity": "2", "amount": "19.00"}]


async def imported(store: Store, path: Path, *people: list[dict[str, Any]]) -> ImportReport:
    rows = [person(number, services=[]) | {"invoices": bills} for number, bills in enumerate(people)]
    return await import_customers(store, write_ndjson(path, rows), "ndjson")


async def test_they_are_stored_as_they_were(store: Store, tmp_path: Path) -> None:
    bills = [
        BILL | {"lines": LINES, "tax": "5.17", "due_at": "2026-02-01"},
        BILL | {"number": "R-2", "currency": "jpy", "total": "500", "paid_at": "2026-01-09", "paid_with": "card"},
        BILL | {"number": "R-3", "currency": "KWD", "total": "1.25", "cancelled": True},
    ]
    report = await imported(store, tmp_path / "moved", bills)
    assert [str(each) for each in report.problems] == []
    found = await opened(store, invoices)
    columns = ("number", "status", "amount_minor", "currency", "paid_with")
    assert [tuple(each[column] for column in columns) for each in found] == [
        ("R-1", "OPEN", 6900, "CHF", None),
        ("R-2", "PAID", 500, "JPY", "CARD"),
        ("R-3", "CANCELLED", 1250, "KWD", None),
    ]  # fmt: skip
    assert found[0]["tax_minor"] == 517 and list(found[0]["billed_name"]) == ["Zélie", "Quark0"]
    lines = await opened(store, invoice_lines)
    assert [(each["description"], each["quantity"], each["amount_minor"]) for each in lines] == [
        ("Pro", "1", 5000),
        ("quark.example", "2", 1900),
    ]
    assert {each["invoice_id"] for each in lines} == {found[0]["id"]}


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_each_fault_is_told(store: Store, tmp_path: Path) -> None:
    faults: list[tuple[dict[str, Any], str, FieldFault]] = [
        ({"currency": "CHX"}, "currency", FieldFault.NOT_A_CURRENCY),
        ({"total": "69.001"}, "total", FieldFault.NOT_AN_AMOUNT),
        ({"total": None}, "total", FieldFault.MISSING),
        ({"number": "R 1"}, "number", FieldFault.NOT_AN_INVOICE_NUMBER),
        ({"issued_at": None}, "issued_at", FieldFault.MISSING),
        ({"due_at": "2025-01-01"}, "due_at", FieldFault.ENDS_BEFORE_START),
        ({"paid_with": "PAYPAL"}, "paid_at", FieldFault.PAYMENT_DISAGREES),
        ({"paid_at": "2026-01-03", "cancelled": True}, "paid_at", FieldFault.PAYMENT_DISAGREES),
        ({"lines": LINES[:1]}, "lines", FieldFault.SUM_DISAGREES),
        ({"lines": [LINES[0] | {"tax_rate": "8,1"}]}, "lines[0].tax_rate", FieldFault.NOT_AN_AMOUNT),
        ({"note": "x"}, "the invoice", FieldFault.UNKNOWN_KEY),
    ]  # fmt: skip
    for changes, field, fault in faults:
        report = await imported(store, tmp_path / "moved", [BILL | changes])
        assert (f"invoices[0].{field}", fault) in {(each.field, each.fault) for each in report.problems}, changes
        assert report.imported == 0


async def test_a_number_is_used_once(store: Store, tmp_path: Path) -> None:
    """Also across customers, and against those that are here."""
    report = await imported(store, tmp_path / "moved", [BILL, BILL], [BILL])
    assert [(each.row, each.field, each.fault) for each in report.problems] == [
        (1, "invoices[1].number", FieldFault.DUPLICATE_IN_FILE),
        (2, "invoices[0].number", FieldFault.DUPLICATE_IN_FILE),
    ]
    assert (await imported(store, tmp_path / "moved", [BILL])).imported == 1
    rows = person(9, services=[]) | {"invoices": [BILL]}
    again = await import_customers(store, write_ndjson(tmp_path / "moved", [rows]), "ndjson")
    assert [(each.field, each.fault) for each in again.problems] == [
        ("invoices[0].number", FieldFault.ALREADY_REGISTERED)
    ]

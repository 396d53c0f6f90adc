"""Invoices of a former system come in a file of their own, for customers who are here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resolvers.commands.context import CommandContext, Result
from resolvers.customers.new_customer import NewInvoice
from resolvers.imports import invoice_files
from resolvers.imports.imports import import_customers
from resolvers.imports.invoice_files import import_invoices
from resolvers.inputs.report import FieldFault, FileFault, ImportFileError, ImportReport
from resolvers.payments.invoices import cancel_invoice
from store.tables.changes import customer_changes
from store.tables.invoices import invoice_lines, invoices
from tests.resolvers.opening import count, opened
from tests.signin.lobby import Lobby

pytestmark = pytest.mark.anyio

HEADER = "external_id;number;issued_at;due_at;currency;total;tax;paid_at;paid_with;cancelled;lines\n"
TEXT = (Path(__file__).parents[2] / "docs" / "importing-customers.md").read_text(encoding="utf-8")


@pytest.fixture
async def lobby(store: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lobby:
    """Three customers without invoices."""
    monkeypatch.setattr(invoice_files, "BATCH", 2)
    made = Lobby(store)  # type: ignore[arg-type]
    lines = "".join(
        f"Odile,Marron {each},odile{each}@example.org,rue du Lac 3,1003,Lausanne,CH,panel:{each},C-{each}\n"
        for each in range(1, 4)
    )
    path = tmp_path / "customers.csv"
    path.write_text(
        "given_name,family_name,email,street,postal_code,city,country,external_id,customer_number\n" + lines
    )
    assert (await import_customers(made.store, path, "csv", now=made.now)).imported == 3
    return made


async def step(lobby: Lobby, folder: Path, rows: str, system: str | None = "panel", **wishes: bool) -> ImportReport:
    path = folder / "invoices.csv"
    path.write_text(rows if rows.startswith(("external_id", "customer_number")) else HEADER + rows)
    lobby.wait(60)
    return await import_invoices(lobby.store, path, "csv", lobby.means, now=lobby.now, system=system, **wishes)


ROWS = (
    '1;F-1;2026-01-01;2026-01-31;CHF;69.00;5.17;;;;"Domain marron.example|19.90|1|8.1;Hosting Pro|49.10|12"\n'
    "1;F-2;2026-02-01;;JPY;500;;2026-02-03;PAYPAL;;\n"
    "2;F-3;2026-02-01;;KWD;1.250;;;;true;\n"
)


async def test_invoices_are_added_once_and_settled_later(lobby: Lobby, tmp_path: Path) -> None:
    assert (await step(lobby, tmp_path, ROWS, dry_run=True)).imported == 3
    assert await count(lobby.store, invoices) == 0
    report = await step(lobby, tmp_path, ROWS)
    assert (report.imported, report.problems) == (3, ())
    found = {each["number"]: each for each in await opened(lobby.store, invoices)}
    assert {number: (each["status"], each["amount_minor"]) for number, each in found.items()} == {
        "F-1": ("OPEN", 6900), "F-2": ("PAID", 500), "F-3": ("CANCELLED", 1250),
    }  # fmt: skip
    assert found["F-1"]["billed_name"] == ["Odile", "Marron 1"]
    assert found["F-1"]["billed_address"] == ["rue du Lac 3", None, "1003", "Lausanne", None, "CH"]
    lines = [(each["description"], each["quantity"], each["amount_minor"], each["tax_rate"])
             for each in await opened(lobby.store, invoice_lines)]  # fmt: skip
    assert lines == [("Domain marron.example", "1", 1990, "8.1"), ("Hosting Pro", "12", 4910, None)]
    assert await count(lobby.store, customer_changes) == 2
    again = await step(lobby, tmp_path, ROWS)
    assert (again.imported, again.changed, again.same) == (0, 0, 3)
    paid = await step(lobby, tmp_path, ROWS.replace("5.17;;;", "5.17;2026-01-20;CARD;"))
    assert (paid.imported, paid.changed, paid.same) == (0, 1, 2)
    found = {each["number"]: each for each in await opened(lobby.store, invoices)}
    assert (found["F-1"]["status"], found["F-1"]["paid_with"]) == ("PAID", "CARD")
    assert await count(lobby.store, invoice_lines) == 2


async def test_problems_are_told_by_row_and_field(lobby: Lobby, tmp_path: Path) -> None:
    await step(lobby, tmp_path, ROWS)
    rows = (
        "9;F-9;2026-02-01;;CHF;5.00;;;;;\n"  # 1: nobody has this id
        "2;F-2;2026-02-01;;JPY;500;;;;;\n"  # 2: of another customer
        "1;F-1;2026-02-01;;CHF;70.00;;;;;\n"  # 3: another amount
        "3;F-4;2026-02-01;;CHF;5.00;;;;;Domain|4.00\n"  # 4: lines do not add up
        "3;F-5;2026-02-01;;CHF;5.00;;;;;\n"
        "3;F-5;2026-02-01;;CHF;5.00;;;;;\n"  # 6: twice
        "3;F-6;2026-02-01;;CHF;5.00;;;;;nonsense\n"  # 7
        ";F-7;2026-02-01;;CHF;5.00;;;;;\n"  # 8
    )
    report = await step(lobby, tmp_path, rows)
    assert sorted((each.row, each.field, each.fault) for each in report.problems) == [
        (1, "external_id", FieldFault.NO_CUSTOMER), (2, "number", FieldFault.ALREADY_REGISTERED),
        (3, "total", FieldFault.CHANGED_HERE), (4, "lines", FieldFault.SUM_DISAGREES),
        (6, "number", FieldFault.DUPLICATE_IN_FILE), (7, "lines", FieldFault.NOT_A_LINE),
        (8, "external_id", FieldFault.MISSING),
    ]  # fmt: skip
    assert (report.imported, report.bad_rows) == (1, 7)


async def test_customers_are_named_by_their_number_too_and_a_file_needs_one_of_the_two(
    lobby: Lobby, tmp_path: Path
) -> None:
    rows = "customer_number,number,issued_at,currency,total\nC-2,F-8,2026-01-01,EUR,5.00\n"
    assert (await step(lobby, tmp_path, rows, system=None)).imported == 1
    path = tmp_path / "none.csv"
    path.write_text("number,issued_at,currency,total\nF-9,2026-01-01,EUR,5.00\n")
    with pytest.raises(ImportFileError) as caught:
        await import_invoices(lobby.store, path, "csv", lobby.means)
    assert caught.value.fault is FileFault.MISSING_COLUMNS


async def test_the_example_of_the_page_imports(lobby: Lobby, tmp_path: Path) -> None:
    example = re.search(r"```text\n(external_id;number;.*?)```", TEXT, re.DOTALL)
    assert example is not None
    report = await step(lobby, tmp_path, example[1].replace("0047-A", "3"))
    assert (report.imported, report.problems) == (1, ())
    assert await count(lobby.store, invoice_lines) == 2


async def test_what_was_rolled_back_was_not_added(
    lobby: Lobby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody records the same invoices between the look and the insert, which the database refuses."""
    await step(lobby, tmp_path, ROWS)

    async def a_moment_before(*_: object) -> dict[str, object]:
        return {}

    monkeypatch.setattr(invoice_files, "present_invoices", a_moment_before)
    report = await step(lobby, tmp_path, ROWS)
    assert (report.imported, report.changed, report.same, report.bad_rows) == (0, 0, 0, 3)
    assert {each.fault for each in report.problems} == {FieldFault.NOT_TAKEN}
    assert await count(lobby.store, invoices) == 3


async def test_what_could_not_be_settled_was_not_changed(
    lobby: Lobby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is paid by card between the look and the settlement."""
    await step(lobby, tmp_path, ROWS)
    settle = invoice_files.settle_imported

    async def late(context: CommandContext, invoice: int, new: NewInvoice) -> Result:
        await cancel_invoice(context, {"invoiceId": invoice})
        return await settle(context, invoice, new)

    monkeypatch.setattr(invoice_files, "settle_imported", late)
    report = await step(lobby, tmp_path, ROWS.replace("5.17;;;", "5.17;2026-01-20;CARD;"))
    assert (report.imported, report.changed, report.same) == (0, 0, 2)
    assert [each.fault for each in report.problems] == [FieldFault.NOT_TAKEN]

"""A company with customers moves in: the dump of its billing panel is imported, and what stood there can be lived here.

The dump is made as such a panel has it: bcrypt hashes of a low cost, invoices with lines, services, names in many
scripts, international domain names, addresses of forty countries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from sqlalchemy import func, select

from policy.purposes import Purpose
from resolvers.imports.imports import import_customers
from resolvers.imports.runs import ImportRuns
from resolvers.imports.undoing import undo
from resolvers.imports.upserting import UpsertOptions, import_context, upsert_customers
from resolvers.inputs.report import FieldFault, ImportReport
from resolvers.services.services import terminate_service
from resolvers.signin.verdicts import SignedIn
from schema.documents.requests import Request
from store.database.store import Store
from store.sql.metadata import instant
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.domains import domains
from store.tables.invoices import invoice_lines, invoices
from store.tables.services import services
from tests.promises.gate import grant
from tests.signin.lobby import Lobby
from values.domain_name import to_ascii

pytestmark = pytest.mark.anyio

PLACES = (
    ("CH", "1003", "Lausanne"), ("DE", "10115", "Berlin"), ("FR", "75001", "Paris"), ("AT", "1010", "Wien"),
    ("IT", "00118", "Roma"), ("NL", "1012 AB", "Amsterdam"), ("BE", "1000", "Bruxelles"), ("ES", "28001", "Madrid"),
    ("PT", "1000-001", "Lisboa"), ("PL", "00-001", "Warszawa"), ("CZ", "110 00", "Praha"),
    ("SK", "811 01", "Bratislava"),
    ("HU", "1011", "Budapest"), ("SI", "1000", "Ljubljana"), ("HR", "10000", "Zagreb"), ("RS", "11000", "Београд"),
    ("GR", "105 57", "Αθήνα"), ("BG", "1000", "София"), ("RO", "010011", "București"), ("SE", "111 20", "Stockholm"),
    ("NO", "0150", "Oslo"), ("DK", "1050", "København"), ("FI", "00100", "Helsinki"), ("IS", "101", "Reykjavík"),
    ("EE", "10111", "Tallinn"), ("LV", "LV-1050", "Rīga"), ("LT", "01100", "Vilnius"), ("LU", "1111", "Luxembourg"),
    ("LI", "9490", "Vaduz"), ("MC", "98000", "Monaco"), ("MT", "VLT 1117", "Valletta"), ("CY", "1010", "Λευκωσία"),
    ("GB", "SW1A 1AA", "London"), ("IE", None, "Dublin"), ("HK", None, "香港"), ("SG", "018956", "Singapore"),
    ("NZ", "6011", "Wellington"), ("IL", "9100000", "ירושלים"), ("TR", "34000", "İstanbul"),
    ("XK", "10000", "Prishtina"),
)  # fmt: skip
NAMES = (
    ("Zoé", "Müller"), ("Иван", "Петров"), ("Ελένη", "Παπαδοπούλου"), ("小明", "王"), ("נועה", "כהן"),
    ("Åsa", "Ångström"),
)  # fmt: skip
CURRENCIES = (("CHF", "19.90"), ("EUR", "69.00"), ("JPY", "500"), ("KWD", "1.250"), ("HUF", "1990.00"))


def password(number: int) -> str:
    """The password of the old panel."""
    return f"altes Passwort {number}"


def dumped(number: int) -> dict[str, Any]:
    """One customer of the panel, as it exports them."""
    country, code, city = PLACES[number % len(PLACES)]
    given, family = NAMES[number % len(NAMES)]
    currency, amount = CURRENCIES[number % len(CURRENCIES)]
    lines = [{"description": f"bücher{number}.example", "amount": amount}]
    paid = {"paid_at": "2026-03-02", "paid_with": "PAYPAL"} if number % 3 else {}
    return {
        "given_name": given, "family_name": family, "email": f"kunde{number}@faß{number}.example",
        "street": f"Straße {number}",
        "city": city, "country": country, "region": {"IE": "Dublin", "HK": "Hong Kong Island"}.get(country),
        "customer_number": f"K-{number}", "external_id": f"panel:{number}", "customer_since": "2019-05-01T10:00:00Z",
        "client_area_password_hash": bcrypt.hashpw(password(number).encode(), bcrypt.gensalt(4)).decode(),
        "services": [{"kind": "DOMAIN", "name": f"bücher{number}.example", "started_at": "2020-01-01"},
                     {"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2020-01-01"}],
        "invoices": [{"number": f"R-{number}", "issued_at": "2026-02-01", "due_at": "2026-03-01", "currency": currency,
                      "total": amount, "lines": lines, **paid}],
    } | ({"postal_code": code} if code else {})  # fmt: skip


def dump(path: Path, numbers: range) -> Path:
    """The dump, written row by row."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in map(dumped, numbers))
    return path


@pytest.fixture
def size(request: pytest.FixtureRequest) -> int:
    """300 customers, and the 10,000 of a company with `--thorough`."""
    return 10_000 if request.config.getoption("thorough", default=False) else 300


TABLES = (customers, credentials, domains, invoices, invoice_lines)


async def counts(store: Store) -> list[int]:
    async with store.write() as connection:
        return [int(await connection.scalar(select(func.count()).select_from(each)) or 0) for each in TABLES]


async def ask(lobby: Lobby, query: str, scopes: tuple[str, ...] = (), **variables: Any) -> Any:
    purpose = Purpose.INVOICING if scopes else Purpose.SELF_SERVICE
    outcome = await lobby.api.execute(Request(query=query, variables=variables), grant(purpose, scopes=scopes))
    found = json.loads(outcome.body)
    assert "errors" not in found, found
    return found["data"]


def owed(size: int) -> Iterator[int]:
    """The numbers of customers whose invoice is open."""
    return (number for number in range(size) if number % 3 == 0)


async def in_step(lobby: Lobby, path: Path, **wishes: Any) -> ImportReport:
    """A file of the panel by its ids."""
    return await upsert_customers(
        lobby.store, path, "ndjson", lobby.means, now=lobby.now, options=UpsertOptions(**wishes)
    )


def done(report: ImportReport) -> tuple[int, int, int]:
    """Added, changed, as they were."""
    return report.imported, report.changed, report.same


async def test_a_company_moves_in(store: Store, tmp_path: Path, size: int) -> None:
    lobby = Lobby(store)
    path = dump(tmp_path / "panel.ndjson", range(size))
    trial = await import_customers(store, path, "ndjson", dry_run=True, now=lobby.now)
    assert [str(each) for each in trial.problems] == [] and await counts(store) == [0] * len(TABLES)
    # Nobody is written to before an operator has looked; what was wrong is undone as if it had not been.
    first = await import_customers(store, path, "ndjson", now=lobby.now, hold_mail=True)
    assert first.run is not None and (first.imported, first.bad_rows) == (size, 0)
    undone = await undo(store, first.run, lobby.now)
    assert (undone.removed, undone.kept) == (size, {}) and await counts(store) == [0] * len(TABLES)
    report = await import_customers(store, path, "ndjson", now=lobby.now, hold_mail=True)
    assert report.run is not None and report.imported == size
    assert await counts(store) == [size, size, size, size, size], "nothing lost"
    verified = await in_step(lobby, path, dry_run=True, theirs=True)
    assert (done(verified), verified.problems) == ((0, 0, size), ()) and verified.checksums is not None
    assert verified.checksums[0] == verified.checksums[1]
    await ImportRuns(store).release(report.run, lobby.now)

    # The same file again doubles nothing.
    again = await import_customers(store, path, "ndjson", skip_bad=True, now=lobby.now)
    assert (again.imported, again.bad_rows) == (0, size)
    assert {each.fault for each in again.problems} == {FieldFault.ALREADY_REGISTERED}
    assert done(await in_step(lobby, path)) == (0, 0, size)

    # A customer with an open invoice signs in with the old password, in the spelling of the address that they type.
    number = next(owed(size))
    for email in (f"kunde{number}@faß{number}.example", f"KUNDE{number}@{to_ascii(f'faß{number}.example')}"):
        opened = await lobby.knock(email, password(number))
        assert isinstance(opened, SignedIn), email
    # They move, and staff records what they paid for the invoice of the old panel, and ends a service of another one.
    move = 'mutation { updateProfile(input: {phone: "+41 21 000 00 09"}) { userErrors { code } } }'
    assert (await lobby.ask(await lobby.grant(opened), move))["data"] == {"updateProfile": {"userErrors": []}}
    find = "query ($n: String!) { customer(by: {invoiceNumber: $n}) { invoices(first: 5) { nodes { id state } } } }"
    (invoice,) = (await ask(lobby, find, ("invoices:write",), n=f"R-{number}"))["customer"]["invoices"]["nodes"]
    assert invoice["state"] == "OPEN"
    pay = """mutation ($id: ID!) { recordPayment(input: {invoiceId: $id, paidAt: "2026-11-20T00:00:00Z",
      paidWith: BANK_TRANSFER}) { invoice { state } userErrors { code } } }"""
    assert (await ask(lobby, pay, ("invoices:write",), id=invoice["id"]))["recordPayment"] == {
        "invoice": {"state": "PAID"}, "userErrors": []
    }  # fmt: skip
    async with store.write() as connection:
        hosting = select(services).where(services.c.kind == "WEB_HOSTING").order_by(services.c.id.desc()).limit(1)
        ended = (await connection.execute(hosting)).one()
    context = import_context(store, lobby.means, ended.customer_id, lobby.now)
    assert (await terminate_service(context, {"serviceId": ended.id})).problems == ()

    # Two days later: the old panel has five customers more, one has moved, one has paid, and the rest is as it was.
    lobby.wait(2 * 86_400)
    people = [dumped(each) for each in range(size + 5)]
    people[number + 3]["invoices"][0] |= {"paid_at": "2026-11-24", "paid_with": "PAYPAL"}
    people[1] |= {"street": "Neue Gasse 1"}
    people[number]["phone"] = "+41 21 000 00 01"
    path.write_text("".join(json.dumps(each) + "\n" for each in people), encoding="utf-8")
    grown = await in_step(lobby, path, hold_mail=True)
    assert done(grown) == (5, 2, size - 3)
    # What the customer did here stays, and is told by row and field.
    assert [(each.row, each.field, each.fault) for each in grown.problems] == [
        (number + 1, "phone", FieldFault.CHANGED_HERE)
    ]
    assert await counts(store) == [size + 5] * len(TABLES), "nothing lost, nothing doubled"
    assert done(await in_step(lobby, path)) == (0, 0, size + 4)
    async with store.write() as connection:
        paid = {
            row.number: row for row in await connection.execute(select(invoices).where(invoices.c.status == "PAID"))
        }
        status = await connection.scalar(select(services.c.status).where(services.c.id == ended.id))
    assert status == "TERMINATED", "a service that staff ended does not begin again"
    assert len(paid) == size + 5 - len(list(owed(size + 5))) + 2
    assert instant(paid[f"R-{number}"].paid_at).isoformat() == "2026-11-20T00:00:00+00:00"
    assert paid[f"R-{number + 3}"].paid_with == "PAYPAL"

"""Incremental files keep the store in step with another system, without overwriting what was done here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from policy.events import Event
from resolvers.imports import upserting
from resolvers.imports.upserting import UpsertOptions, upsert_customers
from resolvers.inputs.report import FieldFault, ImportReport
from resolvers.signin.verdicts import SignedIn
from store.database.store import Store
from store.tables.changes import customer_changes
from store.tables.customers import customers
from store.tables.imports import import_rows, imports
from store.tables.invoices import invoices
from store.tables.outbox import outbox
from store.tables.services import services
from tests.promises.gate import own
from tests.resolvers.opening import count, opened
from tests.signin.lobby import Lobby
from tests.signin.people import CHEAP
from workers.outbox.register import Webhooks

pytestmark = pytest.mark.anyio

ALL = (customers, services, invoices)


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"given_name": "Odile", "family_name": f"Marron {number}", "email": f"odile{number}@example.org",
            "phone": "+41 21 000 00 01", "street": "rue du Lac 3", "postal_code": "1003", "city": "Lausanne",
            "country": "CH", "external_id": f"panel:{number}",
            "services": [{"kind": "DOMAIN", "name": f"odile{number}.example", "started_at": "2020-01-01"},
                         {"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2020-01-01"}],
            "invoices": [{"number": f"U-{number}", "issued_at": "2026-01-01", "currency": "CHF", "total": "5.00"}],
            "client_area_password_hash": CHEAP.hash("altes Wort") if number == 1 else None} | more  # fmt: skip


@pytest.fixture
def lobby(store: Store, monkeypatch: pytest.MonkeyPatch) -> Lobby:
    monkeypatch.setattr(upserting, "BATCH", 3)  # Several batches are quick.
    return Lobby(store)


async def step(lobby: Lobby, folder: Path, people: Sequence[dict[str, Any]], **wishes: Any) -> ImportReport:
    path = folder / "panel.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in people))
    options = UpsertOptions(**wishes)
    lobby.wait(60)
    return await upsert_customers(lobby.store, path, "ndjson", lobby.means, now=lobby.now, options=options)


def numbers(report: ImportReport) -> tuple[int, int, int, int]:
    return report.imported, report.changed, report.same, report.bad_rows


async def of(lobby: Lobby, number: int) -> dict[str, Any]:
    return next(each for each in await opened(lobby.store, customers) if each["external_id"] == f"panel:{number}")


async def test_new_ones_are_added_known_ones_changed_and_the_same_file_again_changes_nothing(
    lobby: Lobby, tmp_path: Path
) -> None:
    store, people = lobby.store, [person(number) for number in range(1, 8)]
    assert numbers(await step(lobby, tmp_path, people, dry_run=True)) == (7, 0, 0, 0)
    assert [await count(store, each) for each in (*ALL, imports)] == [0, 0, 0, 0]
    assert numbers(await step(lobby, tmp_path, people)) == (7, 0, 0, 0)
    before = [await opened(store, each) for each in ALL]
    assert numbers(await step(lobby, tmp_path, people)) == (0, 0, 7, 0)
    assert [await opened(store, each) for each in ALL] == before
    assert await count(store, customer_changes) == 0 and await count(store, import_rows) == 7

    await Webhooks(store).add("crm", "https://crm.example/hook", (), lobby.now)
    moved = person(2, city="Genève", postal_code="1204", phone="+41 22 000 00 02", given_name="Odette")
    people = [people[0], moved, *people[2:], person(8)]
    assert numbers(await step(lobby, tmp_path, people)) == (1, 1, 6, 0)
    found = await of(lobby, 2)
    assert found["name"] == ["Odette", "Marron 2"] and found["postal_address"][3] == "Genève"
    assert (found["phone"], found["version"]) == ("+41220000002", 2)
    (change,) = await opened(store, customer_changes)
    assert json.loads(change["fields"]) == ["Customer.givenName", "Customer.phone", "Customer.postalAddress"]
    assert change["client"] == "import"
    async with store.write() as connection:
        assert list((await connection.execute(select(outbox.c.event))).scalars()) == [Event.PROFILE_CHANGED.wire]
    assert numbers(await step(lobby, tmp_path, people)) == (0, 0, 8, 0)
    verified = await step(lobby, tmp_path, people, dry_run=True, theirs=True)
    assert numbers(verified) == (0, 0, 8, 0) and verified.checksums is not None
    assert verified.checksums[0] == verified.checksums[1]
    differing = await step(lobby, tmp_path, [person(2), person(9)], dry_run=True, theirs=True)
    assert numbers(differing) == (1, 1, 0, 0) and differing.checksums is not None
    assert differing.checksums[0] != differing.checksums[1]


async def test_what_was_changed_here_is_a_conflict_and_stays_unless_the_file_is_preferred(
    lobby: Lobby, tmp_path: Path
) -> None:
    await step(lobby, tmp_path, [person(1), person(2)])
    who = own((await of(lobby, 1))["id"], authenticated_at=int(lobby.now.timestamp()))
    change = 'mutation { updateProfile(input: {phone: "+41 21 000 00 09"}) { userErrors { code } } }'
    assert (await lobby.ask(who, change))["data"] == {"updateProfile": {"userErrors": []}}
    # The same phone as ever stands in the file, and a new given name, which nobody changed here.
    report = await step(lobby, tmp_path, [person(1, given_name="Odette"), person(2)])
    assert numbers(report) == (0, 1, 1, 1)
    assert [(each.row, each.field, each.fault) for each in report.problems] == [(1, "phone", FieldFault.CHANGED_HERE)]
    found = await of(lobby, 1)
    assert found["phone"] == "+41210000009" and found["name"][0] == "Odette"
    # The import's own change has not made the customer's forgotten.
    again = await step(lobby, tmp_path, [person(1, given_name="Odette"), person(2)])
    assert [each.field for each in again.problems] == ["phone"]
    assert (await of(lobby, 1))["phone"] == "+41210000009"
    assert numbers(await step(lobby, tmp_path, [person(1, given_name="Odette")], theirs=True)) == (0, 1, 0, 0)
    assert (await of(lobby, 1))["phone"] == "+41210000001"


async def test_another_address_is_taken_with_letters_to_both_and_the_sign_in_follows(
    lobby: Lobby, tmp_path: Path
) -> None:
    await step(lobby, tmp_path, [person(1), person(2)])
    report = await step(lobby, tmp_path, [person(1, email="neu@example.org"), person(2)], hold_mail=True)
    assert numbers(report) == (0, 1, 1, 0)
    assert (await of(lobby, 1))["email"] == "neu@example.org"
    assert isinstance(await lobby.knock("neu@example.org", "altes Wort"), SignedIn)
    held = await Webhooks(lobby.store).messages("held")
    assert len(held) == 2 and {each.held_by for each in held} == {report.run}
    taken = await step(lobby, tmp_path, [person(1, email="odile2@example.org"), person(2)])
    assert [(each.field, each.fault) for each in taken.problems] == [("email", FieldFault.NOT_TAKEN)]
    assert numbers(taken) == (0, 0, 1, 1), "what was refused was not changed"
    async with lobby.store.write() as connection:
        noted = select(func.count()).where(import_rows.c.import_id == taken.run)
        assert await connection.scalar(noted) == 0


async def test_services_and_invoices_follow(lobby: Lobby, tmp_path: Path) -> None:
    first = person(1)
    await step(lobby, tmp_path, [first])
    over = first["services"][1] | {"terminated_at": "2026-02-01", "status": "TERMINATED"}
    more = {"kind": "DOMAIN", "name": "zweite.example", "started_at": "2026-02-01"}
    paid = first["invoices"][0] | {"paid_at": "2026-01-20", "paid_with": "PAYPAL"}
    new = {"number": "U-1b", "issued_at": "2026-02-01", "currency": "EUR", "total": "7.00"}
    grown = first | {"services": [first["services"][0], over, more], "invoices": [paid, new]}
    assert numbers(await step(lobby, tmp_path, [grown])) == (0, 1, 0, 0)
    assert [(each["name"], each["status"]) for each in await opened(lobby.store, services)] == [
        ("odile1.example", "ACTIVE"), ("Pro", "TERMINATED"), ("zweite.example", "ACTIVE"),
    ]  # fmt: skip
    assert [(each["number"], each["status"], each["paid_with"]) for each in await opened(lobby.store, invoices)] == [
        ("U-1", "PAID", "PAYPAL"), ("U-1b", "OPEN", None),
    ]  # fmt: skip
    assert numbers(await step(lobby, tmp_path, [grown])) == (0, 0, 1, 0)
    other = person(2, invoices=grown["invoices"][:1])
    report = await step(lobby, tmp_path, [grown, other])
    assert [(each.field, each.fault) for each in report.problems] == [
        ("invoices[0].number", FieldFault.ALREADY_REGISTERED)
    ]


async def test_rows_without_an_id_or_with_one_twice_are_told(lobby: Lobby, tmp_path: Path) -> None:
    report = await step(lobby, tmp_path, [person(1), person(2, external_id=None), person(1, email="x@example.org")])
    assert numbers(report) == (1, 0, 0, 2)
    assert [(each.row, each.field, each.fault) for each in report.problems] == [
        (2, "external_id", FieldFault.MISSING), (3, "external_id", FieldFault.DUPLICATE_IN_FILE),
    ]  # fmt: skip


async def test_cut_off_in_the_middle_it_goes_on_where_it_stopped(
    lobby: Lobby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, batches = [person(number) for number in range(1, 9)], 0
    original = upserting._Upsert._add

    async def cut(self: Any, rows: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise KeyboardInterrupt
        await original(self, rows)

    with monkeypatch.context() as patched:
        patched.setattr(upserting._Upsert, "_add", cut)
        with pytest.raises(KeyboardInterrupt):
            await step(lobby, tmp_path, people)
    assert await count(lobby.store, customers) == 6, "committed batches stay"
    assert numbers(await step(lobby, tmp_path, people)) == (2, 0, 6, 0)
    assert [await count(lobby.store, each) for each in ALL] == [8, 16, 8]
    async with lobby.store.write() as connection:
        assert await connection.scalar(select(func.count(func.distinct(import_rows.c.customer_id)))) == 8


async def test_comparing_takes_as_many_statements_for_one_row_as_for_many(
    lobby: Lobby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upserting, "BATCH", 100)
    people = [person(number) for number in range(1, 41)]
    await step(lobby, tmp_path, people)
    asked = list[str]()

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        taken = []
        for some in (people[:2], people):
            asked.clear()
            assert (await step(lobby, tmp_path, some, dry_run=True)).same == len(some)
            taken.append(len(asked))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert taken[0] == taken[1] < 20

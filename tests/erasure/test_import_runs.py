"""An import can be looked at before anybody is written to, and undone as if it had never been."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from resolvers.imports.imports import import_customers
from resolvers.imports.runs import ImportRunError, ImportRuns
from resolvers.imports.undoing import KeptReason, undo
from resolvers.inputs.report import ImportReport
from store.database.store import Store
from store.records.holdings import holdings
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.imports import import_rows
from store.tables.outbox import outbox
from tests.erasure.house import MIDNIGHT_OF, House
from tests.erasure.test_warnings import sweep
from tests.promises.gate import own
from tests.resolvers.opening import count
from tests.signin.people import CHEAP
from workers.outbox.register import Webhooks

pytestmark = pytest.mark.anyio


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"given_name": "Odile", "family_name": f"Marron {number}", "email": f"odile{number}@example.org",
            "street": "rue du Lac 3", "postal_code": "1003", "city": "Lausanne", "country": "CH",
            "external_id": f"panel:{number}", "client_area_password_hash": CHEAP.hash(f"altes Wort {number}"),
            "services": [{"kind": "DOMAIN", "name": f"odile{number}.example", "started_at": "2020-01-01"}],
            "invoices": [{"number": f"U-{number}", "issued_at": "2026-01-01", "currency": "CHF", "total": "5.00"}],
            } | more  # fmt: skip


OVER = {"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2020-01-01", "terminated_at": "2025-01-01",
        "status": "TERMINATED"}  # fmt: skip


async def imported(house: House, folder: Path, *people: dict[str, Any], hold: bool = True) -> ImportReport:
    path = folder / "panel.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in people))
    now = house.gate.clock.now
    report = await import_customers(house.store, path, "ndjson", now=now, zone=MIDNIGHT_OF, hold_mail=hold)
    assert report.run is not None and report.imported == len(people), report.problems
    return report


async def by_row(store: Store, run: int) -> list[int]:
    """The customers of a run in the order of the file."""
    query = select(import_rows.c.customer_id).where(import_rows.c.import_id == run).order_by(import_rows.c.row)
    async with store.write() as connection:
        return list((await connection.execute(query)).scalars())


async def days(house: House, number: int) -> None:
    """Day by day, with the rounds of every worker."""
    for _ in range(number):
        house.wait(days=1)
        await house.work()
        await sweep(house)


async def remains(store: Store) -> dict[str, int]:
    return {each.name: found for each in holdings() if (found := await count(store, each.table))}


async def test_letters_wait_for_the_release_and_no_erasure_begins_meanwhile(house: House, tmp_path: Path) -> None:
    """R34: the warning of somebody who has no service any more is caused by the import alone."""
    report = await imported(house, tmp_path, person(1, services=[OVER]), person(2))
    assert report.run is not None
    await days(house, 2)
    runs, book = ImportRuns(house.store), Webhooks(house.store)
    assert [len(each) for each in (house.box.taken, await book.messages("held"))] == [0, 1]
    assert (await book.counts()).held == (await runs.one(report.run)).held == 1
    # Weeks pass: the date of the first letter is over, another one is written, and it waits too.
    await days(house, 75)
    assert house.box.taken == []
    owner = (await by_row(house.store, report.run))[0]
    async with house.store.write() as connection:
        assert await connection.scalar(select(customers.c.id).where(customers.c.id == owner)) == owner
    released = await runs.release(report.run, house.gate.clock.now)
    assert released.letters == 1
    await house.work()
    assert [each.rcpt_tos for each in house.box.taken] == [["odile1@example.org"]]
    with pytest.raises(ImportRunError, match="already"):
        await runs.release(report.run, house.gate.clock.now)
    with pytest.raises(ImportRunError, match="no import 5"):
        await runs.one(5)


async def test_without_holding_a_letter_leaves_at_once(house: House, tmp_path: Path) -> None:
    report = await imported(house, tmp_path, person(1, services=[OVER]), hold=False)
    await days(house, 2)
    assert len(house.box.taken) == 1 and report.run is not None
    with pytest.raises(ImportRunError, match="without --hold-mail"):
        await ImportRuns(house.store).release(report.run, house.gate.clock.now)


async def test_an_undone_import_leaves_nothing_but_its_counts(house: House, tmp_path: Path) -> None:
    before = await remains(house.store)
    report = await imported(house, tmp_path, person(1, services=[OVER]), *map(person, range(2, 6)))
    assert report.run is not None
    ids = await by_row(house.store, report.run)
    await days(house, 2)
    assert await remains(house.store) != before
    undone = await undo(house.store, report.run, house.gate.clock.now)
    assert (undone.removed, undone.kept) == (5, {})
    assert await remains(house.store) == before
    assert await house.store.keys.subjects(ids) == [None] * 5, "copies in backups are unreadable"
    assert await house.store.keys.last_erasure() == 5
    row = await ImportRuns(house.store).one(report.run)
    assert (row.added, row.here, row.held) == (5, 0, 0) and row.undone_at is not None
    # Nothing is left that a start or a round of the worker would take for a restored backup.
    await house.work()
    assert await remains(house.store) == before
    again = await undo(house.store, report.run, house.gate.clock.now)
    assert again.removed == 0
    # And the same file can be imported again: its addresses, domains and numbers are free.
    assert (await imported(house, tmp_path, *map(person, range(1, 6)))).imported == 5


async def test_whoever_was_written_to_signed_in_or_was_changed_stays(house: House, tmp_path: Path) -> None:
    report = await imported(house, tmp_path, person(1, services=[OVER]), *map(person, range(2, 8)))
    assert report.run is not None
    await days(house, 2)
    ids, now = await by_row(house.store, report.run), house.gate.clock.now
    await ImportRuns(house.store).release(report.run, now)
    await house.work()  # 1 is written to.
    who = own(ids[1], authenticated_at=int(now.timestamp()))
    change = 'mutation { updateProfile(input: {phone: "+41 21 000 00 09"}) { userErrors { code } } }'
    assert (await house.gate.ask(change, who)).data == {"updateProfile": {"userErrors": []}}
    house.wait(hours=1)
    asked = "mutation { requestErasure(input: {whenServicesEnd: true}) { userErrors { code } } }"
    who = own(ids[2], authenticated_at=int(house.gate.clock.now.timestamp()))
    assert (await house.gate.ask(asked, who)).data == {"requestErasure": {"userErrors": []}}
    async with house.store.write() as connection:
        await connection.execute(update(outbox).where(outbox.c.customer_id == ids[3]).values(attempts=1))
    undone = await undo(house.store, report.run, house.gate.clock.now)
    found = {row: reason for row, (reason, _) in undone.kept.items()}
    assert found == {1: KeptReason.WRITTEN_TO, 2: KeptReason.CHANGED, 3: KeptReason.ERASING}
    assert undone.removed == 4 and await house.store.keys.subjects(ids[3:]) == [None] * 4
    assert None not in await house.store.keys.subjects(ids[:3])
    async with house.store.write() as connection:
        left = await connection.execute(select(credentials.c.customer_id).where(credentials.c.customer_id.in_(ids)))
    assert {row[0] for row in left} == set(ids[:3])


async def test_an_import_of_long_ago_is_not_undone(house: House, tmp_path: Path) -> None:
    """Letters leave the outbox 30 days after they were sent: then it does not show any more who was written to."""
    report = await imported(house, tmp_path, person(1))
    assert report.run is not None
    with pytest.raises(ImportRunError, match="older"):
        await undo(house.store, report.run, house.gate.clock.now + timedelta(days=40))
    assert (await undo(house.store, report.run, house.gate.clock.now + timedelta(days=20))).removed == 1

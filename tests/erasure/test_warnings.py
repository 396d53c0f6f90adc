"""Nobody is erased without having been warned, and no letter keeps an address for ever (R34, R36, A19, D5, F1, F3)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from messages.dates import day
from policy.dates import automatic_erasure
from resolvers.imports.imports import import_customers
from store.queue.messages import opened
from store.tables.erasures import erasure_letters
from store.tables.outbox import outbox
from tests.erasure.house import MIDNIGHT_OF, REQUEST, House
from workers.certificates.certificates import verified
from workers.erasure.plans import record_warning
from workers.retention.worker import Sweeper

pytestmark = pytest.mark.anyio

L, O = erasure_letters.c, outbox.c  # noqa: E741  (the tables' columns)
LATER, NEVER = "451 4.3.0 Try again later", "550 5.1.1 No such mailbox"


async def letters_of(house: House, case: int, kind: str = "WARNING") -> list[Any]:
    """What is on record of a case's letters, oldest first."""
    async with house.store.write() as connection:
        found = select(erasure_letters).where(L.erasure_id == case, L.kind == kind).order_by(L.written_at)
        return list((await connection.execute(found)).all())


async def sealed(house: House) -> list[bytes]:
    """Every letter's text that can still be opened."""
    async with house.store.write() as connection:
        rows = (await connection.execute(select(O.id, O.customer_id, O.payload).where(O.topic == "email"))).all()
    return [each for each in await opened(house.store.keys, [tuple(row) for row in rows]) if each is not None]


async def sweep(house: House) -> None:
    """A round of retention."""

    async def nothing(_: object) -> int:
        return 0

    await Sweeper(house.store, nothing, house.gate.clock).step()


async def days(house: House, count: int) -> None:
    """Day by day, with the rounds of every worker."""
    for _ in range(count):
        house.wait(days=1)
        await house.work()
        await sweep(house)


async def test_without_a_letter_that_arrives_nobody_is_erased_and_the_operator_knows(house: House) -> None:
    """R34, R36: the mail server is out of order for months. Alarm from the first failure; then a letter by post."""
    house.box.refusal = LATER
    await house.end_services(0)
    await house.work()
    due = (await house.row(0)).due_at
    house.gate.clock.now = due - timedelta(days=60)
    await house.work()
    first = house.gate.clock.now
    await days(house, 1)
    row = await house.row(0)
    assert (row.state, row.not_before, row.trouble) == ("SCHEDULED", None, "NOT_WARNED")
    assert row.alarm_at == first and (await letters_of(house, row.id))[0].failed_at == first
    await days(house, 75)
    row = await house.row(0)
    assert row.state == "SCHEDULED" and row.due_at == due < house.gate.clock.now
    tried = await letters_of(house, row.id)
    assert len(tried) > 5 and {each.outcome for each in tried} <= {"GIVEN_UP", None}
    assert all(each.names > each.written_at + timedelta(days=7) for each in tried)
    async with house.store.write() as connection:
        named = await record_warning(connection, row.id, house.gate.clock.now, house.gate.clock.now, MIDNIGHT_OF)
        assert named is not None and named > house.gate.clock.now + timedelta(days=7)
    await days(house, 6)
    assert (await house.row(0)).state == "SCHEDULED"
    await days(house, 2)
    row = await house.until_done(0)
    assert row.finished_at > due and await record_none(house, row.id)


async def record_none(house: House, case: int) -> bool:
    """Whether nothing can be recorded of a case that is over."""
    now = house.gate.clock.now
    async with house.store.write() as connection:
        return await record_warning(connection, case, now, now, MIDNIGHT_OF) is None


async def test_a_refusal_for_good_counts_and_the_last_letter_leaves_no_address(house: House) -> None:
    """Nobody reads there any more: the erasure keeps its day, and the last letter is wiped when it is refused (D5)."""
    house.box.refusal = NEVER
    await house.end_services(0)
    await house.work()
    due = (await house.row(0)).due_at
    house.gate.clock.now = due - timedelta(days=60)
    await house.work()
    house.gate.clock.now = due - timedelta(hours=20)
    row = await house.until_done(0)
    assert row.finished_at <= due
    assert {each.outcome for each in await letters_of(house, row.id)} == {"REFUSED"}
    await house.deliver()
    (last,) = await letters_of(house, row.id, "LAST")
    assert (last.id, last.outcome) == (row.id, "REFUSED")
    assert not any(house.gate.people[0].email.encode() in each for each in await sealed(house))


@pytest.mark.parametrize("where", ["nowhere", "refusing"])
async def test_the_last_letter_ends_with_the_deadline_whether_there_is_a_mail_server_or_not(
    house: House, where: str
) -> None:
    """A19: no SMTP at all, or one that never takes it: neither keeps the address; the certificate said it waited."""
    house.box.refusal = LATER
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    house.wait(days=4)
    while not await house.worker.step():
        house.wait(minutes=2)
    row = await house.row(0)
    assert row.state == "ERASED"
    facts = verified(row.certificate, [key.verifier for key in await house.keys.all()])
    assert facts["lastLetter"]["state"] == "WAITS"
    email = house.gate.people[0].email.encode()
    if where == "refusing":
        await house.deliver()
    await sweep(house)
    assert any(email in each for each in await sealed(house))
    house.gate.clock.now = row.due_at + timedelta(seconds=1)
    await sweep(house)
    assert not any(email in each for each in await sealed(house))
    (last,) = await letters_of(house, row.id, "LAST")
    assert last.outcome == "GIVEN_UP"
    await house.deliver()
    assert house.box.taken == []


async def test_a_letter_put_aside_by_a_worker_that_died_ends_too(house: House) -> None:
    """F1: the case stands still between the steps; the address rests no longer for that."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    house.wait(days=4)
    await house.work()
    row = await house.row(0)
    async with house.store.write() as connection:
        stuck = {"delivered_at": None, "payload": b"sealed", "next_attempt_at": None}
        await connection.execute(update(outbox).where(O.id == row.id).values(stuck))
    house.gate.clock.now = row.due_at + timedelta(days=1)
    await sweep(house)
    async with house.store.write() as connection:
        assert await connection.scalar(select(O.payload).where(O.id == row.id)) is None


async def test_a_warning_that_comes_too_late_is_never_sent(house: House) -> None:
    """F3: its day is near: it is given up, and another day is named."""
    await house.end_services(0)
    house.wait(days=400)
    house.wait(minutes=2)
    while await house.worker.step():
        pass  # Written, and not delivered.
    (letter,) = await letters_of(house, (await house.row(0)).id)
    house.gate.clock.now = letter.names - timedelta(days=2)
    await house.deliver()
    assert house.box.taken == []
    await sweep(house)
    await house.work()
    first, second = await letters_of(house, (await house.row(0)).id)
    assert first.outcome == "GIVEN_UP" and second.names > first.names and second.outcome == "DELIVERED"
    (taken,) = house.box.letters
    assert f"{second.names:%d}" in taken.get_content()


async def test_a_clock_that_jumps_changes_no_date_and_warns_nobody_twice(house: House) -> None:
    """F3: forwards by a month and back again."""
    await house.end_services(0)
    await house.work()
    due = (await house.row(0)).due_at
    assert due == automatic_erasure(house.gate.clock.now, MIDNIGHT_OF).due or due is not None
    house.gate.clock.now = due - timedelta(days=59)
    await house.work()
    for jump in (30, -30, 20, -45, 25):
        house.wait(days=jump)
        await house.work()
        assert (await house.row(0)).due_at == due
    assert len(await letters_of(house, (await house.row(0)).id)) == 1


async def test_imported_customers_have_the_time_for_both_warnings(house: House, tmp_path: Path) -> None:
    """R34: an import counts those whose six months are over, and erases none of them without two letters."""
    person = {
        "given_name": "Zélie", "family_name": "Quark", "email": "zelie@example.com", "street": "rue du Marché 1",
        "postal_code": "1003", "city": "Lausanne", "country": "CH", "customer_number": "Z-1",
        "customer_since": "2015-01-01",
        "services": [{"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2015-01-01", "status": "TERMINATED",
                      "terminated_at": "2019-01-01"}],
    }  # fmt: skip
    other = person | {"email": "other@example.com", "customer_number": "Z-2", "services": [
        {"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2015-01-01"}]}  # fmt: skip
    path = tmp_path / "people.ndjson"
    path.write_text("\n".join(json.dumps(each) for each in (person, other)), encoding="utf-8")
    now = house.gate.clock.now
    dry = await import_customers(house.store, path, "ndjson", dry_run=True, now=now)
    assert (dry.due_at_once, dry.imported, dry.clean) == (1, 0, True)
    done = await import_customers(house.store, path, "ndjson", now=now)
    assert (done.due_at_once, done.imported) == (1, 2)
    await days(house, 58)
    async with house.store.write() as connection:
        letters = (await connection.execute(select(erasure_letters).order_by(L.written_at))).all()
    assert [each.outcome for each in letters] == ["DELIVERED", "DELIVERED"]
    assert {each.names for each in letters} == {letters[0].names} and letters[0].names - now >= timedelta(days=60)
    said = [each for each in await house.letters() if each["to"] == "zelie@example.com"]
    assert len(said) == 2 and all(day(letters[0].names, "en") in each["text"] for each in said)
    await days(house, 5)
    assert "zelie@example.com" not in [each["to"] for each in (json.loads(x) for x in await sealed(house))]
    ended = [each for each in await house.told() if each == "ERASED"]
    assert ended == ["ERASED"]

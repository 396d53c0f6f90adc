"""A long list of revocations stops nobody: it is read in pages, within a bounded memory, and nothing is missed (O5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from gateway.tokens.tokens import Basis, Claims
from store.database.store import Store
from store.queue import revocation_list as module
from store.queue.revocations import LONGEST, News, announce
from store.tables.oauth import revocations
from tests.gateway.desk import LIFE, START, Desk

pytestmark = pytest.mark.anyio

NOW = datetime.fromtimestamp(START, UTC)
MANY = 30_000


async def fill(store: Store, kind: str, first: int, count: int, until: datetime = NOW + LONGEST) -> None:
    """The list, written as `announce` does, in pieces that its lock would take long for."""
    rows = [{"sequence": n, "kind": kind, "value": str(n), "until": until} for n in range(first, first + count)]
    async with store.write() as connection:
        await connection.execute(insert(revocations), rows)


def about(customer: int, token: str = "none") -> Claims:
    basis = Basis(customer, 1, 2, START, ("pwd",))
    return Claims(token, "billing", customer, frozenset(), START + LIFE, "key", basis)


async def test_o5_a_start_reads_pages_and_asks_for_what_it_does_not_know_by_heart(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 5_000)
    await fill(store, "CUSTOMER", 1, MANY)
    desk, longest, statements = Desk(store), 0, list[str]()
    fetch = store.reader.fetch

    async def measured(prepared: object, values: object) -> object:
        nonlocal longest
        rows = await fetch(prepared, values)  # type: ignore[arg-type]
        longest = max(longest, len(rows))
        statements.append("")
        return rows

    monkeypatch.setattr(store.reader, "fetch", measured)
    await desk.revocations.follow()
    assert longest <= module.PAGE and len(statements) < 12, "what is kept is read, and not the whole list"
    assert len(desk.revocations._ended) == 5_000
    for customer, ended in ((MANY, True), (MANY - 4_999, True), (1, True), (17, True), (MANY + 1, False)):
        assert await desk.revocations.has_ended(about(customer).marks) is ended, customer
    before = len(statements)
    await desk.revocations.follow()
    assert len(statements) == before + 1, "following is one read again"
    async with store.write() as connection:
        await connection.run_sync(announce, [News("TOKEN", "stolen", NOW + LONGEST)])
    await desk.revocations.follow()
    assert await desk.revocations.has_ended(about(MANY + 1, "stolen").marks)
    desk.clock.time += LONGEST.total_seconds() + 1
    assert not await desk.revocations.has_ended(about(1).marks), "what is over is asked for no more"


async def test_o5_what_was_revoked_meanwhile_is_read_in_pages_to_its_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 100)
    desk = Desk(store)
    await fill(store, "CUSTOMER", 1, 1)
    await desk.revocations.follow()
    await fill(store, "CUSTOMER", 2, 999)
    await desk.revocations.follow()
    assert len(desk.revocations._ended) == 1_000
    assert await desk.revocations.has_ended(about(1_000).marks) and not await desk.revocations.has_ended(
        about(1_001).marks
    )


async def test_o5_memory_is_bounded_and_what_left_it_still_counts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    desk = Desk(store)
    await fill(store, "CUSTOMER", 1, 50)
    await desk.revocations.follow()
    await fill(store, "CUSTOMER", 51, 200)
    await desk.revocations.follow()
    assert len(desk.revocations._ended) == 100
    assert await desk.revocations.has_ended(about(1).marks)
    await fill(store, "CUSTOMER", 251, 10, NOW - timedelta(seconds=1))
    await desk.revocations.follow()
    assert not await desk.revocations.has_ended(about(255).marks), "what is over is not even kept"


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_o5_what_is_asked_for_is_found_by_index(store: Store) -> None:
    statement = store.reader.prepare(module._find)
    async with store.write() as connection:
        values = {f"p{n}": value for n, value in enumerate(statement.bind({"values": ["1"], "now": NOW}))}
        sql = statement.sql
        for name in values:
            sql = sql.replace("?", f":{name}", 1)
        plan = str((await connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values)).all())
    assert "ix_revocations_value" in plan and "SCAN revocations" not in plan

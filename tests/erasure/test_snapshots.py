"""D8, D9: as long as a snapshot is open, PostgreSQL keeps what was removed, and no statement says that it is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from store.sql.addresses import Address
from store.sql.errors import OutageCause
from store.sql.horizon import holders, mark
from tests.erasure.house import REQUEST, House
from tests.stores import Databases
from workers.certificates.certificates import is_files_statement, verified, verified_files

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)]


@asynccontextmanager
async def dump(address: Address) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A session that reads everything as it was at its beginning, as pg_dump does."""
    connection = await asyncpg.connect(address.dsn)
    try:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.fetch("SELECT count(*) FROM pg_class")
        yield connection
        await connection.execute("COMMIT")
    finally:
        await connection.close()


async def begun(house: House) -> None:
    """A customer who asked, whose time has come."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    house.wait(days=4)


async def facts(house: House, signed: str) -> dict[str, Any]:
    keys = [key.verifier for key in await house.keys.all()]
    return verified_files(signed, keys) if is_files_statement(signed) else verified(signed, keys)


def steps_of(said: dict[str, Any]) -> set[str]:
    """The steps that a certificate says were seen to be done."""
    return {each["step"] for each in said["steps"]}


async def test_nothing_is_certified_while_a_dump_of_the_key_store_can_still_read_the_key(house: House) -> None:
    """D8, D9: the key is destroyed, and the case waits with a word that says why; the dump over, it goes on."""
    await begun(house)
    me = house.gate.ids[0]
    async with dump(house.store._parts.config.key_store) as reading:
        query = "SELECT wrapped FROM subject_keys WHERE customer_id = $1"
        assert await reading.fetchval(query, me) is not None
        await house.work()
        row = await house.row(0)
        assert (row.state, row.step, row.trouble) == ("ERASING", "ROWS", OutageCause.STILL_SEEN.name)
        assert row.certificate is None and row.files_at is None
        assert await house.store.keys.subjects([me]) == [None]
        assert await reading.fetchval(query, me) is not None, "which no statement of ours may deny"
    row = await house.until_done(0)
    said = await facts(house, row.certificate)
    assert row.trouble is None and row.files_at == row.finished_at and not row.unobserved
    assert "FILES" in steps_of(said) and datetime.fromisoformat(said["filesAt"]) == row.files_at


async def test_at_the_deadline_it_is_certified_as_not_yet_observed_and_a_second_statement_follows(house: House) -> None:
    """D9: who forgot to end a reading delays nobody's erasure, and nothing is signed that did not happen."""
    await begun(house)
    async with dump(house.store._parts.config.database):
        await house.work()
        assert (await house.row(0)).state == "ERASING"
        house.wait(days=25)
        row = await house.until_done(0)
        said = await facts(house, row.certificate)
        assert "FILES" not in steps_of(said) and said["filesAt"] is None and said["inTime"]
        assert "KEY" in steps_of(said) and row.unobserved and row.files_at is None
        for _ in range(2):
            await house.work()
        assert (await house.row(0)).files_statement is None
        places = {each["place"]: each["until"] for each in said["beyondReach"]}
        assert {"WRITE_AHEAD_LOG", "ARCHIVES_AND_DUMPS", "SERVER_LOG", "PG_STAT_STATEMENTS"} <= places.keys()
        assert {"CORE_DUMPS_AND_SWAP", "FREE_SPACE"} <= places.keys()
    house.wait(days=2)
    await house.work()
    row = await house.row(0)
    second = await facts(house, row.files_statement)
    assert (second["type"], second["case"]) == ("ERASURE_FILES", said["case"])
    assert datetime.fromisoformat(second["filesAt"]) == row.files_at > row.finished_at
    assert not row.unobserved
    before = row.files_statement
    await house.work()
    assert (await house.row(0)).files_statement == before, "once"


async def test_every_kind_of_snapshot_is_named(house: House, databases: Databases) -> None:
    """D8: a session, a transaction that was begun and is idle, and none that began later."""
    config, engine = house.store._parts.config, house.store._parts.engine
    point = None
    async with dump(config.database):
        async with house.store.write() as connection:
            await connection.exec_driver_sql("DELETE FROM guesses")
            await connection.exec_driver_sql("SELECT pg_current_xact_id()")
        point = await mark(engine)
        assert point is not None
        (found,) = await holders(engine, point)
        assert found.kind == "SNAPSHOT" and found.name.startswith("client backend ")
        async with dump(config.key_store):
            assert len(await holders(engine, point)) == 1, "who reads another database sees nothing of this one"
    async with dump(config.database):
        assert await holders(engine, point) == [], "who began later sees nothing either"
    other = await asyncpg.connect(config.database.dsn)
    try:
        await other.execute("SELECT pg_create_logical_replication_slot('forgotten', 'pgoutput')")
        for statement in ("BEGIN", "SELECT pg_current_xact_id()", "PREPARE TRANSACTION 'forgotten'"):
            await other.execute(statement)
        async with house.store.write() as connection:
            await connection.exec_driver_sql("SELECT pg_current_xact_id()")
        point = await mark(engine)
        assert point is not None
        kinds = {each.kind: each.name for each in await holders(engine, point)}
        assert kinds.keys() == {"PREPARED", "SLOT"} and kinds["SLOT"] == "forgotten"
    finally:
        await other.execute("ROLLBACK PREPARED 'forgotten'")
        await other.execute("SELECT pg_drop_replication_slot('forgotten')")
        await other.close()
    assert await holders(engine, point) == []

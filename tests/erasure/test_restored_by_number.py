"""(F8) Each store holds the number of the last erasure: a restore is noticed at the start, before the first answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select, text

from store.crypto.erasure_numbers import last_erasure
from store.database.config import StoreConfig
from store.database.schemas import KEYS, MAIN, Schema
from store.database.store import Store, open_store
from store.ledger.sealer import Tree
from store.sql.addresses import Address
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.erasures import erasure_count
from tests.erasure.house import REQUEST, House, opened_house
from tests.ledger.logs import Log
from tests.promises.gate import Gate, own
from workers.erasure.missing import redo_missing

pytestmark = pytest.mark.anyio

SETS = [(MAIN,), (KEYS,), (MAIN, KEYS)]
ME = "{ me { fullName email phone } }"


class Backup:
    """All rows of some sets of tables, put back as a restore puts them back."""

    def __init__(self, config: StoreConfig, schemas: tuple[Schema, ...]) -> None:
        self._config, self._schemas = config, schemas
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def _places(self) -> list[tuple[Schema, Address]]:
        where = {MAIN.name: self._config.database, KEYS.name: self._config.key_store}
        return [(schema, where[schema.name]) for schema in self._schemas]

    async def take(self) -> None:
        """Copy what is there now."""
        for schema, address in self._places():
            async with _on(address) as connection:
                for table in schema.tables.sorted_tables:
                    found = await connection.execute(select(table))
                    self._rows[table.name] = [dict(row) for row in found.mappings()]

    async def put_back(self) -> None:
        """Nothing that came later is left."""
        for schema, address in self._places():
            async with _on(address) as connection:
                free = "PRAGMA defer_foreign_keys=ON" if address.is_sqlite else "SET session_replication_role = replica"
                await connection.execute(text(free))
                for table in reversed(schema.tables.sorted_tables):
                    await connection.execute(table.delete())
                for table in schema.tables.sorted_tables:
                    if self._rows[table.name]:
                        await connection.execute(table.insert(), self._rows[table.name])
                if not address.is_sqlite:
                    await connection.execute(text("SET session_replication_role = DEFAULT"))


@asynccontextmanager
async def _on(address: Address) -> AsyncIterator[Any]:
    engine = make_engine(address)
    try:
        async with transaction(engine) as connection:
            yield connection
    finally:
        await engine.dispose()


async def erased(config: StoreConfig, backup: Backup) -> House:
    """Of two customers one is erased, certified, and in the ledger; the backup is from before."""
    async with opened_house(config, 2) as house:
        await house.end_services(0)
        await house.keys.signing()
    await backup.take()
    async with reopened(config, house) as again:
        await again.ask(REQUEST, 0)
        again.wait(days=5)
        row = await again.until_done(0)
        assert row.certificate and row.number == 1 and not row.redone
        await Log(again.store, again.tree).sealer.extend_all()
        assert await numbers(again.store) == (1, 1)
        house.gate.clock.now = again.gate.clock.now
    return house


async def numbers(store: Store) -> tuple[int, int]:
    """In the key store and in the data."""
    return await store.keys.last_erasure(), await last_erasure(store.reader, erasure_count)


@asynccontextmanager
async def reopened(config: StoreConfig, before: House) -> AsyncIterator[House]:
    """A new process."""
    store, tree = await open_store(config), Tree.at(config.ledger)
    try:
        gate = Gate(store, before.gate.people, before.gate.ids)
        gate.clock.now = before.gate.clock.now
        yield House(gate, tree)
    finally:
        await tree.close()
        await store.close()


@pytest.mark.parametrize("restored", SETS, ids=lambda sets: "+".join(each.name for each in sets))
async def test_what_a_restore_brought_back_is_erased_before_the_first_answer(
    store_config: StoreConfig, restored: tuple[Schema, ...]
) -> None:
    """(F8, D5) No command, no letter, no second certificate."""
    backup = Backup(store_config, restored)
    house = await erased(store_config, backup)
    await backup.put_back()
    async with reopened(store_config, house) as back:
        now = back.gate.clock.now
        letters = await back.told()
        await back.store.begin_with(lambda: redo_missing(back.store, now))
        assert back.store.ledger.withheld is None
        assert await back.store.keys.subjects([back.gate.ids[0]]) == [None]
        shown = await back.gate.ask(ME, own(back.gate.ids[0]))
        assert (house.gate.people[0].email or "").encode() not in shown.raw
        assert await numbers(back.store) == (1, 1)
        await back.work()
        assert set(await back.left(0)) <= {"erasures"}
        rows = await back.rows(0)
        assert [row.state for row in rows][-1] == "ERASED"
        signed = [row for row in rows if row.certificate]
        assert len(signed) == (0 if MAIN in restored else 1), "the certificate from before is the only one"
        assert await back.told() == letters
        others = await back.gate.ask("{ me { email } }", own(back.gate.ids[1]))
        assert others.data["me"]["email"] == house.gate.people[1].email
        assert await redo_missing(back.store, now) == 0


@pytest.mark.parametrize("restored", SETS, ids=lambda sets: "+".join(each.name for each in sets))
async def test_each_of_several_is_counted_and_keeps_its_number(
    store_config: StoreConfig, restored: tuple[Schema, ...]
) -> None:
    """(F8) Whichever store lacks them; a key that is destroyed again is so under the number of its erasure."""
    backup = Backup(store_config, restored)
    async with opened_house(store_config, 3) as house:
        for place in (0, 1):
            await house.end_services(place)
        await house.keys.signing()
    await backup.take()
    async with reopened(store_config, house) as again:
        for place in (0, 1):
            await again.ask(REQUEST, place)
        again.wait(days=5)
        for place in (0, 1):
            await again.until_done(place)
        await Log(again.store, again.tree).sealer.extend_all()
        house.gate.clock.now = again.gate.clock.now
        destroyed = dict(await again.store.keys.erased_since(0, 10))
    assert sorted(destroyed) == [1, 2]
    await backup.put_back()
    async with reopened(store_config, house) as back:
        # Where the data was not restored, only keys had come back, and nobody's rows.
        assert await redo_missing(back.store, back.gate.clock.now) == (2 if MAIN in restored else 0)
        assert dict(await back.store.keys.erased_since(0, 10)) == destroyed
        assert await numbers(back.store) == (2, 2)


async def test_without_a_difference_nothing_is_walked(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await erased(store_config, Backup(store_config, (MAIN, KEYS)))
    async with reopened(store_config, house) as back:

        async def walked(*_: object) -> list[tuple[int, int]]:
            raise AssertionError

        monkeypatch.setattr(back.store.keys, "erased_since", walked)
        assert await redo_missing(back.store, back.gate.clock.now) == 0


async def test_nothing_is_answered_before_it_is_done(store_config: StoreConfig) -> None:
    """(F8) A store that fails in the middle withholds everything until the walk was done."""
    async with opened_house(store_config, 1) as house:
        tries = 0

        async def failing() -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise StoreUnavailableError(OutageCause.SLOW)

        await house.store.begin_with(failing)
        with pytest.raises(StoreUnavailableError):
            await house.store.ledger.append({"version": 1})
        await house.store.check()
        assert tries == 2 and house.store.ledger.withheld is None
        await house.store.check()
        assert tries == 2, "once is enough"

"""What stands in the way of an erasure puts it off, is named, and loses nothing (F2)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from resolvers.erasure.notifying import ErasureTelling
from store.database.config import StoreConfig
from store.ledger.signing_keys import LedgerKeyLostError
from store.merkle.signed_note import NoteSigner
from store.queue.messages import KEY
from store.tables.erasures import erasure_recipients
from tests.erasure.house import REQUEST, SITE, House, opened_house
from workers.erasure.worker import Eraser

pytestmark = pytest.mark.anyio
only_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


async def due(house: House) -> None:
    """Everything is ready to begin."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await house.keys.signing()
    await house.work()
    house.wait(days=5)


@only_sqlite
async def test_a_key_store_that_cannot_be_written_puts_it_off_before_anything_is_removed(
    store_config: StoreConfig,
) -> None:
    async with opened_house(replace(store_config, lock_timeout=0.05), 1) as house:
        await due(house)
        await house.store.keys.system.named(KEY)  # The last message needs it; it is made once.
        before = await house.left(0)
        other = sqlite3.connect(store_config.key_store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await house.worker.step()
        row = await house.row(0)
        assert (row.state, row.step, row.trouble) == ("ERASING", "FAREWELL", "LOCKED")
        assert {**await house.left(0), "outbox": 0} == {**before, "outbox": 0}
        other.execute("ROLLBACK")
        other.close()
        assert (await house.until_done(0)).trouble is None
        assert await house.left(0) == {"erasures": 1}


@only_sqlite
async def test_a_full_disk_in_the_middle_puts_it_off(store_config: StoreConfig) -> None:
    async with opened_house(store_config, 1) as house:
        await due(house)

        async def much(*_: object) -> bytes:
            return bytes(300_000)

        say = ErasureTelling(house.store, SITE)
        say.compose = much  # type: ignore[method-assign]
        worker = Eraser(house.store, house.keys.signers, say, clock=house.gate.clock)
        async with house.store.write() as connection:
            pages = await connection.scalar(text("PRAGMA page_count"))
            await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        await worker.step()
        row = await house.row(0)
        assert (row.state, row.step, row.trouble) == ("ERASING", "RECIPIENTS", "DISK_FULL")
        assert len(await house.left(0)) > 10
        async with house.store.write() as connection:
            await connection.execute(text("PRAGMA max_page_count = 1000000"))
        assert (await house.until_done(0)).state == "ERASED"
        assert await house.left(0) == {"erasures": 1}


async def test_a_lost_key_of_the_ledger_holds_up_the_certificate_only(house: House) -> None:
    """The data goes all the same; what is missing is said."""
    await due(house)

    async def lost() -> Sequence[NoteSigner]:
        raise LedgerKeyLostError

    await Eraser(house.store, lost, ErasureTelling(house.store, SITE), clock=house.gate.clock).step()
    row = await house.row(0)
    assert (row.state, row.step, row.trouble) == ("ERASING", "FILES", "NOTHING_SIGNS")
    assert await house.left(0) == {"erasures": 1}
    assert (await house.until_done(0)).trouble is None


async def test_a_recipient_that_never_answers_holds_nothing_up(house: House) -> None:
    """GDPR Art. 19: they are told; what they say is noted when they say it."""
    await due(house)
    assert (await house.until_done(0)).state == "ERASED"
    async with house.store.write() as connection:
        rows = (await connection.execute(select(erasure_recipients))).all()
    assert rows, "somebody is waited for"
    assert all(row.answered_at is None for row in rows)

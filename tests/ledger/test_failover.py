"""(F8, D13) Two real PostgreSQL servers: a promoted standby that lacks what was told is not served unnoticed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.store import Store, open_store
from store.ledger import failover
from store.ledger.failover import LedgerTailLostError
from store.ledger.resuming import Resumer
from store.sql.errors import OutageCause, StoreUnavailableError
from tests.ledger.logs import entry
from tests.postgres import STANDBY, PostgresServer

pytestmark = pytest.mark.anyio

BY = Resumer("p" * 22, "OP-1", "the primary's disk is lost")


class Pair:
    """A primary with a standby that streams from it, and a third server with the keys."""

    def __init__(self, folder: Path, keys: PostgresServer) -> None:
        self.primary = PostgresServer()
        self.primary.run("CREATE DATABASE main")
        keys.run("DROP DATABASE IF EXISTS failover_keys")
        keys.run("CREATE DATABASE failover_keys")
        self.config = StoreConfig(self.primary.url("main"), keys.url("failover_keys"), folder / "root.key")
        self.standby = PostgresServer(of=self.primary)

    def config_of_standby(self) -> StoreConfig:
        """The address after the failover."""
        return replace(self.config, database_url=self.standby.url("main"))

    def wait_for_standby(self) -> None:
        """Return when the standby has everything of the primary."""
        head = self.primary.run("SELECT pg_current_wal_lsn()")
        deadline = time.monotonic() + 60
        while self.standby.run(f"SELECT pg_last_wal_replay_lsn() >= '{head}'") != "t":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def cut(self) -> None:
        """The standby receives nothing any more."""
        self.standby.run("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.run("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 60
        while self.primary.run("SELECT count(*) FROM pg_stat_replication") != "0":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def fail_over(self) -> None:
        """The primary dies, and the standby is promoted and has the primary's address."""
        self.primary.kill()
        self.standby.promote()


@pytest.fixture
async def pair(tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr(failover, "CONFIRMED_AFTER", 0.5)
    monkeypatch.setattr(failover, "DOUBTED_AFTER", 1.5)
    made = Pair(tmp_path, postgres_server)
    try:
        await upgrade(made.config)
        yield made
    finally:
        made.standby.remove()
        made.primary.remove()


def follow_address(store: Store, pair: Pair) -> None:
    """The address of the store leads to the standby from now on, as after a change in DNS or of a virtual address."""
    to = pair.config_of_standby().ledger
    for each in (store.reader, store.ledger_reader):
        each._address = to  # type: ignore[attr-defined]
    assert store.failover is not None
    store.failover._writer._address = to


async def settled(store: Store, seconds: float = 60) -> StoreUnavailableError | None:
    """What is found out about the server: None if it is served on."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            await store.check()
            return None
        except StoreUnavailableError as outage:
            if outage.cause is OutageCause.LEDGER_BEHIND:
                return outage
            assert time.monotonic() < deadline, outage.detail
        await asyncio.sleep(0.1)


async def test_a_tail_that_was_lost_is_noticed_before_anything_is_answered(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    store, other = await open_store(pair.config), await open_store(pair.config)
    try:
        await store.check()
        await other.check()
        await store.ledger.append(entry(1))
        pair.wait_for_standby()
        pair.cut()
        await store.ledger.append(entry(2))  # Acknowledged, and on one server alone.
        pair.fail_over()
        for each in (store, other):
            follow_address(each, pair)
            with pytest.raises(StoreUnavailableError):
                await each.ledger.append(entry(3))
        found = await settled(store)
        assert isinstance(found, LedgerTailLostError) and found.since <= found.until
        with pytest.raises(StoreUnavailableError) as refused:
            await store.ledger.append(entry(3))
        assert refused.value.cause is OutageCause.LEDGER_BEHIND
        assert "may be missing" in caplog.text
        # The other one was told of nothing that is missing, and learns it from the first.
        assert isinstance(await settled(other), LedgerTailLostError)
        with pytest.raises(LedgerTailLostError):
            await other.heads.advance(None, None)  # type: ignore[arg-type]  # nothing is signed meanwhile

        assert other.failover is not None and store.failover is not None
        lost = await other.failover.resume(other.ledger, BY)
        assert lost == (found.since, found.until)
        assert await settled(store) is None and await settled(other) is None, "each replica goes on by itself"
        await store.ledger.append(entry(4))
        assert await other.failover.resume(other.ledger, BY) is None, "once"
    finally:
        await store.close()
        await other.close()
    said = pair.standby.run(
        "SELECT count(*) FROM ledger_entries WHERE encode(entry, 'escape') LIKE '%LEDGER_GAP%'", "main"
    )
    assert said == "1"


async def test_a_promotion_that_lost_nothing_is_served_on(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    store = await open_store(pair.config)
    try:
        await store.check()
        await store.ledger.append(entry(1))
        pair.wait_for_standby()
        pair.fail_over()
        follow_address(store, pair)
        assert await settled(store) is None
        await store.ledger.append(entry(2))
        assert "nothing that was acknowledged is missing" in caplog.text
    finally:
        await store.close()


async def test_who_was_told_of_nothing_cannot_vouch_for_an_asynchronous_standby(pair: Pair) -> None:
    """A process that starts after the failover."""
    store = await open_store(pair.config)
    await store.check()
    await store.ledger.append(entry(1))
    await store.check()
    await store.close()
    pair.wait_for_standby()
    pair.fail_over()
    store = await open_store(pair.config_of_standby())
    try:
        assert isinstance(await settled(store), LedgerTailLostError)
        assert store.failover is not None and await store.failover.resume(store.ledger, BY) is not None
        assert await settled(store) is None
    finally:
        await store.close()


async def test_a_synchronous_standby_is_served_at_once(pair: Pair) -> None:
    """Whoever was told of an entry was told when the standby had it: also who starts after the failover."""
    pair.primary.run(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
    pair.primary.run("SELECT pg_reload_conf()")
    store = await open_store(pair.config)
    await store.check()
    await store.ledger.append(entry(1))
    await store.check()
    await store.close()
    pair.fail_over()
    store = await open_store(pair.config_of_standby())
    try:
        await store.check()
        await store.ledger.append(entry(2))
    finally:
        await store.close()

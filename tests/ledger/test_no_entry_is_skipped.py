"""Every committed entry becomes a leaf, once, in an order that stays; whoever is killed, and whenever (F1, F4)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from store.database.config import StoreConfig
from store.database.migrate import alembic_config, create_file, upgrade
from store.database.schemas import LEDGER
from store.ledger.batches import BATCH, SUBJECTS, SealerLeaseLostError
from store.ledger.sealer import Lease, SealerState, Tree
from store.merkle.merkle_tree import leaf_hash, root_of
from store.sql.engines import make_engine, transaction
from tests.ledger import crowd
from tests.ledger.logs import Log, WallClock, entry, opened_log
from tests.stores import opened

pytestmark = pytest.mark.anyio

only_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)


async def test_entries_become_leaves_in_the_order_of_their_numbers(log: Log) -> None:
    entries = await log.fill(2 * BATCH + 7)
    assert await log.leaves() == entries
    more = [await log.store.ledger.append(entry(number)) for number in range(5)]
    await log.sealer.seal_all()
    assert await log.leaves() == entries + more
    assert (await log.tree.state()).size == len(entries) + 5
    assert await log.tree.prover.root(5) == root_of([leaf_hash(each) for each in entries[:5]])


async def test_sealing_nothing_writes_nothing(log: Log) -> None:
    await log.fill(3)
    await log.sealer.step()
    before = await log.tree.state()
    for _ in range(3):
        assert not await log.sealer.step()
    assert await log.tree.state() == before


async def test_an_entry_about_many_is_found_by_each(log: Log) -> None:
    """And one transaction never bears more than some of them."""
    names = [f"{number:012d}AAAAAAAAAA" for number in range(SUBJECTS + 50)]
    await log.fill(5, lambda number: entry(number, *names))
    assert len(await log.leaves()) == 5


async def test_whatever_was_committed_is_sealed(log: Log) -> None:
    """Also what no gateway wrote: it cannot stop the others from being proven."""
    strange = [b"", b"null", b"{}", b'{"subjects":7}', b'{"subjects":[1,null,"x"]}', b"\xff{"]
    for content in strange:
        await log.run(insert_entry(log, content))
    entries = await log.fill(1)
    assert await log.leaves() == strange + entries


def insert_entry(log: Log, content: bytes) -> str:
    """A statement that appends what no gateway would."""
    sqlite = log.tree.engine.dialect.name == "sqlite"
    value = f"x'{content.hex()}'" if sqlite else f"'\\x{content.hex()}'::bytea"
    return f"INSERT INTO ledger_entries (entry, at) VALUES ({value}, '2027-01-01T00:00:00Z')"


@only_postgresql
async def test_an_entry_that_is_committed_late_gets_a_later_place(log: Log, store_config: StoreConfig) -> None:
    """Numbers are given out before transactions end, in any order; and some are never used."""
    late = await asyncpg.connect(store_config.ledger.dsn)
    lost = await asyncpg.connect(store_config.ledger.dsn)
    insert = "INSERT INTO ledger_entries (entry, at) VALUES ($1, now())"
    slow, gone = late.transaction(), lost.transaction()
    await slow.start()
    await late.execute(insert, b'{"late":1}')
    await gone.start()
    await lost.execute(insert, b'{"lost":1}')
    early = await log.fill(3)
    assert await log.leaves() == early
    await gone.rollback()
    await slow.commit()
    after = await log.fill(2)
    assert await log.leaves() == [*early, b'{"late":1}', *after]
    await late.close()
    await lost.close()


# Who may seal.


async def test_one_has_the_lease_and_keeps_it_while_it_works(log: Log) -> None:
    first = await log.tree.lease("one", 10)
    assert first == Lease("one", 1, 10_000)
    assert await log.tree.lease("two", 10) is None
    log.clock.pass_by(seconds=6)
    assert await log.tree.lease("one", 10) == first, "renewed"
    log.clock.pass_by(seconds=6)
    assert await log.tree.lease("two", 10) is None
    assert (await log.tree.state()).fence == 1


async def test_a_lease_that_ran_out_is_taken_over_and_the_old_holder_cannot_write(log: Log) -> None:
    old = await log.tree.lease("one", 10)
    assert old is not None
    await log.store.ledger.append(entry(1))
    log.clock.pass_by(seconds=10)
    new = await log.tree.lease("two", 10)
    assert new == Lease("two", 2, 10_000)
    with pytest.raises(SealerLeaseLostError):
        await log.tree.extend(old)
    assert await log.leaves() == []
    assert await log.tree.extend(new) == 1
    assert len(await log.leaves()) == 1


async def test_a_holder_that_stops_lets_the_next_one_begin_at_once(log: Log) -> None:
    await log.fill(1)
    stop = asyncio.Event()
    stop.set()
    await log.sealer.run(stop)
    assert await log.tree.lease("two", 10) is not None


async def test_f3_a_clock_that_was_set_back_stops_nobody(log: Log) -> None:
    log.clock.pass_by(days=400)
    assert await log.tree.lease("one", 10) is not None
    log.clock.pass_by(days=-400)
    assert await log.tree.lease("two", 10) is not None


async def test_a_clock_that_is_behind_takes_no_lease_over(log: Log) -> None:
    """Clocks of replicas are never the same: the sealer that has the lease keeps it."""
    assert await log.tree.lease("one", 10) is not None
    log.clock.pass_by(seconds=-1)
    assert await log.tree.lease("two", 10) is None


async def test_what_was_read_before_another_one_wrote_is_not_written(log: Log) -> None:
    """Even under the right fence: the size must be the one that was read."""
    lease = await log.tree.lease("one", 10)
    assert lease is not None
    for number in range(6):
        await log.store.ledger.append(entry(number))

    class Stale(Tree):
        async def state(self) -> SealerState:
            found = await super().state()
            await log.tree.extend(lease, 2)
            return found

    stale = Stale(log.tree.reader, log.tree.engine)
    with pytest.raises(SealerLeaseLostError):
        await stale.extend(lease)
    while await log.tree.extend(lease):
        pass
    assert len(await log.leaves()) == 6


async def test_f4_sealers_that_ignore_one_another_spoil_nothing(store_config: StoreConfig) -> None:
    """Leases of no time at all: everyone takes over from everyone, all the time."""
    lost = 0

    async def append(log: Log, lane: int) -> list[bytes]:
        return [await log.store.ledger.append(entry(number, lane=lane)) for number in range(100)]

    async def seal(log: Log, name: str, done: asyncio.Event) -> None:
        nonlocal lost
        while not done.is_set():
            lease = await log.tree.lease(name, 0)
            try:
                if lease is not None:
                    await log.tree.extend(lease, 3)
            except SealerLeaseLostError:
                lost += 1
            await asyncio.sleep(0)

    async with opened_log(store_config) as one, opened_log(store_config) as two, opened_log(store_config) as three:
        logs, done = [one, two, three], asyncio.Event()
        sealers = [asyncio.create_task(seal(log, str(number), done)) for number, log in enumerate(logs)]
        lanes = await asyncio.gather(*[append(log, lane) for lane, log in enumerate(logs)])
        done.set()
        await asyncio.gather(*sealers)
        one.clock.pass_by(seconds=1)
        await one.sealer.seal_all()
        leaves = await one.leaves()
        assert sorted(leaves) == sorted(each for lane in lanes for each in lane)
        for lane in lanes:
            places = [leaves.index(each) for each in lane]
            assert places == sorted(places), "what one caller did stays in order"
        assert lost, "they did get in one another's way"
        assert (await one.check()).findings == []


# What the database itself refuses.

FORBIDDEN = [
    "UPDATE ledger_entries SET at = at",
    "DELETE FROM ledger_entries",
    "UPDATE ledger_pending SET sequence = sequence + 1",
    "DELETE FROM ledger_pending",
    "UPDATE ledger_leaves SET sequence = sequence",
    "DELETE FROM ledger_leaves",
    "UPDATE ledger_postings SET first = first + 1",
    "DELETE FROM ledger_postings",
    "UPDATE ledger_tiles SET hashes = substr(hashes, 2)",
    "DELETE FROM ledger_tiles",
    "UPDATE ledger_tree SET size = size - 1",
    "UPDATE ledger_tree SET fence = fence - 1",
    "DELETE FROM ledger_tree",
    "UPDATE ledger_checkpoints SET note = ''",
    "DELETE FROM ledger_checkpoints",
    "UPDATE ledger_keys SET origin = ''",
    "DELETE FROM ledger_keys",
]


async def test_the_ledger_is_append_only(log: Log) -> None:
    await log.fill(3)
    await log.store.ledger.append(entry(4))
    before = await log.export()
    refused = set()
    for statement in FORBIDDEN:
        try:
            await log.run(statement)
        except Exception as error:  # noqa: BLE001  (each driver has its own)
            assert "append-only" in str(error), statement
            refused.add(statement)
    # Of pending names and of the log of postings there may be none at the moment: the background has put them in order.
    passing = {each for each in FORBIDDEN if "ledger_pending" in each or "ledger_postings" in each}
    assert refused | passing == set(FORBIDDEN) and refused & passing
    assert await log.export() == before
    assert len(await log.leaves()) == 3


@only_postgresql
async def test_no_table_is_emptied(log: Log) -> None:
    for table in LEDGER.tables.tables:
        with pytest.raises(Exception, match="append-only"):
            await log.run(f"TRUNCATE {table}")


async def test_f5_the_entries_of_earlier_releases_become_leaves(bare_config: StoreConfig) -> None:
    await upgrade_to("ledger_0001", bare_config)
    tree = Tree.at(bare_config.ledger)
    async with transaction(tree.engine) as connection:
        for number in range(20):
            value = f"x'{number:02x}'" if bare_config.ledger.is_sqlite else f"'\\x{number:02x}'::bytea"
            moment = "'2027-01-01T00:00:00Z'"
            await connection.exec_driver_sql(f"INSERT INTO ledger_entries (entry, at) VALUES ({value}, {moment})")
    await tree.close()
    await upgrade(bare_config)
    async with opened_log(bare_config) as log:
        await log.sealer.seal_all()
        assert await log.leaves() == [bytes([number]) for number in range(20)]


async def upgrade_to(version: str, config: StoreConfig) -> None:
    """As an earlier release left it."""
    if config.ledger.is_sqlite:
        create_file(config.ledger.path)
    engine = make_engine(config.ledger)
    async with transaction(engine) as connection:
        await connection.run_sync(lambda each: command.upgrade(alembic_config(LEDGER, connection=each), version))
    await engine.dispose()


# Killed.


def said(file: Path, word: str) -> list[list[str]]:
    return [line.split()[1:] for line in file.read_text().splitlines() if line.startswith(f"{word} ")]


async def until(file: Path, word: str, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(said(file, word)) < count:
        assert time.monotonic() < deadline, f"{word} was not said {count} times; {file} has what was"
        await asyncio.sleep(0.02)


async def test_f1_killed_under_load_nothing_is_lost_skipped_doubled_or_moved(
    store_config: StoreConfig, tmp_path: Path
) -> None:
    """Several gateways append and several sealers seal, and one after another is killed at any moment."""
    chance, file = random.Random(9162), tmp_path / "said.txt"
    async with opened(store_config):
        pass  # Makes the root key.
    roles = ["append", "append", "seal", "seal", "seal"]
    crew = [(role, crowd.start(role, store_config, file)) for role in roles]
    try:
        await until(file, "ready", len(roles))
        for round_ in range(1, 5):
            await until(file, "signed", 4 * round_)
            await asyncio.sleep(chance.uniform(0, 0.1))
            role, victim = crew.pop(chance.randrange(len(crew)))
            victim.kill()
            victim.wait()
            crew.append((role, crowd.start(role, store_config, file)))
        await until(file, "signed", len(said(file, "signed")) + 3)
    finally:
        for _, process in crew:
            process.kill()
            process.wait()
    async with opened_log(store_config, WallClock()) as log:
        published = said(file, "signed")
        await after_the_dead(log, published, [bytes.fromhex(each) for (each,) in said(file, "entry")])


async def after_the_dead(log: Log, published: Sequence[Sequence[str]], acknowledged: Sequence[bytes]) -> None:
    await log.sealer.seal_all()
    hashes = [leaf_hash(each) for each in await log.leaves()]
    assert len(set(hashes)) == len(hashes)
    assert set(acknowledged) <= set(hashes), "whoever was told that it is recorded finds it"
    assert len(published) > 15
    for size, root in published:
        assert root_of(hashes[: int(size)]).hex() == root, "what was once signed stays true"
    report = await log.check()
    assert (report.findings, report.entries) == ([], len(hashes))

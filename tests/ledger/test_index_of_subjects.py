"""The index of subjects: a log and runs of it, which find the same; moved, pruned and recomputed without a loss."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from random import Random

import orjson
import pytest

from store.accesses.accesses import Accesses
from store.accesses.posting_index import PostingIndex
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.ledger import sealer
from store.ledger.batches import SealerLeaseLostError
from store.ledger.index import IndexCheck, entries_of
from store.ledger.proofs import mark_of
from store.ledger.pruning import Pruner
from store.ledger.sealer import Lease
from store.ledger.tree_tables import ledger_postings, ledger_runs
from store.merkle.merkle_tree import leaf_hash, root_of
from store.merkle.postings import LogRow, cut_run, leaves_in_run, mark, marks, part, postings_in_run, run_of
from store.merkle.tiles import grown
from store.sql.engines import make_engine, transaction
from tests.ledger.logs import NAMES, Log, entry, opened_log
from tests.ledger.test_bound_to_the_tree import blob
from tests.ledger.test_no_entry_is_skipped import upgrade_to

pytestmark = pytest.mark.anyio


def pseudonym() -> str:
    return urlsafe_b64encode(secrets.token_bytes(16))[:22].decode()


def test_marks_of_many_are_those_of_each() -> None:
    names = [pseudonym() for _ in range(500)]
    assert marks(names) == b"".join(map(mark, names))
    assert mark(names[0]) != mark(names[1])
    for odd in ("", "short", "OPERATOR_ACT", "not/of+base64 url!", "é" * 22, "====" * 6):
        assert len(mark(odd)) == 9
        assert marks([names[0], odd, names[1]]) == mark(names[0]) + mark(odd) + mark(names[1])


def test_log_and_run_find_what_a_plain_search_finds() -> None:
    random = Random(7)
    names = [pseudonym() for _ in range(40)]
    entries = [random.sample(names, random.randrange(12)) for _ in range(300)]
    rows = [LogRow.of(1000 + at, entries[at : at + 50]) for at in range(0, 300, 50)]
    parts = run_of(rows)
    for name in [*names, pseudonym()]:
        wanted = [1000 + at for at, named in enumerate(entries) if name in named]
        assert [leaf for row in rows for leaf in row.leaves(mark(name))] == wanted
        assert leaves_in_run(parts[part(mark(name))], mark(name)) == wanted
    everything = sorted((mark(name), 1000 + at) for at, named in enumerate(entries) for name in named)
    assert sorted(each for row in rows for each in row.postings()) == everything
    assert sorted(each for content in parts for each in postings_in_run(content)) == everything
    late = [each for each in everything if each[1] >= 1120]
    assert sorted(each for content in parts for each in postings_in_run(cut_run(content, 1120))) == late
    kept = [each for row in [rows[2].cut(1120), *rows[3:]] for each in row.postings()]
    assert sorted(kept) == late


def test_a_mark_that_only_lies_across_two_others_is_not_found() -> None:
    row = LogRow.of(0, [["AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBB"]])
    across = row.marks[3:12]
    assert row.leaves(across) == []
    assert row.leaves(mark("BBBBBBBBBBBBBBBBBBBBBB")) == [0]


@pytest.fixture
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of a few postings, made of a few rows."""
    monkeypatch.setattr(sealer, "RUN", 20)
    monkeypatch.setattr(sealer, "ROWS", 3)
    monkeypatch.setattr(sealer, "LOOK", 1)


async def filled(log: Log, fills: int = 10) -> list[bytes]:
    entries: list[bytes] = []
    for number in range(fills):
        entries += await log.fill(4, lambda nth, number=number: entry(nth, NAMES[nth], NAMES[4 + number % 3]))
    return entries


async def held(log: Log) -> Lease:
    lease = await log.tree.lease("a sealer", 60)
    assert lease is not None
    return lease


@pytest.mark.usefixtures("small_runs")
async def test_what_moved_into_runs_is_found_in_both_directions(log: Log) -> None:
    await filled(log)
    assert len({row[1] for row in await log.rows(ledger_runs.select())}) > 1, "several runs"
    await log.leaves()
    index, accesses = PostingIndex(log.tree.reader), Accesses(log.tree.reader)
    mine = [leaf for leaf in range(40) if leaf % 4 == 1]
    assert (await index.newest([NAMES[1]], 10**9, 100))[NAMES[1]] == mine[::-1]
    assert (await index.newest([NAMES[1]], 30, 3))[NAMES[1]] == [29, 25, 21]
    assert (await index.newest([NAMES[1]], 30, 100, 10))[NAMES[1]] == [29, 25, 21, 17, 13]
    assert await index.oldest(NAMES[1], -1, 10**9, 100) == mine
    assert await index.oldest(NAMES[1], 10, 30, 3) == [13, 17, 21]
    assert (await index.newest([*NAMES[:4], "nobody"], 12, 2)) == {
        NAMES[0]: [8, 4], NAMES[1]: [9, 5], NAMES[2]: [10, 6], NAMES[3]: [11, 7], "nobody": []
    }  # fmt: skip
    seen, before = [], None
    while page := (await accesses.pages([NAMES[5]], before, 3)).get(NAMES[5]):
        seen += [each.index for each in page]
        before = page[-1].index
    assert seen == [leaf for leaf in range(39, -1, -1) if leaf // 4 % 3 == 1]


@pytest.mark.usefixtures("small_runs")
async def test_runs_are_recomputed_from_the_entries(log: Log) -> None:
    await filled(log)
    lines = (await log.export()).splitlines(keepends=True)
    report = await IndexCheck(log.tree.reader).run(entries_of(lines))
    assert (report.entries, report.rows, report.findings) == (40, 80, [])


@pytest.mark.usefixtures("small_runs")
async def test_pruning_leaves_nothing_of_what_was_pruned(log: Log) -> None:
    """A run across the mark is written anew, so that no pseudonym outlives its entry."""
    await filled(log, 5)
    log.clock.pass_by(days=40)
    await filled(log, 2)
    log.store.ledger._clock = log.clock
    prune = Pruner(log.tree, log.store.ledger, log.sealer.seal_all, clock=log.clock.seconds)

    async def end(_: object) -> int:
        return 17  # Within a row, and within a run.

    prune._end = end  # type: ignore[method-assign]
    await prune.prune(datetime(2050, 1, 1, tzinfo=UTC))
    await log.leaves()
    assert min(leaf for _, leaf in await log.postings()) >= 17
    assert (await PostingIndex(log.tree.reader).newest([NAMES[1]], 10**9, 100))[NAMES[1]] == [25, 21, 17]


@pytest.mark.usefixtures("small_runs")
async def test_a_sealer_that_lost_its_lease_moves_nothing(log: Log) -> None:
    await log.fill(4)
    lease = await held(log)
    for number in range(4):
        await log.store.ledger.append(entry(number))
        await log.tree.extend(lease)
    before = await log.rows(ledger_postings.select())
    outdated = Lease(lease.holder, lease.fence - 1, lease.milliseconds)
    with pytest.raises(SealerLeaseLostError):
        await log.tree.compact(outdated)
    assert await log.rows(ledger_postings.select()) == before
    assert await log.tree.compact(lease)
    await log.leaves()


@pytest.mark.usefixtures("small_runs")
async def test_the_database_keeps_what_no_run_has(log: Log) -> None:
    await filled(log, 3)
    for statement in (
        "DELETE FROM ledger_postings WHERE first = (SELECT max(first) FROM ledger_postings)",
        "DELETE FROM ledger_runs",
        "UPDATE ledger_runs SET postings = substr(postings, 1, 1) WHERE length(postings) > 1",
        "UPDATE ledger_runs SET first = first + 1",
    ):
        if "ledger_postings" in statement and not await log.rows(ledger_postings.select()):
            await log.store.ledger.append(entry(1))
            await log.tree.extend(await held(log))
        with pytest.raises(Exception, match="append-only"):
            await log.run(statement)


async def test_f5_the_index_of_earlier_releases_is_recomputed(bare_config: StoreConfig) -> None:
    """A ledger of the former form goes on: its leaves are found, and its tree is the same."""
    await upgrade_to("ledger_0002", bare_config)
    made = [orjson.dumps(entry(number), option=orjson.OPT_SORT_KEYS) for number in range(30)]
    hashes = [leaf_hash(each) for each in made]
    engine = make_engine(bare_config.ledger)
    async with transaction(engine) as connection:
        insert = connection.exec_driver_sql
        kind = "sqlite" if bare_config.ledger.is_sqlite else "postgresql"
        await insert("INSERT INTO ledger_tree VALUES (1, 30, 0, 1, '', 0)")
        for at, (content, leaf) in enumerate(zip(made, hashes, strict=True)):
            values = f"{at + 1}, {blob(kind, content)}, '2027-01-01T00:00:00Z'"
            whole = "" if kind == "sqlite" else " OVERRIDING SYSTEM VALUE"
            await insert(f"INSERT INTO ledger_entries (sequence, entry, at){whole} VALUES ({values})")
            await insert(f"INSERT INTO ledger_leaves VALUES ({at}, {at + 1}, {mark_of(leaf)})")
            await insert(f"INSERT INTO ledger_subjects VALUES ('{NAMES[at % len(NAMES)]}', {at})")
        for place, tile in grown({}, 0, hashes).items():
            await insert(f"INSERT INTO ledger_tiles VALUES ({place}, {blob(kind, tile)})")
        await insert("DELETE FROM ledger_pending")
    await engine.dispose()
    await upgrade(bare_config)
    async with opened_log(bare_config) as log:
        assert await log.leaves() == made
        assert await log.tree.prover.root(30) == root_of(hashes)
        index = PostingIndex(log.tree.reader)
        assert (await index.newest([NAMES[3]], 10**9, 9))[NAMES[3]] == [23, 13, 3]

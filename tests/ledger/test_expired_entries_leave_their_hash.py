"""Retention: after twelve months an entry's text is gone from the files; its hash stays, and all proofs with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from store.database.config import StoreConfig
from store.ledger.append import LedgerAppender
from store.ledger.export import ExportDisturbedError, LedgerExporter
from store.ledger.pruning import Pruner, expired_before
from store.merkle.merkle_tree import verify_inclusion
from store.sql.errors import StoreUnavailableError
from tests.ledger.logs import START, Log, entry

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ("2027-11-23T10:00", "2026-11-01"),
        ("2027-11-01T00:00", "2026-11-01"),
        ("2027-10-31T23:59", "2026-10-01"),
        ("2028-02-29T12:00", "2027-02-01"),
        ("2027-01-01T00:00", "2026-01-01"),
    ],
)
def test_twelve_months_are_counted_from_the_end_of_the_entrys_month(now: str, before: str) -> None:
    found = expired_before(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(before).replace(tzinfo=UTC)


def test_a_month_ends_where_the_controller_is() -> None:
    zone = timezone(timedelta(hours=2))
    assert expired_before(datetime(2027, 10, 31, 23, 0, tzinfo=UTC), zone) == datetime(2026, 11, 1, tzinfo=zone)


def dated(log: Log) -> LedgerAppender:
    """The ledger, under the clock of the test."""
    return LedgerAppender(log.store.ledger.writer, log.clock)


@pytest.fixture
async def aged(log: Log) -> Log:
    """Ten entries in the ledger's first month, ten in the next; each under a checkpoint."""
    for _ in range(2):
        ledger = dated(log)
        for number in range(10):
            await ledger.append(entry(number))
        await log.sealer.seal_all()
        log.clock.pass_by(days=31)
    return log


def pruner(log: Log) -> Pruner:
    return Pruner(log.tree, dated(log), log.sealer.seal_all, clock=log.clock.seconds)


NEXT_MONTH = datetime(2027, 4, 1, tzinfo=UTC)
ALL = datetime(2050, 1, 1, tzinfo=UTC)


async def test_the_older_ones_go_and_the_tree_verifies(aged: Log) -> None:
    kept = await aged.checkpoints.latest()
    before = await aged.leaves()
    assert kept is not None
    assert await pruner(aged).prune(NEXT_MONTH) == 10
    state = await aged.tree.state()
    assert (state.pruned_to, state.size) == (10, 21), "the pruning is an entry itself"
    assert (await aged.leaves())[:10] == before[10:]
    report = await aged.check(known=kept.note)
    assert (report.findings, report.pruned, report.entries) == ([], 10, 11)
    for index in (0, 9, 10, 20):
        (proof,) = await aged.tree.prover.inclusions([index], 21)
        assert verify_inclusion(index, 21, proof.leaf, proof.path, await aged.tree.prover.root(21))


async def test_pruning_again_does_nothing_and_later_goes_on(aged: Log) -> None:
    assert await pruner(aged).prune(NEXT_MONTH) == 10
    assert await pruner(aged).prune(NEXT_MONTH) == 0
    assert (await aged.tree.state()).size == 21
    assert await pruner(aged).prune(NEXT_MONTH + timedelta(days=31)) == 10
    report = await aged.check()
    assert (report.findings, report.pruned) == ([], 20)


async def test_one_checkpoint_of_what_was_pruned_is_kept(aged: Log) -> None:
    await aged.fill(1)
    await pruner(aged).prune(ALL)
    sizes = [each.size for each in await aged.checkpoints.between(-1, 10**9, 100)]
    assert sizes == [21, 22]
    assert (await aged.check()).findings == []


async def test_nothing_goes_before_its_record_is_signed(aged: Log) -> None:
    """Or a verifier would miss what went, and the ledger could not say why."""

    async def seal_nothing() -> None:
        """A sealer that is down."""

    with pytest.raises(StoreUnavailableError):
        await Pruner(aged.tree, dated(aged), seal_nothing, timeout=0.2).prune(ALL)
    assert (await aged.tree.state()).pruned_to == 0
    assert len(await aged.leaves()) == 20


async def test_killed_between_its_steps_the_next_call_finishes(aged: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    for name in ("_await_signature", "_move", "_delete", "_forget_checkpoints"):
        victim = pruner(aged)
        calls = 0

        async def die(*_: object, name: str = name) -> int:
            nonlocal calls
            calls += 1
            if name == "_delete" and calls == 1:
                return 0
            raise Killed

        monkeypatch.setattr(victim, name, die)
        with pytest.raises(Killed):
            await victim.prune(NEXT_MONTH if name != "_forget_checkpoints" else ALL)
        assert (await aged.check()).findings == [], name
    await pruner(aged).prune(ALL)
    assert (await aged.check()).findings == []
    assert (await aged.tree.state()).pruned_to >= 20


async def test_what_is_marked_to_go_is_exported_no_more(aged: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or an export that meets a pruning under way would have holes."""
    half = pruner(aged)

    async def put_off() -> int:
        return 0

    monkeypatch.setattr(half, "_delete", put_off)
    await half.prune(NEXT_MONTH)
    report = await aged.check()
    assert (report.findings, report.pruned) == ([], 10)


async def test_an_export_that_a_pruning_disturbs_is_given_up(aged: Log) -> None:
    exporter = LedgerExporter(aged.tree.reader)
    pages = exporter.pages(await exporter.head())
    await anext(pages)
    await pruner(aged).prune(NEXT_MONTH)
    with pytest.raises(ExportDisturbedError, match="export it again"):
        await anext(pages)


async def test_an_entry_out_of_time_waits_for_its_elders(aged: Log) -> None:
    """A clock that was wrong for a while makes an entry look older than those before it: only a beginning goes."""
    wrong = LedgerAppender(aged.store.ledger.writer, lambda: START - timedelta(days=4000))
    await wrong.append(entry(1))
    await aged.sealer.seal_all()
    assert await pruner(aged).prune(START - timedelta(days=1)) == 0
    assert await pruner(aged).prune(NEXT_MONTH) == 10


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_d1_the_text_is_gone_from_the_files(aged: Log, store_config: StoreConfig) -> None:
    """The pseudonyms of what was pruned too; hashes say nothing, since every entry has a nonce."""
    gone, stays = f"{'G' * 21}A", f"{'S' * 21}A"
    await dated(aged).append(entry(1, gone))
    await aged.sealer.seal_all()

    def there(text: str) -> bool:
        return any(text.encode() in file.read_bytes() for file in store_config.ledger.path.parent.glob("ledger.db*"))

    assert there(gone)
    assert await pruner(aged).prune(ALL) == 21
    assert not there(gone)
    await aged.fill(1, lambda number: entry(number, stays))
    assert there(stays), "the search does find what is there"

"""Checkpoints: when they are signed, by which keys, and that nothing is signed over a tree that was changed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from store.crypto.key_tables import system_keys
from store.crypto.root_key import RootKeys
from store.crypto.system_keys import SystemKeys
from store.database.config import StoreConfig
from store.ledger.signed_checkpoints import LedgerInconsistentError, Notary
from store.ledger.signing_keys import LedgerKeyLostError, LedgerKeys, LedgerUnnamedError
from store.merkle.merkle_tree import EMPTY, verify_consistency
from store.sql.metadata import ledger_metadata
from tests.ledger.logs import ORIGIN, Log, entry, opened_log
from workers.ledger.worker import Rhythm, Sealer

pytestmark = pytest.mark.anyio


async def append(log: Log, count: int) -> None:
    for number in range(count):
        await log.store.ledger.append(entry(number))


async def sizes(log: Log) -> list[int]:
    return [each.size for each in await log.checkpoints.between(-1, 10**9, 10**6)]


async def test_the_empty_ledger_is_signed_so_that_all_can_be_held_against_it(log: Log) -> None:
    await log.sealer.step()
    signed = await log.checkpoints.latest()
    assert signed is not None
    assert (signed.size, signed.root) == (0, EMPTY)
    assert (await log.check()).findings == []


async def test_a_checkpoint_is_signed_after_so_many_entries_or_so_long(log: Log) -> None:
    sealer = log.another(Rhythm(entries=10, seconds=60))
    await sealer.step()
    await append(log, 1)
    await sealer.step()
    assert await sizes(log) == [0, 1], "the first entry is signed at once"
    await append(log, 9)
    await sealer.step()
    assert await sizes(log) == [0, 1], "neither so many nor so long"
    await append(log, 1)
    await sealer.step()
    assert await sizes(log) == [0, 1, 11]
    await append(log, 1)
    log.clock.pass_by(seconds=59)
    await sealer.step()
    assert await sizes(log) == [0, 1, 11]
    log.clock.pass_by(seconds=1)
    await sealer.step()
    assert await sizes(log) == [0, 1, 11, 12]
    log.clock.pass_by(days=1)
    await sealer.step()
    assert await sizes(log) == [0, 1, 11, 12], "nothing new, nothing to sign"


async def test_f3_a_clock_that_was_set_back_does_not_put_a_checkpoint_off(log: Log) -> None:
    await log.fill(1)
    await append(log, 1)
    log.clock.pass_by(days=-30)
    await log.sealer.step()
    assert await sizes(log) == [1, 2]


async def test_every_checkpoint_is_the_beginning_of_every_later_one(log: Log) -> None:
    for count in (1, 1, 2, 5, 30, 300):
        await log.fill(count)
    signed = await log.checkpoints.between(-1, 10**9, 100)
    assert len(signed) == 6
    for old in signed:
        for new in signed:
            if old.size <= new.size:
                path = await log.tree.prover.consistency(old.size, new.size)
                assert verify_consistency(old.size, new.size, old.root, new.root, path)


async def test_nothing_is_signed_over_hashes_that_were_changed(log: Log, store_kind: str) -> None:
    await log.fill(5)
    if store_kind == "sqlite":
        await log.run("DROP TRIGGER ledger_tiles_UPDATE")
        await log.run("UPDATE ledger_tiles SET hashes = zeroblob(160)")
    else:
        await log.run("ALTER TABLE ledger_tiles DISABLE TRIGGER USER")
        await log.run("UPDATE ledger_tiles SET hashes = decode(repeat('00', 160), 'hex')")
        await log.run("ALTER TABLE ledger_tiles ENABLE TRIGGER USER")
    await append(log, 1)
    with pytest.raises(LedgerInconsistentError, match="at size 5"):
        await log.sealer.seal_all()
    assert await sizes(log) == [5]


async def test_two_that_sign_at_once_sign_the_same(store_config: StoreConfig) -> None:
    async with opened_log(store_config) as one, opened_log(store_config) as two:
        await append(one, 4)
        await one.sealer.step()
        await asyncio.gather(*[log.notary().sign_if_due(4, 1, 0) for log in (one, two) for _ in range(3)])
        assert len(await one.keys.all()) == 1
        assert (await sizes(one))[-1] == 4
        assert (await one.check()).findings == []


# Keys.


async def test_the_private_key_rests_wrapped_in_the_key_store_only(log: Log) -> None:
    await log.fill(1)
    seed = await log.store.keys.system.named("ledger-1")
    wrapped = await log.store.keys._reader.fetch(
        log.store.keys._reader.prepare(select(system_keys.c.wrapped).where(system_keys.c.name == "ledger-1")), {}
    )
    assert len(wrapped) == 1
    assert seed not in bytes(wrapped[0][0])
    assert seed not in repr(await log.keys.signing()).encode()
    for table in ledger_metadata.tables.values():
        rows = await log.rows(select(table))
        assert not any(seed in bytes(value) for row in rows for value in row if isinstance(value, bytes | memoryview))


async def test_old_checkpoints_stay_good_when_the_key_is_replaced(log: Log) -> None:
    """The old key signs one more together with the new one: whoever trusts it learns of the new one by it."""
    await log.fill(3)
    (old,) = await log.trusted()
    kept = await log.checkpoints.latest()
    assert kept is not None
    new = await log.keys.rotate()
    assert new != old
    await log.sealer.step()
    both = await log.checkpoints.latest()
    assert both is not None
    assert both.size == 3
    assert both.note.count("— ") == 2
    await log.fill(3)
    last = await log.checkpoints.latest()
    assert last is not None
    assert last.note.count("— ") == 1
    assert [(key.number, key.retired_at is None) for key in await log.keys.all()] == [(2, True), (1, False)]
    for note in (kept.note, both.note, last.note):
        report = await log.check(known=note)
        assert report.findings == []
        assert report.trusted == (new,)


async def test_a_replacement_that_was_killed_is_finished_by_the_next_sealer(log: Log) -> None:
    await log.fill(3)
    await log.keys.rotate()
    await log.keys.rotate()
    assert len(await log.keys.signing()) == 3
    await log.sealer.step()
    assert [key.number for key, _ in await log.keys.signing()] == [3]
    assert (await log.check()).findings == []


async def test_replicas_that_start_at_once_make_one_key(store_config: StoreConfig) -> None:
    async with opened_log(store_config) as one, opened_log(store_config) as two:
        await asyncio.gather(*[log.keys.signing() for log in (one, two) for _ in range(5)])
        (key,) = await one.keys.all()
        assert [key.verifier for key in await two.keys.all()] == [key.verifier]


async def test_a_root_key_that_is_replaced_changes_no_signature(log: Log, store_config: StoreConfig) -> None:
    await log.fill(1)
    before = await log.trusted()
    await log.store.keys.rotate()
    house = SystemKeys(log.store.keys._reader, log.store.keys._engine, RootKeys(store_config.root_key_path))
    keys = LedgerKeys(log.tree.reader, log.tree.engine, house, None)
    ((_, signer),) = await keys.signing()
    assert [signer.verifier] == before


async def test_a_lost_key_stops_the_signing_and_a_new_one_goes_on(log: Log, store_config: StoreConfig) -> None:
    await log.fill(3)
    async with log.store.keys._engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM system_keys WHERE name = 'ledger-1'")
    house = SystemKeys(log.store.keys._reader, log.store.keys._engine, RootKeys(store_config.root_key_path))
    keys = LedgerKeys(log.tree.reader, log.tree.engine, house, ORIGIN)
    notary = Notary(log.tree.prover, log.checkpoints, keys, log.tree.engine, log.store.heads)
    with pytest.raises(LedgerKeyLostError, match="Restore the key store"):
        await notary.sign_if_due(3, 1, 0)
    await append(log, 2)
    sealer = Sealer(log.tree, notary)
    with pytest.raises(LedgerKeyLostError):
        await sealer.seal_all()
    assert len(await log.leaves()) == 5, "entries become leaves all the same"
    await keys.rotate()
    await sealer.seal_all()
    assert (await log.check()).findings == []
    assert [key.number for key, _ in await keys.signing()] == [2]


async def test_the_ledger_keeps_the_name_it_was_given_first(log: Log) -> None:
    unnamed = LedgerKeys(log.tree.reader, log.tree.engine, log.store.keys.system, None)
    with pytest.raises(LedgerUnnamedError, match="GATEWAY_ISSUER"):
        await unnamed.signing()
    await log.fill(1)
    renamed = LedgerKeys(log.tree.reader, log.tree.engine, log.store.keys.system, "elsewhere.example/ledger")
    assert {key.verifier.name for key, _ in await renamed.signing()} == {ORIGIN}
    assert (await renamed.rotate()).name == ORIGIN


# A sealer's life.


async def test_a_sealer_goes_on_when_what_was_wrong_is_mended(
    log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trouble, stop = [LedgerKeyLostError(), ValueError("something about ada@example.com")], asyncio.Event()
    extend = log.tree.extend

    async def failing(*arguments: object) -> int:
        if trouble:
            raise trouble.pop(0)
        return await extend(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(log.tree, "extend", failing)
    await append(log, 3)
    task = asyncio.create_task(log.sealer.run(stop))
    async with asyncio.timeout(10):
        while (await log.tree.state()).size < 3:  # noqa: ASYNC110  (there is nobody who could tell)
            await asyncio.sleep(0.01)
    stop.set()
    await task
    assert "cannot be sealed: The key store has other keys" in caplog.text
    assert "sealing the ledger failed" in caplog.text


async def test_what_was_recorded_last_is_sealed_on_the_way_out(log: Log) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(log.another(Rhythm(pause=60)).run(stop))
    await asyncio.sleep(0.1)
    await append(log, 3)
    stop.set()
    await task
    assert len(await log.leaves()) == 3


async def test_a_command_waits_for_the_sealer_at_work(store_config: StoreConfig) -> None:
    """It takes the lease from nobody, and has its checkpoint all the same."""
    async with opened_log(store_config) as serving, opened_log(store_config) as command:
        await serving.sealer.step()
        await append(command, 3)
        stop = asyncio.Event()
        task = asyncio.create_task(serving.another(Rhythm(pause=0.05, seconds=1000)).run(stop))
        serving.clock.pass_by(seconds=11)
        command.clock.now = serving.clock.now
        assert await command.sealer.seal_all() == 3
        assert (await sizes(command))[-1] == 3
        stop.set()
        await task

"""(D13, F8) A ledger that was rolled back is noticed: nothing is signed or answered until an operator has acted."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text

from store.database.config import StoreConfig
from store.database.schemas import LEDGER
from store.ledger.heads import LedgerBehindError, SignedHead
from store.ledger.heads_file import HeadFile
from store.ledger.resuming import NotBehindError, ReasonRefusedError, Resumer, Resuming, check_reason, next_origin
from store.ledger.verify import check_export
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from tests.ledger.crowd import start
from tests.ledger.logs import ORIGIN, Log, WallClock, entry, opened_log
from workers.ledger.seals import Seals, rotate_ledger_key
from workers.ledger.worker import Rhythm

pytestmark = pytest.mark.anyio

BY = Resumer("p" * 22, "OP-1", "the disk was lost, restored from the backup of Monday")


def copy_sqlite(source: Path, target: Path) -> None:
    """As SQLite itself copies a database."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


def put_sqlite(source: Path, target: Path) -> None:
    """Over what is there."""
    for each in ("", "-wal", "-shm"):
        Path(f"{target}{each}").unlink(missing_ok=True)
    shutil.copy(source, target)


class Backup:
    """A copy of the ledger's own tables, as a server or a disk has it: put back, everything later is gone."""

    def __init__(self, config: StoreConfig) -> None:
        self._config, self._rows = config, dict[str, list[dict[str, Any]]]()

    async def take(self) -> None:
        """Copy what is there now."""
        if self._config.ledger.is_sqlite:
            async with self._transaction() as connection:
                await connection.exec_driver_sql("SELECT 1")
            copy_sqlite(self._config.ledger.path, self._copy())
            return
        async with self._transaction() as connection:
            for table in LEDGER.tables.sorted_tables:
                self._rows[table.name] = [dict(row) for row in (await connection.execute(select(table))).mappings()]

    async def put_back(self) -> None:
        """As an administrator restores it; nothing may have the ledger open."""
        if self._config.ledger.is_sqlite:
            put_sqlite(self._copy(), self._config.ledger.path)
            return
        async with self._transaction() as connection:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            for table in LEDGER.tables.sorted_tables:
                await connection.execute(table.delete())
                if self._rows[table.name]:
                    await connection.execute(table.insert(), self._rows[table.name])

    def _copy(self) -> Path:
        return self._config.ledger.path.with_suffix(".backup")

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Any]:
        engine = make_engine(self._config.ledger)
        try:
            async with transaction(engine) as connection:
                yield connection
        finally:
            await engine.dispose()


async def rolled_back(config: StoreConfig, before: int = 3, lost: int = 2) -> SignedHead:
    """A ledger of which the last `lost` signed entries are gone; the head that was signed."""
    backup = Backup(config)
    async with opened_log(config) as log:
        await log.fill(before)
    await backup.take()
    async with opened_log(config) as log:
        await log.fill(lost)
        head = await log.store.heads.latest()
    await backup.put_back()
    assert head is not None and head.size >= before + lost
    return head


async def resume(log: Log) -> SignedHead:
    """What the command does."""
    resuming = Resuming(log.store.ledger, log.tree, log.keys, log.store.heads, log.place)
    return await resuming.run(BY, log.sealer.extend_all)


async def test_the_head_is_remembered_in_the_key_store(log: Log) -> None:
    await log.fill(3)
    signed = await log.checkpoints.latest()
    assert signed is not None
    assert await log.store.heads.latest() == SignedHead(ORIGIN, 3, signed.root)


async def test_nothing_is_signed_below_or_beside_what_was_signed(store_config: StoreConfig) -> None:
    """(D13) Neither at a smaller size, nor at the same or a larger one with other entries."""
    head = await rolled_back(store_config)
    async with opened_log(store_config) as log:
        for count in (1, 1, 5):
            for number in range(count):
                await log.store.ledger.append_withheld(entry(100 + number))
            with pytest.raises(LedgerBehindError, match="rolled back"):
                await log.sealer.seal_all()
        latest = await log.checkpoints.latest()
        assert latest is not None and latest.size == 3, "no fork is signed"
        assert await log.store.heads.latest() == head


async def test_nothing_is_recorded_and_so_nothing_revealed_meanwhile(
    store_config: StoreConfig, caplog: pytest.LogCaptureFixture
) -> None:
    """(F8) It is noticed before anything is served, and the log says what happened and what to do."""
    await rolled_back(store_config)
    async with opened_log(store_config) as log:
        for ask in (log.store.check, log.store.ready):
            with pytest.raises(StoreUnavailableError) as refused:
                await ask()
            assert refused.value.cause is OutageCause.LEDGER_BEHIND
        with pytest.raises(StoreUnavailableError, match="rolled back"):
            await log.store.ledger.append(entry(1))
    assert "gateway ledger resume --because" in caplog.text
    assert "size 5 of data.example/ledger was signed before, and it has 3 entries" in caplog.text


async def test_a_ledger_that_is_restored_in_full_goes_on_by_itself(store_config: StoreConfig) -> None:
    backup, newest = Backup(store_config), Backup(store_config)
    async with opened_log(store_config) as log:
        await log.fill(3)
    await backup.take()
    async with opened_log(store_config) as log:
        await log.fill(2)
    if store_config.ledger.is_sqlite:
        newest._copy = lambda: store_config.ledger.path.with_suffix(".newest")  # type: ignore[method-assign]
    await newest.take()
    await backup.put_back()
    async with opened_log(store_config) as log:
        assert log.store.ledger.withheld is not None
    await newest.put_back()
    async with opened_log(store_config) as log:
        assert log.store.ledger.withheld is None
        await log.fill(1)
        assert (await log.check()).findings == []


async def test_an_operator_resumes_and_verifiers_can_follow(store_config: StoreConfig) -> None:
    """(D13) The old key vouches for the new one, in an entry that names the old head, why and by whom."""
    async with opened_log(store_config) as log:
        await log.fill(0)
        old = await log.trusted()
    head = await rolled_back(store_config)
    async with opened_log(store_config) as log:
        kept = await log.checkpoints.latest()
        assert kept is not None
        assert await resume(log) == head
        await log.store.check()
        await log.fill(2)
        export, new = await log.export(), await log.trusted()
        assert new[0].name == next_origin(ORIGIN) == "data.example/ledger/2"
        begun = orjson.loads((await log.leaves())[3])
        assert {name: begun[name] for name in ("event", "origin", "size", "reason", "operator", "staff")} == {
            "event": "LEDGER_RESUMED", "origin": ORIGIN, "size": 5,
            "reason": BY.reason, "operator": BY.operator, "staff": "OP-1",
        }  # fmt: skip
        report = await log.check(export)
        assert report.findings == []
        assert "goes on under another name, because: 'the disk was lost" in report.notes[0]
        assert (await log.check(export, kept.note)).findings == [], "an older checkpoint is still proven"
        told = check_export(BytesIO(export), old)
        assert told.found, "who has only the old key is not told that all is well"
        assert any(f"go on with --key {new[0]}" in note for note in told.notes)
        with pytest.raises(NotBehindError):
            await resume(log)


async def test_what_was_lost_after_the_newest_copy_is_found_by_a_kept_checkpoint(store_config: StoreConfig) -> None:
    backup = Backup(store_config)
    async with opened_log(store_config) as log:
        await log.fill(3)
    await backup.take()
    async with opened_log(store_config) as log:
        await log.fill(2)
        kept = await log.checkpoints.latest()
        assert kept is not None
    await backup.put_back()
    async with opened_log(store_config) as log:
        await resume(log)
        await log.store.check()
        await log.fill(4)
        report = await log.check(known=kept.note)
        assert any("rewritten since" in each for each in report.findings)
        assert any("was rolled back" in each for each in report.notes)


async def test_a_fork_under_another_name_without_an_entry_is_no_resumption(store_config: StoreConfig) -> None:
    async with opened_log(store_config) as log:
        await log.fill(3)
        number, signer = await log.keys.under(next_origin(ORIGIN))
        await log.keys.add(number, signer)
        await log.fill(1)
        assert any("of another ledger" in each for each in (await log.check()).findings)


async def test_a_second_rollback_before_the_resumption_is_noticed(store_config: StoreConfig) -> None:
    backup = Backup(store_config)
    async with opened_log(store_config) as log:
        await log.fill(3)
    await rolled_back(store_config, 0, 2)
    async with opened_log(store_config) as log:
        await backup.take()
        await resume(log)
        await log.store.check()
        await log.fill(3)
    await backup.put_back()
    async with opened_log(store_config) as log:
        assert log.store.ledger.withheld is not None
        assert (await resume(log)).origin == "data.example/ledger/2"


async def test_a_further_place_remembers_when_the_key_store_was_rolled_back_too(
    store_config: StoreConfig, tmp_path: Path
) -> None:
    """(D13) The whole server goes back to an old snapshot; a file elsewhere knows better."""
    place = HeadFile(tmp_path / "heads")
    async with opened_log(store_config) as log:
        log.place = place
        await log.another().seal_all()
        await log.store.ledger.append(entry(1))
        await log.another().seal_all()
        first = await log.store.heads.latest()
    assert await place.latest() == first
    ahead = first and SignedHead(first.origin, 5, bytes(32))
    async with opened_log(store_config) as log:
        log.store._place = _Place(ahead)
        with pytest.raises(LedgerBehindError):
            await log.store.check()
        log.place = _Place(ahead)
        await log.store.ledger.append_withheld(entry(2))
        with pytest.raises(LedgerBehindError):
            await log.another().seal_all()


class _Place:
    def __init__(self, head: SignedHead | None) -> None:
        self.head = head

    async def latest(self) -> SignedHead | None:
        return self.head

    async def remember(self, note: str) -> None:
        raise AssertionError("nothing is signed")


async def test_a_torn_line_of_the_file_counts_for_nothing(tmp_path: Path, log: Log) -> None:
    await log.fill(2)
    signed = await log.checkpoints.latest()
    assert signed is not None
    place = HeadFile(tmp_path / "heads")
    assert await place.latest() is None
    await place.remember(signed.note)
    with place.path.open("ab") as file:
        file.write(b'{"checkpoint":"data.example/led')
    assert await place.latest() == SignedHead(ORIGIN, 2, signed.root)
    await place.remember(signed.note)
    assert await place.latest() == SignedHead(ORIGIN, 2, signed.root)


async def test_a_place_that_cannot_be_told_gets_no_signature_published(log: Log, tmp_path: Path) -> None:
    """(D13) The order: remembered first, published after."""
    log.place = HeadFile(tmp_path / "missing" / "heads")
    await log.store.ledger.append(entry(1))
    with pytest.raises(StoreUnavailableError):
        await log.another().seal_all()
    assert await log.checkpoints.latest() is None
    (tmp_path / "missing").mkdir()
    await log.another().seal_all()
    assert (await log.check()).findings == []


async def test_killed_at_any_moment_nothing_signed_is_ahead_of_what_is_remembered(
    store_config: StoreConfig, tmp_path: Path
) -> None:
    """(D13) kill -9 between remembering, signing and publishing; several sealers race."""
    said = tmp_path / "said"
    async with opened_log(store_config, WallClock()) as log:
        await log.fill(1)
    for _ in range(3):
        processes = [start(role, store_config, said) for role in ("append", "seal", "seal")]
        deadline = time.monotonic() + 60
        seen = said.read_text().count("signed ") if said.exists() else 0
        while said.read_text().count("signed ") < seen + 3 and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        async with opened_log(store_config, WallClock()) as log:
            head, latest = await log.store.heads.latest(), await log.checkpoints.latest()
            assert head is not None and latest is not None and head.size >= latest.size
            assert log.store.ledger.withheld is None, "a kill is no rollback"
            await log.another(Rhythm(entries=1, seconds=0)).seal_all()
            assert (await log.check()).findings == []
    assert said.read_text().count("signed ") >= 9


async def test_a_reason_names_nobody() -> None:
    assert check_reason(" restored \n from the backup of Monday ") == "restored from the backup of Monday"
    for bad in ("", "no", "ada@example.com lost it", "call +49 30 1234567", "x" * 201, "bell \x07 rang"):
        with pytest.raises(ReasonRefusedError):
            check_reason(bad)


async def test_after_a_rotation_the_old_key_leads_to_the_new_one(log: Log) -> None:
    """(D13) The checkpoint that both have signed covers the entry that introduces the new key."""
    await log.fill(2)
    old = await log.trusted()
    new = await rotate_ledger_key(log.store, Seals(log.tree, log.keys, log.sealer), datetime.now(UTC))
    await log.fill(2)
    export = await log.export()
    report = check_export(BytesIO(export), old)
    assert report.found
    assert any("introduces" in note and note.endswith(f"--key {new}") for note in report.notes)
    assert check_export(BytesIO(export), [new]).findings == []


async def test_a_signature_that_was_only_added_introduces_nobody(log: Log) -> None:
    """Anybody can put a signature of their own under a checkpoint."""
    await log.fill(2)
    old = await log.trusted()
    await log.keys.rotate()
    await log.fill(1)
    report = check_export(BytesIO(await log.export()), old)
    assert any("have the operator confirm it" in note for note in report.notes)
    assert not any("go on with --key" in note for note in report.notes)

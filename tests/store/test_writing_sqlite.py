"""The connection that writes an SQLite file holds up nobody, waits its turn, and lets go when it is given up (F2)."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.sql.writing_sqlite import BEGIN, WritingConnection, sqlite_file

pytestmark = pytest.mark.anyio

INSERT = "INSERT INTO numbers VALUES (?)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "numbers.db"
    with sqlite3.connect(made) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE numbers (number INTEGER)")
    connection.close()
    return made


@pytest.fixture
async def writing(path: Path) -> AsyncIterator[WritingConnection]:
    connection = WritingConnection(sqlite_file(path), timeout=5)
    await connection
    yield connection
    await connection.close()


def elsewhere(path: Path) -> sqlite3.Connection:
    """Another process's connection, as far as SQLite can tell."""
    return sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)


async def test_a_statement_runs_in_the_loop_and_a_commit_in_the_thread(writing: WritingConnection) -> None:
    ran: list[str] = []

    def noted(_: object) -> None:
        ran.append(threading.current_thread().name)

    await writing.set_trace_callback(noted)
    cursor = await writing.cursor()
    await writing.begin()
    await cursor.execute(INSERT, (1,))
    assert set(ran) == {threading.main_thread().name}
    ran.clear()
    await writing.commit()
    assert ran and threading.main_thread().name not in ran


async def test_waiting_for_another_writer_holds_up_nobody_and_ends_when_it_commits(
    writing: WritingConnection, path: Path
) -> None:
    other = elsewhere(path)
    other.execute(BEGIN)
    other.execute(INSERT, (1,))
    cursor = await writing.cursor()
    begun = asyncio.create_task(writing.begin())
    for _ in range(20):
        await asyncio.sleep(0.001)  # Never comes back while the loop is held up: `other` would not commit either.
    assert not begun.done()
    other.execute("COMMIT")
    await begun
    await cursor.execute(INSERT, (2,))
    await writing.commit()
    assert other.execute("SELECT number FROM numbers").fetchall() == [(1,), (2,)]
    other.close()


async def test_patience_ends(path: Path) -> None:
    other = elsewhere(path)
    other.execute(BEGIN)
    impatient = WritingConnection(sqlite_file(path), timeout=0.01)
    await impatient
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await impatient.begin()
    other.execute("COMMIT")
    await impatient.begin()  # And nothing was left half begun.
    await impatient.rollback()
    await impatient.close()
    other.close()


async def test_nothing_runs_in_the_loop_while_the_thread_still_works_for_a_cancelled_task(
    writing: WritingConnection,
) -> None:
    """One sqlite3 connection is never used by two threads at once."""
    reached, may_go_on = threading.Event(), threading.Event()

    def numbers() -> object:
        reached.set()
        may_go_on.wait(5)  # If the loop were held up now, nobody would set it.
        yield (1,)

    cursor = await writing.cursor()
    await writing.begin()
    many = asyncio.create_task(cursor.executemany(INSERT, numbers()))  # type: ignore[arg-type]
    await asyncio.to_thread(reached.wait)
    many.cancel()
    await asyncio.gather(many, return_exceptions=True)
    after = asyncio.create_task(cursor.execute("SELECT count(*) FROM numbers"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not after.done()
    may_go_on.set()
    await after
    assert await cursor.fetchone() == (1,)
    await writing.rollback()


async def test_closed_in_the_middle_it_lets_go_of_the_file(path: Path) -> None:
    """Also while a cursor with rows to come is still referred to, as by a task that was cancelled."""
    connection = WritingConnection(sqlite_file(path), timeout=5)
    await connection
    cursor = await connection.cursor()
    await connection.begin()
    await cursor.execute(INSERT, (1,))
    await cursor.execute("SELECT 1 UNION ALL SELECT 2")
    await connection.close()
    other = elsewhere(path)
    other.execute(BEGIN)
    assert other.execute("SELECT number FROM numbers").fetchall() == []
    other.execute("COMMIT")
    other.close()
    assert cursor is not None

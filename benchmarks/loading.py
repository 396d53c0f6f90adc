"""The files of one size, sealed and plain, each made whole beside its place and then moved there."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from benchmarks import clients, outside, plain
from benchmarks.people import Person, person
from benchmarks.sealing import COLUMNS, KEY_COLUMNS, Sealer
from benchmarks.workspace import Files, Workspace, on_sqlite
from gateway.config import settings
from gateway.run.serving import open_services
from gateway.run.stores import store_config
from store.crypto.epochs import Epoch
from store.crypto.root_key import RootKeys
from store.database.migrate import upgrade

CHUNK = 5_000
Tell = Callable[[str], None]

FAST = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "locking_mode = EXCLUSIVE")
"""Nothing is lost with a file that is only moved to its place when it is whole."""


def make_files(work: Workspace, size: int, tell: Tell) -> Files:
    """The files of this size; made now if they are not there, in about 200 microseconds a customer."""
    files = work.files(size)
    if not files.folder.exists():
        tell(f"making the stores of {size:,} customers")
        for old in files.folder.parent.glob(f"{size}-*"):  # of other editions, or not finished
            shutil.rmtree(old)
        making = Files(files.folder.with_name(f"{size}-unfinished"))
        _fill(making, size)
        os.rename(making.folder, files.folder)
    return files


def _fill(files: Files, size: int) -> None:
    sealer = Sealer(*asyncio.run(_found(files)), RootKeys(files.root))
    with _quick(files.data) as data, _quick(files.keys) as keys, _quick(files.plain) as readable:
        readable.executescript(plain.ON_SQLITE)
        for people in _chunks(size):
            sealed = sealer.some(people)
            for table, columns in KEY_COLUMNS.items():
                _insert(keys, table.name, columns, sealed[table])
            _insert_all(data, sealed)
            for name, rows in plain.rows(people).items():
                _insert(readable, name, plain.COLUMNS[name], rows)


async def _found(files: Files) -> tuple[bytes, Epoch]:
    """Make an empty store with its root key, its signing key and its clients; returns the keys of its look-ups."""
    files.folder.mkdir(parents=True, mode=0o700)
    found = settings.read(on_sqlite(files, files.ledger))
    await upgrade(store_config(found))
    async with open_services(found) as works:
        index_key, epoch = works.store.keys.system.index_key, works.store.keys.lookups.epochs.living[-1]
    outside.set_key(files.keys, RootKeys(files.root))
    with closing(sqlite3.connect(files.data, isolation_level=None)) as connection:
        for table, columns, rows in clients.rows():
            _insert(connection, table, columns, rows)
    for path in (files.data, files.keys, files.ledger):
        _settle(path)
    return index_key, epoch


def _chunks(size: int) -> Iterator[list[Person]]:
    numbers = iter(range(1, size + 1))
    while people := [person(number) for number in islice(numbers, CHUNK)]:
        yield people


def _insert_all(connection: sqlite3.Connection, rows: dict[Table, list[tuple[Any, ...]]]) -> None:
    for table, columns in COLUMNS.items():
        _insert(connection, table.name, columns, rows[table])


def _insert(connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
    places = ", ".join("?" * len(columns))
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)  # noqa: S608  (our own names)
    connection.execute("COMMIT")


class _quick:  # noqa: N801  (used like the function it could be)
    """A connection that writes fast and safely enough for a file that is still being made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> sqlite3.Connection:
        for pragma in FAST:
            self._connection.execute(f"PRAGMA {pragma}")
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        _settle(self._path)


def _settle(path: Path) -> None:
    """Back to how the gateway keeps its files, with nothing left in the log."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

"""Where the stores of the story rest: SQLite's files, or a PostgreSQL with three databases of its own.

Each makes full backups, restores them, has itself dumped by a process that does not get on, and shows all its files.
"""

from __future__ import annotations

import asyncio
import fcntl
import select
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg

from tests.ledger.test_rolled_back import copy_sqlite, put_sqlite
from tests.postgres import PostgresServer

STORES = ("data", "keys", "ledger")
PIPE = 4096
"""Bytes that a dump may write before somebody reads them; each database's is far longer."""

SQLITE_DUMP = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
connection.execute("BEGIN")
for line in connection.iterdump():
    print(line)
"""


class Dump:
    """A program that dumps a database, and waits for somebody to read what it writes."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
        assert select.select([self._process.stdout], [], [], 30)[0], "it has begun, and so has its snapshot"

    def finish(self) -> bytes:
        """Let it get on; all that it wrote."""
        written, _ = self._process.communicate(timeout=60)
        assert self._process.returncode == 0
        return written


class Estate(Protocol):
    """The stores."""

    settings: dict[str, str]
    """By which the product finds them."""

    def sample(self) -> bytes:
        """Have the engine take its statistics, as it does by itself; all that they say."""

    def dump(self, store: str) -> Dump:
        """Begin to dump one of them."""

    def back_up(self, folder: Path, stores: Sequence[str] = STORES) -> None:
        """Copy them while they are used."""

    def restore(self, folder: Path, stores: Sequence[str] = STORES) -> None:
        """Put a backup in their place; nobody uses them."""

    def files(self) -> list[Path]:
        """All their files. What certificates name as beyond reach is brought about first: a write-ahead log is used
        up."""


class SqliteEstate:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.settings: dict[str, str] = {}

    def _path(self, store: str) -> Path:
        return self._folder / f"{store}.db"

    def sample(self) -> bytes:
        """ANALYZE, by an administrator."""
        found = b""
        for store in STORES[:2]:
            with closing(sqlite3.connect(self._path(store), timeout=30)) as connection, connection:
                connection.execute("ANALYZE")
                tables = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'").fetchall()
                for (name,) in tables:
                    found += repr(connection.execute(f"SELECT * FROM {name}").fetchall()).encode()
        return found

    def dump(self, store: str) -> Dump:
        """The text of everything, read in one transaction."""
        return Dump([sys.executable, "-c", SQLITE_DUMP, str(self._path(store))])

    def back_up(self, folder: Path, stores: Sequence[str] = STORES) -> None:
        """By SQLite's own means."""
        folder.mkdir(exist_ok=True)
        for store in stores:
            copy_sqlite(self._path(store), folder / f"{store}.db")

    def restore(self, folder: Path, stores: Sequence[str] = STORES) -> None:
        """The files in place of those that are there."""
        for store in stores:
            put_sqlite(folder / f"{store}.db", self._path(store))

    def files(self) -> list[Path]:
        """The folder: databases, their logs, the root key, the heads of the ledger, and what the gateways printed."""
        return [path for path in self._folder.rglob("*") if path.is_file()]


class PostgresEstate:
    """A server of the story's own, so that each of its files is searched; the ledger has a database of its own."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder, self._server = folder, server
        for store in STORES:
            self._run(f'CREATE DATABASE "{store}" TEMPLATE template0')
        names = {"data": "GATEWAY_DATABASE_URL", "keys": "GATEWAY_KEY_STORE_URL", "ledger": "GATEWAY_LEDGER_URL"}
        self.settings = {names[store]: server.url(store) for store in STORES}

    def _run(self, *statements: str, database: str = "postgres") -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self._server.url(database))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [str(self._server.programs / name), *arguments]

    def sample(self) -> bytes:
        """ANALYZE, as autovacuum does."""
        found = b""
        for store in STORES:
            self._run("ANALYZE", database=store)
            command = [self._server.url(store), "-Atc", "SELECT s::text FROM pg_stats s WHERE schemaname = 'public'"]
            found += subprocess.run(self._command("psql", *command), check=True, capture_output=True).stdout
        return found

    def dump(self, store: str) -> Dump:
        """pg_dump, as text."""
        return Dump(self._command("pg_dump", self._server.url(store)))

    def back_up(self, folder: Path, stores: Sequence[str] = STORES) -> None:
        """pg_dump of each."""
        folder.mkdir(exist_ok=True)
        for store in stores:
            target = str(folder / f"{store}.dump")
            subprocess.run(self._command("pg_dump", "-Fc", "-f", target, self._server.url(store)), check=True)

    def restore(self, folder: Path, stores: Sequence[str] = STORES) -> None:
        """Into new databases of the same names."""
        for store in stores:
            self._run(f'DROP DATABASE "{store}" WITH (FORCE)', f'CREATE DATABASE "{store}" TEMPLATE template0')
            source = str(folder / f"{store}.dump")
            subprocess.run(self._command("pg_restore", "-d", self._server.url(store), source), check=True)

    def files(self) -> list[Path]:
        """The whole data folder, catalogues, statistics, free space and log included, and that of the gateways."""
        self._run("CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT")
        data = self._server.folder / "data"
        return [path for folder in (self._folder, data) for path in folder.rglob("*") if path.is_file()]


@contextmanager
def estate(kind: str, folder: Path) -> Iterator[Estate]:
    """For the length of the block."""
    folder.mkdir()
    if kind == "sqlite":
        yield SqliteEstate(folder)
        return
    server = PostgresServer()
    try:
        made = PostgresEstate(folder, server)
        made._run("ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()")  # Removed, and not renamed.
        yield made
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)

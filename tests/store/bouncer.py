"""A real PgBouncer before the tests' PostgreSQL, on a free port, ended by its process number."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tests.gateway.servers import free_port
from tests.programs import program

CONFIGURATION = """
[databases]
* = host={socket} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = {mode}
max_client_conn = 200
default_pool_size = {size}
{ignored}
logfile = {folder}/pgbouncer.log
unix_socket_dir =
"""

IGNORED = (
    "application_name", "default_transaction_read_only", "extra_float_digits", "idle_in_transaction_session_timeout",
    "default_transaction_isolation", "jit", "lock_timeout", "plan_cache_mode", "statement_timeout",
    "synchronous_commit", "timezone",
)  # fmt: skip
"""Settings given at connect, which PgBouncer would otherwise refuse."""


@contextmanager
def pgbouncer(url: str, folder: Path, mode: str, size: int = 20) -> Iterator[int]:
    """Its port, for the length of the block; `url` is any database of the server behind it, `size` its connections.

    With `pool_mode = transaction` it is as it comes: it refuses settings given at connect.
    """
    port, socket = free_port(), parse_qs(urlsplit(url).query)["host"][0]
    configuration = folder / "pgbouncer.ini"
    ignored = f"ignore_startup_parameters = {', '.join(IGNORED)}" if mode == "session" else ""
    values = {"port": port, "socket": socket, "mode": mode, "folder": folder, "ignored": ignored, "size": size}
    configuration.write_text(CONFIGURATION.format(**values))
    folder.chmod(0o777)  # It refuses to work as root; as the server's own user it may write its log here.
    become = ["-u", Path(socket).owner()] if os.getuid() == 0 else []
    process = subprocess.Popen([program("pgbouncer"), "-q", *become, str(configuration)])
    try:
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def through(url: str, port: int) -> str:
    """The same database by PgBouncer."""
    parts = urlsplit(url)
    return f"postgresql://postgres@127.0.0.1:{port}{parts.path}"


async def answers(url: str, seconds: float = 20) -> None:
    """Returns when a connection can be had; whatever asyncpg raises when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            await (await asyncpg.connect(url)).close()
            return
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)

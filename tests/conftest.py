"""What every test shares: one event loop for the whole run, so that pools and stores may outlive a test."""

import os
import shutil
import tempfile

import pytest

from tests.stores import bare_config, databases, postgres_server, store, store_config, store_kind

__all__ = ["anyio_backend", "bare_config", "databases", "postgres_server", "store", "store_config", "store_kind"]

MEMORY, ROOM = "/dev/shm", 4 << 30
"""Where a commit need not wait for a disk, and how many bytes of it must be free."""

if "TMPDIR" not in os.environ and os.path.isdir(MEMORY) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = tempfile.tempdir = MEMORY


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run on asyncio, as the server does; session scope lets fixtures of any scope be asynchronous."""
    return "asyncio"

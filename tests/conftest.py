"""What every test shares: one event loop for the whole run, so that pools and stores may outlive a test."""

import pytest

from tests.stores import bare_config, databases, postgres_server, store, store_config, store_kind

__all__ = ["anyio_backend", "bare_config", "databases", "postgres_server", "store", "store_config", "store_kind"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run on asyncio, as the server does; session scope lets fixtures of any scope be asynchronous."""
    return "asyncio"

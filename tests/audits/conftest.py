"""The demo's store, filled once for all tests of the audits that look at a whole one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.demo import load
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.store import open_store


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a gateway with the demo in it; tests only read it."""
    folder = tmp_path_factory.mktemp("audited")

    async def fill() -> None:
        config = StoreConfig.local(folder)
        await upgrade(config)
        store = await open_store(config)
        await load(store)
        await store.close()

    asyncio.run(fill())
    return folder

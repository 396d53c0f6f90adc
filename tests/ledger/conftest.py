"""The ledger that each test here gets, on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.database.config import StoreConfig
from tests.ledger.logs import Log, opened_log


@pytest.fixture
async def log(store_config: StoreConfig) -> AsyncIterator[Log]:
    """An empty ledger with its sealer."""
    async with opened_log(store_config) as opened:
        yield opened

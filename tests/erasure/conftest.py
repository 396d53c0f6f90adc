"""The houses in which customers are erased: one that each test has for itself, on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.database.config import StoreConfig
from tests.erasure.house import House, opened_house


@pytest.fixture
async def house(store_config: StoreConfig) -> AsyncIterator[House]:
    """Two customers of the demo whose services run."""
    async with opened_house(store_config) as opened:
        yield opened

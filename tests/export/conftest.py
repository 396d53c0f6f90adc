"""The offices in which exports are made: one that each test has for itself, on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.database.config import StoreConfig
from tests.export.office import Office, opened_office


@pytest.fixture
async def office(store_config: StoreConfig) -> AsyncIterator[Office]:
    """A few customers of the demo."""
    async with opened_office(store_config) as opened:
        yield opened

"""Stores with customers, both real."""

import pytest

from store.database.store import Store
from tests.promises.gate import Gate


@pytest.fixture
async def changing(store: Store) -> Gate:
    """A gateway of the test's own, with a few customers, which it may change."""
    return await Gate.of(store, 3)

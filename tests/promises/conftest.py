"""The gateways that the promises are proven on: SQLite and PostgreSQL, both real."""

from collections.abc import AsyncIterator

import pytest

from store.database.config import StoreConfig
from store.database.store import Store
from tests.export.office import Office, opened_office
from tests.promises.gate import Gate
from tests.signin.lobby import Lobby
from tests.stores import KINDS, Databases, opened

SIZE = 24


@pytest.fixture(scope="session", params=KINDS)
async def gate(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Gate]:
    """A gateway that is only read from, and kept for the whole run."""
    async with databases.fresh(request.param) as config, opened(config) as store:
        yield await Gate.of(store, SIZE)


@pytest.fixture
async def changing(store: Store) -> Gate:
    """A gateway of the test's own, with fewer customers, which it may change."""
    return await Gate.of(store, 6)


@pytest.fixture
async def office(store_config: StoreConfig) -> AsyncIterator[Office]:
    """A few customers of the demo, whose exports are made and fetched."""
    async with opened_office(store_config) as opened_:
        yield opened_


@pytest.fixture
def lobby(store: Store) -> Lobby:
    """A replica at which customers sign in."""
    return Lobby(store)

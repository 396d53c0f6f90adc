"""The gateways that the promises are proven on: SQLite and PostgreSQL, both real."""

from collections.abc import AsyncIterator

import pytest

from store.database.config import StoreConfig
from store.database.store import Store
from tests.export.office import Office, opened_office
from tests.promises.gate import Gate
from tests.signin.lobby import Lobby
from tests.stores import KINDS, Databases, opened
from tests.variants import EXECUTORS

SIZE = 24


def not_compiled(*_: object) -> None:
    """No operation is compiled: all are left to graphql-core."""


@pytest.fixture(scope="session", params=[f"{store}-{executor}" for store in KINDS for executor in EXECUTORS])
async def gate(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Gate]:
    """A gateway that is only read from, and kept for the whole run; it remembers the plans of its one executor."""
    kind, _, _ = request.param.partition("-")
    async with databases.fresh(kind) as config, opened(config) as store:
        yield await Gate.of(store, SIZE)


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What reads are executed by, in whatever is made during the test: a compiled plan, or graphql-core alone."""
    if request.param == "graphql-core":
        monkeypatch.setattr("schema.api.api.compiled_or_none", not_compiled)
    return str(request.param)


@pytest.fixture(autouse=True)
def executor_of_gate(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the gateway that is kept."""
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and str(callspec.params.get("gate")).endswith("-graphql-core"):
        monkeypatch.setattr("schema.api.api.compiled_or_none", not_compiled)


@pytest.fixture
async def changing(store: Store, executor: str) -> Gate:
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

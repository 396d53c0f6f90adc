"""Real stores for the tests: the same test runs on SQLite and on PostgreSQL.

`store` is an opened, empty store and `store_config` where it is; both are made anew for each test. `databases` makes
more of them, for fixtures of a longer life. A test that needs only one kind is parametrised indirectly:
`@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)`.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.schemas import KEYS as KEYS_SCHEMA
from store.database.schemas import LEDGER as LEDGER_SCHEMA
from store.database.schemas import MAIN as MAIN_SCHEMA
from store.database.schemas import Schema
from store.database.store import Store, open_store
from tests.postgres import PostgresServer
from tests.variants import STORES

KINDS = STORES
MAIN, KEYS = "template_main", "template_keys"
PATIENT = {"read_deadline": 30.0, "lock_timeout": 30.0}
"""Seconds: a machine that is busy with other work is no outage. Tests of outages say how long they wait."""


class Databases:
    """Hands out databases that were migrated once and are copied for everyone who asks. Made in a running loop."""

    def __init__(self, folder: Path, server: PostgresServer | None = None) -> None:
        self._folder = folder
        if server is not None:
            self.server = server
        self._number = count(1)
        self._templates: dict[str, StoreConfig] = {}
        self._emptied: list[tuple[str, str]] = []
        self._loop = asyncio.get_running_loop()
        self._kept: dict[str, asyncpg.Connection] = {}
        """Of each database that is emptied: a new session would have to learn all its tables each time."""

    @cached_property
    def server(self) -> PostgresServer:
        """Started when it is first needed: a run on SQLite alone does without."""
        return PostgresServer()

    @asynccontextmanager
    async def fresh(self, kind: str, migrated: bool = True) -> AsyncIterator[StoreConfig]:
        """A set of databases with no rows, and without tables unless `migrated`; removed after the block."""
        if migrated and kind not in self._templates:
            self._templates[kind] = await self._template(kind)
        folder = self._folder / f"{kind}-{next(self._number)}"
        folder.mkdir()
        make = self._sqlite if kind == "sqlite" else self._postgresql
        try:
            async with make(folder, migrated) as config:
                yield config
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @asynccontextmanager
    async def _sqlite(self, folder: Path, migrated: bool) -> AsyncIterator[StoreConfig]:
        config = replace(StoreConfig.local(folder), **PATIENT)
        if migrated:
            template = self._templates["sqlite"]
            for source, target in (
                (template.database, config.database),
                (template.ledger, config.ledger),
                (template.key_store, config.key_store),
            ):
                shutil.copy(source.path, target.path)
        yield config

    @asynccontextmanager
    async def _postgresql(self, folder: Path, migrated: bool) -> AsyncIterator[StoreConfig]:
        # Emptying a database takes a tenth of the time that making one takes.
        main, keys = self._emptied.pop() if migrated and self._emptied else await self._pair(folder.name, migrated)
        try:
            yield self._config(main, keys, folder)
        finally:
            if migrated:
                await self._empty(main, MAIN_SCHEMA, LEDGER_SCHEMA)
                await self._empty(keys, KEYS_SCHEMA)
                self._emptied.append((main, keys))
            else:
                for name in (main, keys):
                    await self.administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _pair(self, name: str, migrated: bool) -> tuple[str, str]:
        main, keys = f"{name}-main", f"{name}-keys"
        await self._create(main, MAIN if migrated else "template0")
        await self._create(keys, KEYS if migrated else "template0")
        return main, keys

    async def _empty(self, database: str, *schemas: Schema) -> None:
        """As it was made: no rows, no sessions, the version of this release, and numbers from 1."""
        await self.administer(f'ALTER DATABASE "{database}" RESET ALL')
        statements = [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "SET default_transaction_read_only = off",
            "SET session_replication_role = replica",  # The ledger's triggers forbid this, as they should.
        ]
        for schema in schemas:
            statements += [f"DELETE FROM {table}" for table in (*schema.tables.tables, schema.version_table)]
            statements.append(f"INSERT INTO {schema.version_table} VALUES ('{schema.versions[-1]}')")
        if LEDGER_SCHEMA in schemas:
            statements.append("ALTER SEQUENCE ledger_entries_sequence_seq RESTART")
        if asyncio.get_running_loop() is not self._loop:
            await self.administer("; ".join(statements), database)
            return
        session = self._kept.get(database)
        if session is None or session.is_closed():
            session = self._kept[database] = await asyncpg.connect(self.server.url(database))
        await session.execute("; ".join(statements))

    async def remove(self) -> None:
        """End the sessions that were kept, and the server."""
        for session in self._kept.values():
            session.terminate()  # Nothing is said to the server, which may have ended the session already.
        if "server" in vars(self):
            self.server.remove()

    async def _template(self, kind: str) -> StoreConfig:
        folder = self._folder / f"{kind}-template"
        if kind == "sqlite":
            config = StoreConfig.local(folder)
        else:
            await self._create(MAIN, "template0")
            await self._create(KEYS, "template0")
            config = self._config(MAIN, KEYS, folder)
        await upgrade(config)
        return config

    def _config(self, main: str, keys: str, folder: Path) -> StoreConfig:
        main_url, keys_url = self.server.url(main), self.server.url(keys)
        return StoreConfig(main_url, keys_url, folder / "root.key", **PATIENT)

    async def _create(self, name: str, template: str) -> None:
        # Copying files takes 8 ms where logging every block takes 66.
        await self.administer(f'CREATE DATABASE "{name}" TEMPLATE {template} STRATEGY FILE_COPY')

    async def administer(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the server's administrator."""
        connection = await asyncpg.connect(self.server.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
async def databases(anyio_backend: str) -> AsyncIterator[Databases]:
    """Makes databases of either kind, for fixtures that want to keep them longer than a test; one server a run."""
    with tempfile.TemporaryDirectory(prefix="gateway-stores-") as folder:
        made = Databases(Path(folder))
        try:
            yield made
        finally:
            await made.remove()


@pytest.fixture
def postgres_server(databases: Databases) -> PostgresServer:
    """The one server of the whole run."""
    return databases.server


@pytest.fixture(params=KINDS)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Which kind of database; every test that uses a store runs once for each."""
    return str(request.param)


@pytest.fixture
async def store_config(databases: Databases, store_kind: str) -> AsyncIterator[StoreConfig]:
    """Migrated, empty databases and no root key yet."""
    async with databases.fresh(store_kind) as config:
        yield config


@pytest.fixture
async def bare_config(databases: Databases, store_kind: str) -> AsyncIterator[StoreConfig]:
    """Databases without any table."""
    async with databases.fresh(store_kind, migrated=False) as config:
        yield config


@pytest.fixture
async def store(store_config: StoreConfig) -> AsyncIterator[Store]:
    """An opened, empty store."""
    opened = await open_store(store_config)
    yield opened
    await opened.close()


@asynccontextmanager
async def opened(config: StoreConfig) -> AsyncIterator[Store]:
    """A store for the length of a block."""
    store = await open_store(config)
    try:
        yield store
    finally:
        await store.close()


def settle(config: StoreConfig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands of this process find the store of a test by their settings, as an operator would."""
    for name, value in (
        ("GATEWAY_DATABASE_URL", config.database_url),
        ("GATEWAY_KEY_STORE_URL", config.key_store_url),
        ("GATEWAY_LEDGER_URL", config.ledger_url),
        ("GATEWAY_ROOT_KEY_PATH", str(config.root_key_path)),
        ("GATEWAY_ISSUER", "https://data.example"),
        ("GATEWAY_DATA_DIR", str(folder)),
    ):
        if value is not None:
            monkeypatch.setenv(name, value)

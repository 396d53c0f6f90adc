"""The stores of one size on PostgreSQL: the very rows of the files, ciphertexts and keys included."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Boolean, MetaData

from benchmarks import plain
from benchmarks.edition import edition
from benchmarks.loading import Tell
from benchmarks.postgres import Postgres
from benchmarks.workspace import Files, on_postgresql
from gateway.config import settings
from gateway.run.stores import store_config
from store.database.migrate import upgrade
from store.sql.metadata import Instant, key_metadata, metadata

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Databases:
    """The names of one size's databases."""

    size: int

    @property
    def gateway(self) -> str:
        """The gateway's customers and its ledger."""
        return f"gateway_{self.size}_{edition()}"

    @property
    def keys(self) -> str:
        """The gateway's keys."""
        return f"keys_{self.size}_{edition()}"

    @property
    def plain(self) -> str:
        """The plain tables; made last, so that where it is the others are whole."""
        return f"plain_{self.size}_{edition()}"


def make_databases(server: Postgres, files: Files, size: int, tell: Tell) -> Databases:
    """The databases of this size, copied from its files if they are not there."""
    names = Databases(size)
    if not asyncio.run(server.databases(names.plain)):
        tell(f"copying the stores of {size:,} customers to PostgreSQL")
        asyncio.run(_copy(server, files, names))
    return names


def gateway_settings(server: Postgres, files: Files, names: Databases) -> dict[str, str]:
    """The gateway's settings for these databases."""
    return on_postgresql(files, server.url(names.gateway), server.url(names.keys))


async def _copy(server: Postgres, files: Files, names: Databases) -> None:
    unfinished = f"unfinished_{names.size}"
    for kind in ("gateway", "keys", "plain"):  # of other editions
        for old in await server.databases(f"{kind}_{names.size}_"):
            await server.run("postgres", f"DROP DATABASE {old}")
    for name in (names.gateway, names.keys, unfinished):
        await server.run("postgres", f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE template0")
    await upgrade(store_config(settings.read(gateway_settings(server, files, names))))
    await server.run(unfinished, plain.ON_POSTGRESQL)
    await _tables(server.url(names.gateway), files.data, _sealed(metadata))
    await _tables(server.url(names.keys), files.keys, _sealed(key_metadata))
    await _tables(server.url(unfinished), files.plain, _plain())
    await server.run("postgres", f"ALTER DATABASE {unfinished} RENAME TO {names.plain}")


Copied = Iterator[tuple[str, Sequence[str], Sequence[Convert | None]]]


LEFT = frozenset({"ledger_heads"})
"""What of the key store is about the ledger, which is not copied: a new one begins."""


def _sealed(tables: MetaData) -> Copied:
    for table in tables.sorted_tables:
        if table.name not in LEFT:
            yield table.name, [column.name for column in table.c], [_convert(column.type) for column in table.c]


def _plain() -> Copied:
    for name, columns in plain.COLUMNS.items():
        yield name, columns, [_of_plain(column) for column in columns]


def _of_plain(column: str) -> Convert | None:
    if column in plain.INSTANTS:
        return datetime.fromisoformat
    return bool if column in plain.FLAGS else None


def _convert(type_: Any) -> Convert | None:
    if isinstance(type_, Instant):
        return datetime.fromisoformat
    return bool if isinstance(type_, Boolean) else None


async def _tables(target: str, source: Path, tables: Copied) -> None:
    connection = await asyncpg.connect(target)
    try:
        # The rows were checked where they come from: no foreign keys and no triggers while they are copied.
        await connection.execute("SET session_replication_role = replica")
        for name, columns, converts in tables:
            rows = _rows(source, name, columns, converts)
            await connection.copy_records_to_table(name, records=rows, columns=columns, timeout=600)
        await connection.execute("VACUUM (ANALYZE)", timeout=600)
        await connection.execute("CHECKPOINT", timeout=600)
    finally:
        await connection.close()


def _rows(
    source: Path, table: str, columns: Sequence[str], converts: Sequence[Convert | None]
) -> Iterator[tuple[Any, ...]]:
    with closing(sqlite3.connect(source)) as connection:
        for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}"):  # noqa: S608  (our own names)
            yield tuple(
                value if convert is None or value is None else convert(value)
                for value, convert in zip(row, converts, strict=True)
            )

"""D1: no personal value rests unsealed in any file of a store; what is deleted is gone from the files, too."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from store.crypto import key_store as keystore
from store.crypto.key_tables import subject_keys
from store.crypto.subject_key import SubjectKey
from store.database.config import StoreConfig
from store.database.store import Store
from store.sql.engines import make_engine, transaction
from store.sql.ids import new_id
from store.sql.metadata import Instant, metadata
from store.tables.customers import customers
from store.tables.outbox import outbox
from tests.store.people import MOMENT
from tests.stores import Databases

pytestmark = pytest.mark.anyio

MARK = "Quarkenbusch"
"""Part of every value that is sealed here."""

CONTROL = "xx-control-in-plain"
"""A text that rests unsealed: if it is not found, the search is broken."""

DATA_KEY = b"the bytes of one data key itself"


def canary(column: Column[Any], part: str = "") -> str:
    return f"{MARK} {column} {part}"


class Filler:
    """Makes a row for any table, whatever its columns."""

    def __init__(self, key: SubjectKey) -> None:
        self._key = key
        self._made: dict[Column[Any], Any] = {}
        self._number = 0

    def row(self, table: Any) -> dict[str, Any]:
        id_ = self._key.customer_id if table.name == "customers" else new_id()
        row = {column.name: self._value(column, id_) for column in table.columns}
        self._made.update((column, row[column.name]) for column in table.columns)
        return row

    def _value(self, column: Column[Any], id_: int) -> Any:
        if column.name == "customer_id":
            return self._key.customer_id
        if column.foreign_keys:
            return self._made[next(iter(column.foreign_keys)).column]
        if sealing := column.info.get("sealing"):
            value = {part: canary(column, part) for part in sealing.parts} or canary(column)
            return self._key.seal(column, id_, sealing.encode(value))
        if column.name == "id" and not isinstance(column.type, String):
            return 1 if type(column.type) is Integer else id_  # 1: of a table that has one row.
        return self._plain(column)

    def _plain(self, column: Column[Any]) -> Any:
        self._number += 1
        match column.type:
            case Instant():
                return MOMENT
            case Boolean():
                return True
            case LargeBinary():
                return self._number.to_bytes(16, "big")
            case Integer():
                return self._number
        if column.primary_key:
            return f"{self._number}-{CONTROL}"[: column.type.length]
        return column.info.get("choices", [CONTROL])[0][: column.type.length]


async def fill(store: Store, monkeypatch: pytest.MonkeyPatch) -> int:
    """A row in every table of customers, every sealed column of it full, and an entry in the ledger; the customer."""
    monkeypatch.setattr(keystore.secrets, "token_bytes", lambda length: DATA_KEY)
    (key,) = await store.keys.create([new_id()])
    monkeypatch.undo()
    filler = Filler(key)
    for table in metadata.sorted_tables:
        async with store.write() as connection:
            await connection.execute(insert(table).values(filler.row(table)))
    await store.ledger.append({"subjects": [key.pseudonym], "fields": ["Customer.email"], "control": CONTROL})
    return key.customer_id


def files(config: StoreConfig, databases: Databases) -> Iterator[Path]:
    """Every file that a store wrote: databases, their logs and shared memory, or all of the server's folder."""
    folder = config.database.path.parent if config.database.is_sqlite else databases.server.folder
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != config.root_key_path:
            yield path


def forms(text: str | bytes) -> set[bytes]:
    """The ways in which a value might be written without being sealed."""
    plain = text.encode() if isinstance(text, str) else text
    encoded = {
        plain,
        plain.hex().encode(),
        b64encode(plain)[:-4],
        urlsafe_b64encode(plain)[:-4],
        orjson.dumps(str(text)),
    }
    return encoded | {plain.decode().encode("utf-16-le")}


def found(text: str | bytes, config: StoreConfig, databases: Databases) -> list[str]:
    searched = forms(text)
    return [path.name for path in files(config, databases) if any(form in path.read_bytes() for form in searched)]


async def test_no_value_of_any_column_rests_unsealed(
    store: Store, store_config: StoreConfig, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await fill(store, monkeypatch)
    if not store_config.database.is_sqlite:
        await databases.administer("CHECKPOINT")
    assert found(CONTROL, store_config, databases), "the search finds what does rest in plain"
    assert not found(MARK, store_config, databases)
    assert not found(DATA_KEY, store_config, databases)
    await store.close()  # SQLite folds its log into the file.
    assert not found(MARK, store_config, databases)
    assert found(CONTROL, store_config, databases)
    assert id_


async def test_every_sealed_column_was_filled_and_opens(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = await fill(store, monkeypatch)
    (key,) = await store.keys.subjects([id_])
    assert key is not None
    opened = 0
    for table in metadata.tables.values():
        for column in table.columns:
            if sealing := column.info.get("sealing"):
                ((row_id, sealed),) = await store.reader.fetch(store.reader.prepare(select(table.c.id, column)), {})
                plain = sealing.decode(key.open(column, row_id, sealed))
                texts = plain if isinstance(plain, list) else [plain]
                assert all(str(text).startswith(f"{MARK} {column}") for text in texts)
                opened += 1
    assert opened >= 28


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_destroyed_key_is_gone_from_the_files(
    store: Store, store_config: StoreConfig, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await fill(store, monkeypatch)
    reader = store._parts.key_reader
    wrapped_of = reader.prepare(select(subject_keys.c.wrapped).where(subject_keys.c.customer_id == bindparam("id")))
    ((wrapped,),) = await reader.fetch(wrapped_of, {"id": id_})

    def holders() -> list[str]:
        return [path.name for path in files(store_config, databases) if wrapped in path.read_bytes()]

    assert holders(), "it rests there before"
    await store.keys.destroy(id_)
    assert not holders()


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_root_key_replaced_leaves_no_key_wrapped_under_the_old_one(
    store: Store, store_config: StoreConfig, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(store, monkeypatch)
    reader = store._parts.key_reader
    ((wrapped,),) = await reader.fetch(reader.prepare(select(subject_keys.c.wrapped)), {})
    await store.keys.rotate()
    assert not [path for path in files(store_config, databases) if wrapped in path.read_bytes()]


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_what_was_deleted_and_scrubbed_is_gone_from_the_files(
    store: Store, store_config: StoreConfig, databases: Databases
) -> None:
    async with store.write() as connection:
        await connection.execute(insert(outbox).values(id=1, topic=CONTROL, created_at=MOMENT))
    assert found(CONTROL, store_config, databases)
    async with store.write() as connection:
        await connection.execute(delete(outbox))
    await store.scrub(outbox)
    assert not found(CONTROL, store_config, databases)


async def test_a_backup_of_the_data_says_nothing_once_the_key_is_destroyed(
    store: Store, store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D5: the row of the backup is put back; nobody can open it."""
    id_ = await fill(store, monkeypatch)
    await store.keys.destroy(id_)
    rows = await store.reader.fetch(store.reader.prepare(select(customers.c.email)), {})
    assert len(rows) == 1, "as if it had come back from a backup"
    assert await store.keys.subjects([id_]) == [None]


async def test_an_error_of_the_database_shows_no_values(store_config: StoreConfig, store: Store) -> None:
    engine = make_engine(store_config.database)
    message = insert(outbox).values(id=1, topic=MARK, created_at=MOMENT)
    async with transaction(engine) as connection:
        await connection.execute(message)
    with pytest.raises(IntegrityError) as caught:
        async with transaction(engine) as connection:
            await connection.execute(message)
    await engine.dispose()
    assert MARK not in str(caught.value) and MARK not in repr(caught.value)

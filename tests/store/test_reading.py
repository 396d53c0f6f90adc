"""Reading on the raw driver: what is asked for is what is selected, and rows come as they rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from store.crypto.blind_index import Lookup
from store.database.store import Store
from store.sql.metadata import instant
from store.sql.reading import Reader, any_of
from store.tables.customers import customers
from tests.store.people import MOMENT, add_customers

pytestmark = pytest.mark.anyio

C = customers.c


async def fetch(reader: Reader, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await reader.fetch(reader.prepare(statement), values)]


async def test_a_list_is_one_parameter_and_one_statement(store: Store) -> None:
    ids = await add_customers(store, 5)
    seen: list[str] = []
    store.reader.listeners.append(seen.append)
    prepared = store.reader.prepare(select(C.id).where(any_of(C.id, "ids")).order_by(C.id))
    for some in (ids[:1], ids[1:4], [], [*ids, 17]):
        rows = await store.reader.fetch(prepared, {"ids": some})
        assert [row[0] for row in rows] == sorted(id_ for id_ in some if id_ in ids)
    assert set(seen) == {prepared.sql}
    assert prepared.parameters == ("ids",)


async def test_only_the_columns_that_are_asked_for_are_selected(store: Store) -> None:
    prepared = store.reader.prepare(select(C.id, C.email).where(C.id == bindparam("id")))
    assert prepared.columns == ("id", "email")
    assert "phone" not in prepared.sql


async def test_values_rest_as_documented(store: Store, store_kind: str) -> None:
    (id_,) = await add_customers(store, 1)
    ((moment, news, email),) = await fetch(
        store.reader, select(C.created_at, C.product_news, C.email).where(C.id == bindparam("id")), id=id_
    )
    if store_kind == "sqlite":
        assert moment == MOMENT.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert news == 1
    else:
        assert moment == MOMENT
        assert news is True
    assert instant(moment) == MOMENT
    assert instant(moment).tzinfo is UTC
    assert type(email) is bytes
    prepared = store.reader.prepare(select(C.created_at, C.product_news, C.email))
    assert prepared.kinds == ("instant", "bool", "")


async def test_literals_instants_bytes_and_reuse_of_a_name_bind_in_order(store: Store) -> None:
    await add_customers(store, 3)
    held = await store.keys.lookups.find(Lookup.EMAIL, store.keys.blind_index("email", "person1@example.com"))
    statement = select(C.id).where(
        C.created_at <= bindparam("at"),
        C.created_at >= bindparam("at"),
        C.locale.in_(["de-CH", "xx"]),
        C.email_ref == bindparam("ref"),
        C.product_news.is_(True),
        C.id > bindparam("after"),
    )
    rows = await fetch(store.reader, statement.limit(bindparam("first")), at=MOMENT, ref=held.ref, after=0, first=9)
    assert len(rows) == 1
    assert not await fetch(store.reader, statement, at=datetime(2020, 1, 1, tzinfo=UTC), ref=held.ref, after=0)


async def test_a_value_that_is_missing_is_a_mistake_of_ours(store: Store) -> None:
    prepared = store.reader.prepare(select(C.id).where(C.id == bindparam("id"), C.version == bindparam("version")))
    assert prepared.parameters == ("id", "version")
    with pytest.raises(KeyError):
        await store.reader.fetch(prepared, {"id": 1})


@pytest.mark.parametrize("column", [C.email_ref, C.created_at])
async def test_lists_of_bytes_or_instants_are_refused_when_written(column: Any) -> None:
    with pytest.raises(TypeError):
        any_of(column, "values")


async def test_a_list_finds_its_rows_by_the_index(store: Store, store_kind: str) -> None:
    prepared = store.reader.prepare(select(C.id).where(any_of(C.id, "ids")))
    if store_kind == "sqlite":
        asked = replace(prepared, sql="EXPLAIN QUERY PLAN " + prepared.sql, bind=lambda _: ("[1,2]",))
        plan = "\n".join(str(tuple(row)) for row in await store.reader.fetch(asked, {}))
    else:
        async with store.write() as connection:  # On a small table a scan is cheaper, so it is forbidden here.
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            found = await connection.exec_driver_sql("EXPLAIN " + prepared.sql.replace("$1", "'{1,2}'"))
            plan = "\n".join(row[0] for row in found)
    assert "SEARCH customers USING" in plan or "Index" in plan or "Bitmap" in plan, plan


async def test_a_reader_does_not_write(store: Store) -> None:
    from dataclasses import replace

    prepared = replace(store.reader.prepare(select(C.id)), sql="DELETE FROM clients", bind=lambda _: ())
    from store.sql.errors import OutageCause, StoreUnavailableError

    with pytest.raises(StoreUnavailableError) as refused:
        await store.reader.fetch(prepared, {})
    assert refused.value.cause is OutageCause.READ_ONLY

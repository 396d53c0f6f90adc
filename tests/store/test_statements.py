"""Statements of a transaction that bypass SQLAlchemy's execution, and nothing of its promises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from store.database.store import Store
from store.registers.webhooks import webhooks
from store.sql.ids import new_id
from store.sql.metadata import Id
from store.sql.statements import Statement

pytestmark = pytest.mark.anyio

W = webhooks.c
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
ROW = ("id", "name", "url", "events", "secret", "created_at")
ADD = Statement(insert(webhooks).values({name: bindparam(f"new_{name}", type_=W[name].type) for name in ROW}))
FIND = Statement(select(W.id, W.name, W.created_at, W.disabled_at).where(W.id == bindparam("id_", type_=Id)))
DISABLE = Statement(update(webhooks).where(W.name == bindparam("called")).values(disabled_at=bindparam("at")))
REMOVE = Statement(delete(webhooks).where(W.id == bindparam("id_")))


def row(name: str) -> dict[str, object]:
    """The values of a system that is told."""
    return {
        "new_id": new_id(),
        "new_name": name,
        "new_url": "https://a.example/hook",
        "new_events": "[]",
        "new_secret": b"sealed",
        "new_created_at": NOW,
    }


async def test_rows_are_those_that_sqlalchemy_gives(store: Store) -> None:
    values = row("crm")
    async with store.write() as connection:
        assert await ADD.run(connection, values) == 1
        assert await DISABLE.run(connection, {"called": "crm", "at": NOW}) == 1
        assert await DISABLE.run(connection, {"called": "nobody", "at": NOW}) == 0
    async with store.write() as connection:
        found = await FIND.rows(connection, {"id_": values["new_id"]})
        query = select(W.id, W.name, W.created_at, W.disabled_at).where(W.id == values["new_id"])
        assert [tuple(each) for each in found] == [tuple(each) for each in await connection.execute(query)]
        assert found[0][2:] == (NOW, NOW)
        assert await REMOVE.run(connection, {"id_": values["new_id"]}) == 1
        assert await FIND.rows(connection, {"id_": values["new_id"]}) == []


async def test_the_first_statement_of_a_transaction_is_undone_with_it(store: Store) -> None:
    values = row("crm")
    with pytest.raises(ZeroDivisionError):
        async with store.write() as connection:
            await ADD.run(connection, values)
            raise ZeroDivisionError
    async with store.write() as connection:
        assert await FIND.rows(connection, {"id_": values["new_id"]}) == []


async def test_it_shares_the_transaction_with_sqlalchemy(store: Store) -> None:
    values = row("crm")
    async with store.write() as connection:
        await connection.execute(select(W.id))
        await ADD.run(connection, values)
        assert await connection.scalar(select(W.name).where(W.id == values["new_id"])) == "crm"


async def test_a_missing_value_is_an_error_and_no_null(store: Store) -> None:
    values = row("crm")
    del values["new_url"]
    with pytest.raises(KeyError):
        async with store.write() as connection:
            await ADD.run(connection, values)

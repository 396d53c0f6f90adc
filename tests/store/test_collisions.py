"""Transactions that the server ends in favour of others: repeated if nothing of a command was committed, else told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import pytest
from sqlalchemy import func, select, update

from policy.grant import Grant
from resolvers.commands.context import CommandContext, Result
from resolvers.commands.dependencies import SignInDependencies
from resolvers.commands.idempotency import PAUSES, run_command
from schema.execution.answers import unavailable
from store.database.store import Store
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.outbox import outbox
from tests.store.test_transactions import add, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)]


class Crossing:
    """Two commands that change the same two rows in opposite order, and meet in the middle the first time."""

    def __init__(self) -> None:
        self.attempts, self._met = 0, asyncio.Barrier(2)
        self._meeting = True

    async def run(self, context: CommandContext, given: Mapping[str, Any]) -> Result:
        """Change the rows in the order given; whatever is `before` is committed by itself before that."""
        self.attempts += 1
        if given.get("before"):
            async with context.store.write() as connection:
                await connection.execute(row(given["before"]))
        async with context.store.write() as connection:
            for number in given["order"]:
                await connection.execute(
                    update(outbox).where(outbox.c.id == number).values(attempts=outbox.c.attempts + 1)
                )
                if self._meeting:
                    await self._met.wait()
                    self._meeting = False
        return Result()


def context(store: Store) -> CommandContext:
    """A context of which only the store is asked."""
    return CommandContext(
        store, cast(Grant, None), None, None, datetime.now(UTC), dependencies=cast(SignInDependencies, None)
    )


async def attempts_of(store: Store) -> list[int]:
    rows = await store.reader.fetch(store.reader.prepare(select(outbox.c.attempts).order_by(outbox.c.id)), {})
    return [row[0] for row in rows]


async def test_a_command_that_lost_a_deadlock_is_made_all_the_same(store: Store) -> None:
    await add(store, 1)
    await add(store, 2)
    crossing = Crossing()
    both = (run_command(context(store), "a", "f", crossing.run, {"order": order}) for order in ((1, 2), (2, 1)))
    await asyncio.gather(*both)
    assert await attempts_of(store) == [2, 2], "each was made once"
    assert crossing.attempts == 3, "there was a deadlock, and the one that lost it came again"


async def test_one_of_which_a_part_is_committed_is_not_repeated_and_not_called_undone(store: Store) -> None:
    await add(store, 1)
    await add(store, 2)
    crossing = Crossing()
    both = (
        run_command(context(store), "a", "f", crossing.run, {"order": order, "before": 2 + order[0]})
        for order in ((1, 2), (2, 1))
    )
    lost = [each for each in await asyncio.gather(*both, return_exceptions=True) if each is not None]
    (failure,) = [each for each in lost if isinstance(each, StoreUnavailableError)]
    assert failure.cause is OutageCause.ROLLED_BACK and not failure.nothing_changed
    assert crossing.attempts == 2
    (error,) = orjson.loads(unavailable(failure, changing=True).body)["errors"]
    assert "may have been made" in error["message"] and "made" not in error["extensions"]


async def test_one_that_always_collides_is_told_to_be_sent_again(store: Store) -> None:
    tried = 0

    async def collide(context: CommandContext, given: Mapping[str, Any]) -> Result:
        nonlocal tried
        tried += 1
        async with context.store.write() as connection:
            await connection.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")
        return Result()

    with pytest.raises(StoreUnavailableError) as failed:
        await run_command(context(store), "a", "f", collide, {})
    assert tried == 1 + len(PAUSES)
    outcome = unavailable(failed.value, changing=True)
    (error,) = orjson.loads(outcome.body)["errors"]
    assert "was not made" in error["message"] and error["extensions"]["made"] is False and outcome.retry_after == 1


async def test_a_read_that_was_ended_is_read_again(store: Store) -> None:
    """By a function that fails once: a session keeps an advisory lock, whatever becomes of the transaction."""
    async with store.write() as connection:
        await connection.exec_driver_sql(
            "CREATE FUNCTION fails_once() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF NOT EXISTS "
            "(SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) THEN "
            "PERFORM pg_advisory_lock(1); RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END IF; RETURN 1; END $$"
        )
    try:
        rows = await store.reader.fetch(store.reader.prepare(select(func.fails_once())), {})
        assert rows[0][0] == 1
    finally:
        async with store.write() as connection:
            await connection.exec_driver_sql("DROP FUNCTION fails_once")

"""Requests an export, a step of `resolvers.rights.requests` (GDPR Art. 15, 20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.erasure.erasures import acted
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.exports import exports

LANGUAGES = ("en", "fr")
MOST = 5
"""Maximum number of exports of a customer at a time."""

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
MANY = UserProblem("TOO_MANY_EXPORTS", f"There are {MOST} exports already; each can be fetched until it expires.")
UNKNOWN = UserProblem("UNKNOWN_LANGUAGE", "The page is written in `en` or `fr`.", ("language",))


async def request_export(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Request an export; while one is being created, a repeated request returns that one."""
    language = given.get("language")
    if language is not None and language not in LANGUAGES:
        return Result(problems=(UNKNOWN,))
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    async with context.store.write() as connection:
        # The lock makes the count of exports below reliable.
        own = select(customers.c.locale).where(customers.c.id == context.subject).with_for_update()
        customer = (await connection.execute(own)).one_or_none()
        if customer is None:
            return Result(problems=(GONE,))
        there = (
            await connection.execute(
                select(exports.c.id, exports.c.state).where(exports.c.customer_id == context.subject)
            )
        ).all()
        under_way = next((each.id for each in there if each.state == "REQUESTED"), None)
        if under_way is not None:
            return Result(affected={"export": under_way})
        if len(there) >= MOST:
            return Result(problems=(MANY,))
        id_ = new_id()
        row = {
            "id": id_,
            "customer_id": context.subject,
            "state": "REQUESTED",
            "language": language or ("fr" if (customer.locale or "").lower().startswith("fr") else "en"),
            "requested_at": context.now,
            "attempts": 0,
        } | acted(context, key, exports, id_, "requested")
        await connection.execute(insert(exports).values(row))
    return Result(affected={"export": id_})

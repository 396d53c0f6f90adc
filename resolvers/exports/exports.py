"""Requests an export, a step of `resolvers.rights.requests` (GDPR Art. 15, 20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from messages.catalogue import SOURCE, languages
from messages.message import Message
from messages.negotiation import written
from policy.requests import RequestKind, RequestState
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.erasure.erasures import acted, note_request
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.exports import exports

E = exports.c
MOST = 5
"""Maximum number of exports of a customer at a time."""

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
MANY = UserProblem(
    "TOO_MANY_EXPORTS",
    Message("There are {most} exports already; each can be fetched until it expires.", most=MOST),
)
UNKNOWN = UserProblem("UNKNOWN_LANGUAGE", "The page is not written in this language.", ("language",))


def kept_language(language: str) -> str:
    """The language of an export as it rests; English for a tag, such as `pt-BR`, that is longer than its column."""
    width = E.language.type.length  # type: ignore[attr-defined]
    return language if len(language) <= width else SOURCE


async def request_export(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Request an export; while one is being created, a repeated request returns that one."""
    language = given.get("language")
    if language is not None and language not in languages():
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
            if context.behalf is not None and context.behalf.request is not None:
                await note_request(connection, context, RequestKind.COPY, RequestState.ACCEPTED, under_way)
            return Result(affected={"export": under_way})
        if len(there) >= MOST:
            return Result(problems=(MANY,))
        id_ = new_id()
        row = {
            "id": id_,
            "customer_id": context.subject,
            "state": "REQUESTED",
            "language": kept_language(language or written(customer.locale)),
            "requested_at": context.now,
            "attempts": 0,
        } | acted(context, key, exports, id_, "requested")
        await connection.execute(insert(exports).values(row))
        await note_request(connection, context, RequestKind.COPY, RequestState.ACCEPTED, id_)
    return Result(affected={"export": id_})

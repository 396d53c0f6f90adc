"""Idempotent mutations: one with an idempotency key is carried out once, however often it is sent (F10).

Claim, change and outcome are one transaction, so that a crash leaves all or nothing; of two replicas that get the same
request, one waits and returns the other's outcome. Only a command that asks another party in between takes two: the
first claims the key, and the claim expires if no outcome follows.
"""

from __future__ import annotations

import asyncio
import hmac
import random
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import cache, partial
from inspect import unwrap
from typing import Any, cast, get_type_hints

import orjson
from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.context import CommandContext, Result, Run, UserProblem
from resolvers.commands.idempotency_store import KeyedStore
from store.crypto.envelopes import open_envelope, seal
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.operations.command_keys import command_keys
from store.sql.commits import counted
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.ids import new_id
from store.sql.metadata import instant

LENGTH = 16
FIELD = "idempotencyKey"
"""The input field of every mutation that has its idempotency key."""
LONGEST = 128
"""Characters of an idempotency key."""
OWN = ""
"""Stands where a key of the request has the response key, which is never empty."""
PAUSES = 0.02, 0.1
"""Seconds before a command that collided with another one is run again, on average."""
UNDER_WAY = timedelta(minutes=2)
"""The time after which a claim without an answer expires."""

KEY = "command-outcomes"
"""The system key that encrypts stored answers: they may contain a receipt."""

SHOWN_ONCE = b"null"
"""The stored outcome of a command whose answer is not stored, because it contains a secret."""

REUSED = UserProblem("IDEMPOTENCY_KEY_REUSED", "This key was sent with another request: a new request needs a new key.")
UNFIT = UserProblem("INVALID_IDEMPOTENCY_KEY", "An idempotency key has 1 to 128 printable characters.", (FIELD,))
DONE = UserProblem(
    "ALREADY_DONE",
    "A request with this key was carried out before. Read the present state before you send it with a new key.",
)
IN_PROGRESS = UserProblem(
    "IN_PROGRESS", "A request with this key is being carried out: send it again in a moment, with the same key."
)

ABOUT_KEY = REUSED, DONE, IN_PROGRESS
"""Problems whose field is the key, if the input has it."""


class DuplicateRequestError(Exception):
    """Another request has claimed the key; this one did nothing."""


async def run_command(
    context: CommandContext, response_key: str, field: str, run: Run, given: Mapping[str, Any]
) -> Result:
    """Run the command of a field, idempotently if its input or the request has a key.

    A command that the database ended in favour of another one (a deadlock, a serialization failure) is run again, if
    nothing of it was committed. StoreUnavailableError, which says whether something may have been changed.
    """
    asking = _kind(run).asks_another_party
    for pause in (*PAUSES, None):
        with counted() as commits:
            try:
                return await _run(context, response_key, field, run, given)
            except StoreUnavailableError as outage:
                # The other party may have done what it was asked for.
                outage.nothing_changed = not commits.sent and not asking
                if pause is None or outage.cause is not OutageCause.ROLLED_BACK or not outage.nothing_changed:
                    raise
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (no secret: two that collided part ways)
    raise AssertionError("the last attempt returns or raises")


async def _run(context: CommandContext, response_key: str, field: str, run: Run, given: Mapping[str, Any]) -> Result:
    own, rest = given.get(FIELD), {each: value for each, value in given.items() if each != FIELD}
    if own is None and context.key is None:
        return await run(context, rest)
    if own is None:
        return await run_idempotently(context, f"{context.key}\0{response_key}", field, run, rest)
    if not 0 < len(own) <= LONGEST or not own.isprintable():
        return _kind(run)(problems=(UNFIT,))
    # Whatever the response key is: a queue may send the mutation again beside others, under an alias.
    result = await run_idempotently(context, f"{own}\0{OWN}", field, run, rest)
    problems = (replace(each, field=(FIELD,)) if each in ABOUT_KEY else each for each in result.problems)
    return replace(result, problems=tuple(problems)) if result.problems else result


async def run_idempotently(context: CommandContext, key: str, field: str, run: Run, given: Mapping[str, Any]) -> Result:
    """Run the command of a field, or return the stored outcome.

    A request with problems of the input, or without a change, does not use the key up: the corrected one may use it.
    """
    caller = f"{context.grant.client_id}\0{context.grant.subject}\0{key}"
    row: dict[str, Any] = {
        "id": new_id(),
        "mark": _mark(context, caller),
        "request": await _asked(context, f"{caller}\0{field}\0{_text(given)}"),
        "outcome": None,
        "at": context.now,
    }
    kind = _kind(run)
    # Without a transaction: most repetitions come after the outcome was stored.
    found = await _find(context, row, kind)
    if found is not None:
        return found
    # Before the transaction, which then awaits nothing else.
    sealing = await context.store.keys.system.named(KEY)

    async def claim(connection: AsyncConnection) -> None:
        await _claim(connection, row)

    keyed = KeyedStore(context.store, claim, several=kind.asks_another_party)
    try:
        async with keyed:
            # Commands use only the part of Store that KeyedStore has.
            result = await run(replace(context, store=cast(Store, keyed)), given)
            # A command that wrote nothing has claimed nothing: the key stays free.
            if keyed.claimed:
                async with keyed.last() as connection:
                    await _settle(connection, row, result, sealing)
    except DuplicateRequestError:
        # The other request may have been answered while this one waited for its row.
        return await _find(context, row, kind) or kind(problems=(IN_PROGRESS,))
    return result


async def _claim(connection: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Claim the key, or take over a claim that is not believed; DuplicateRequestError if another request has it."""
    if (await connection.execute(insert_new(connection, command_keys).values(row))).rowcount == 1:
        return
    at, now = command_keys.c.at, row["at"]
    # Such a claim belongs to a crashed process, or to a clock that was set back since.
    left = or_(at <= now - UNDER_WAY, at > now + UNDER_WAY)
    which = command_keys.c.mark == row["mark"], command_keys.c.outcome.is_(None), left
    taken = update(command_keys).where(*which).values(at=now, request=row["request"])
    if (await connection.execute(taken)).rowcount != 1:
        raise DuplicateRequestError


async def _find(context: CommandContext, row: Mapping[str, Any], kind: type[Result]) -> Result | None:
    """The stored outcome of the key as a result of this class; None if the key is free."""
    query = context.store.reader.prepare(
        select(command_keys.c.request, command_keys.c.outcome, command_keys.c.at).where(
            command_keys.c.mark == bindparam("mark")
        )
    )
    rows = await context.store.reader.fetch(query, {"mark": row["mark"]})
    if not rows:
        return None
    asked, outcome, at = rows[0]
    if outcome is None and not _is_under_way(instant(at), context.now):
        return None
    # In constant time: the hash covers input such as card numbers.
    if not hmac.compare_digest(bytes(asked), row["request"]):
        return kind(problems=(REUSED,))
    if outcome is None:
        return kind(problems=(IN_PROGRESS,))
    # Bound to its mark as associated data, so that outcomes cannot be swapped between keys.
    content = open_envelope(await context.store.keys.system.named(KEY), b64decode(outcome), row["mark"])
    kept = None if content is None else orjson.loads(content)
    if kept is None:
        return kind(problems=(DONE,), replayed=True)
    return kind(kept["affected"], replayed=True, **kept["shown"])


def _is_under_way(at: datetime, now: datetime) -> bool:
    """Whether a claim is believed. One of more than its length from now was made by a clock that was set back since,
    and would keep the key until that clock comes round again (F3); see `RowLease.latest`."""
    return now - UNDER_WAY < at <= now + UNDER_WAY


async def _settle(connection: AsyncConnection, row: Mapping[str, Any], result: Result, key: bytes) -> None:
    """Store the outcome with the claim; release the claim if there are problems. A claim that was taken over stays."""
    mine = command_keys.c.mark == row["mark"], command_keys.c.at == row["at"], command_keys.c.outcome.is_(None)
    if result.problems:
        await connection.execute(delete(command_keys).where(*mine))
    else:
        outcome = b64encode(seal(key, _outcome(result), row["mark"])).decode()
        await connection.execute(update(command_keys).where(*mine).values(outcome=outcome))


def _outcome(result: Result) -> bytes:
    """The answer to store: ids of rows and other attributes; nothing for a result with secrets."""
    # Storing a secret to return it again would keep it where it must not be (S3, S4).
    if not result.repeatable:
        return SHOWN_ONCE
    plain = {each.name for each in fields(Result)}
    shown = {each.name: getattr(result, each.name) for each in fields(result) if each.name not in plain}
    return orjson.dumps({"affected": dict(result.affected), "shown": shown})


@cache
def _kind(run: Run) -> type[Result]:
    """The result class of a command, from its return annotation."""
    # `unwrap`, since `by_id` wraps commands; a partial one has its first arguments from the schema.
    inner = unwrap(run)
    found = get_type_hints(inner.func if isinstance(inner, partial) else inner).get("return")
    return found if isinstance(found, type) and issubclass(found, Result) else Result


def _mark(context: CommandContext, text: str) -> bytes:
    return hmac.digest(context.store.keys.system.index_key, f"command\0{text}".encode(), "sha256")[:LENGTH]


async def _asked(context: CommandContext, text: str) -> bytes:
    """A keyed hash of the request: input may be a card number, which can be guessed (D10). A customer's request is
    hashed under their own key; a tool's includes the idempotency key, which is in no table."""
    (key,) = (
        await context.store.keys.subjects([context.grant.subject]) if context.grant.subject is not None else (None,)
    )
    return _mark(context, text) if key is None else key.keyed_hash("command", text.encode())


def _text(given: Mapping[str, Any]) -> str:
    return orjson.dumps(given, default=str, option=orjson.OPT_SORT_KEYS).decode()

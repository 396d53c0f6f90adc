"""A change with a key of the caller's own making is made once, however often and wherever it is sent.

Key, change and answer are one transaction, so a crash leaves all or nothing, and of two replicas that try at once one
waits for the other and gets its answer (F10, draft-ietf-httpapi-idempotency-key-header). A command that asks something
else of the store between two writes is two transactions: the key is claimed in the first, and free again when nothing
came of it for a while.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from inspect import unwrap
from typing import Any, cast, get_type_hints

import orjson
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.context import CommandContext, Result, Run, UserProblem
from resolvers.commands.idempotency_store import KeyedStore
from store.crypto.envelopes import open_envelope, seal
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.operations.command_keys import command_keys
from store.sql.ids import new_id
from store.sql.metadata import instant

LENGTH = 16
UNDER_WAY = timedelta(minutes=2)
"""How long a claim without an answer counts as being carried out."""

KEY = "command-outcomes"
"""Answers rest sealed: a receipt among them opens a certificate."""

SHOWN_ONCE = b"null"
"""The outcome of a command whose answer is not kept."""

REUSED = UserProblem("IDEMPOTENCY_KEY_REUSED", "This key was sent with another request: a new request needs a new key.")
DONE = UserProblem(
    "ALREADY_DONE",
    "A request with this key was carried out before. Read the present state before you send it with a new key.",
)
IN_PROGRESS = UserProblem(
    "IN_PROGRESS", "A request with this key is being carried out: send it again in a moment, with the same key."
)


class DuplicateRequestError(Exception):
    """Somebody has claimed the key; nothing was done now."""


async def run_idempotently(context: CommandContext, key: str, name: str, run: Run, given: Mapping[str, Any]) -> Result:
    """Carry out a command, or say what became of it; `key` is the caller's, `name` the field of the operation.

    What the input could mend, and what changed nothing, leaves the key free: the mended request may use it again.
    """
    caller = f"{context.grant.client_id}\0{context.grant.subject}\0{key}\0{name}"
    row: dict[str, Any] = {
        "id": new_id(),
        "mark": _mark(context, caller),
        "request": await _asked(context, f"{caller}\0{_text(given)}"),
        "outcome": None,
        "at": context.now,
    }
    kind = _kind(run)
    found = await _find(context, row, kind)
    if found is not None:
        return found

    async def claim(connection: AsyncConnection) -> None:
        await _claim(connection, row)

    keyed = KeyedStore(context.store, claim)
    try:
        async with keyed:
            result = await run(replace(context, store=cast(Store, keyed)), given)
            if keyed.claimed:
                async with keyed.last() as connection:
                    await _settle(connection, row["mark"], result, await context.store.keys.house.system(KEY))
    except DuplicateRequestError:
        return await _find(context, row, kind) or kind(problems=(IN_PROGRESS,))
    return result


async def _claim(connection: AsyncConnection, row: Mapping[str, Any]) -> None:
    """The key, for the first who comes; Repeated for all others, until an answer failed to come for long."""
    if (await connection.execute(insert_new(connection, command_keys).values(row))).rowcount == 1:
        return
    left = (
        command_keys.c.mark == row["mark"],
        command_keys.c.outcome.is_(None),
        command_keys.c.at <= row["at"] - UNDER_WAY,
    )
    taken = update(command_keys).where(*left).values(at=row["at"], request=row["request"])
    if (await connection.execute(taken)).rowcount != 1:
        raise DuplicateRequestError


async def _find(context: CommandContext, row: Mapping[str, Any], kind: type[Result]) -> Result | None:
    """What became of the key, as this kind of answer; None when it is free."""
    query = context.store.reader.prepare(
        select(command_keys.c.request, command_keys.c.outcome, command_keys.c.at).where(
            command_keys.c.mark == bindparam("mark")
        )
    )
    rows = await context.store.reader.fetch(query, {"mark": row["mark"]})
    if not rows:
        return None
    asked, outcome, at = rows[0]
    if not hmac.compare_digest(bytes(asked), row["request"]):
        return kind(problems=(REUSED,))
    if outcome is None:
        return kind(problems=(IN_PROGRESS,)) if instant(at) > context.now - UNDER_WAY else None
    content = open_envelope(await context.store.keys.house.system(KEY), b64decode(outcome), row["mark"])
    kept = None if content is None else orjson.loads(content)
    return kind(problems=(DONE,)) if kept is None else kind(kept["affected"], **kept["shown"])


async def _settle(connection: AsyncConnection, mark: bytes, result: Result, key: bytes) -> None:
    """Remember the answer beside the claim; let go of the claim when there is something to mend."""
    mine = command_keys.c.mark == mark
    if result.problems:
        await connection.execute(delete(command_keys).where(mine))
    else:
        await connection.execute(
            update(command_keys).where(mine).values(outcome=b64encode(seal(key, _outcome(result), mark)).decode())
        )


def _outcome(result: Result) -> bytes:
    """Rows by their ids, and what else may be shown again; a secret is shown once, and rests nowhere."""
    if not result.repeatable:
        return SHOWN_ONCE
    plain = {each.name for each in fields(Result)}
    shown = {each.name: getattr(result, each.name) for each in fields(result) if each.name not in plain}
    return orjson.dumps({"affected": dict(result.affected), "shown": shown})


@cache
def _kind(run: Run) -> type[Result]:
    """The class of a command's answers, whose other attributes have defaults to be shown with a problem."""
    found = get_type_hints(unwrap(run)).get("return")
    return found if isinstance(found, type) and issubclass(found, Result) else Result


def _mark(context: CommandContext, text: str) -> bytes:
    return hmac.digest(context.store.keys.house.index_key, f"command\0{text}".encode(), "sha256")[:LENGTH]


async def _asked(context: CommandContext, text: str) -> bytes:
    """What was asked, in a form that tells nobody: input may be a card's number. A customer's goes by their own key; a
    tool's holds the caller's key, which is in no table and as hard to guess as the caller made it (D10)."""
    (key,) = (
        await context.store.keys.subjects([context.grant.subject]) if context.grant.subject is not None else (None,)
    )
    return _mark(context, text) if key is None else key.keyed_hash("command", text.encode())


def _text(given: Mapping[str, Any]) -> str:
    return orjson.dumps(given, default=str, option=orjson.OPT_SORT_KEYS).decode()

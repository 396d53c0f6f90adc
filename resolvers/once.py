"""A change with a key of the caller's own making is made once, however often and wherever it is sent.

The key is claimed in the transaction of the change itself, so a crash leaves both or neither, and of two replicas that
try at once one waits for the other (draft-ietf-httpapi-idempotency-key-header).
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import orjson
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands import Desk, Result, Run, UserProblem
from store.command_keys import command_keys
from store.database import Store
from store.ids import new_id

M = command_keys.c
LENGTH = 16
REUSED = UserProblem("IDEMPOTENCY_KEY_REUSED", "This key was sent with another request: a new request needs a new key.")
DONE = UserProblem(
    "ALREADY_DONE",
    "A request with this key was carried out before. Read the present state before you send it with a new key.",
)


class Repeated(Exception):  # noqa: N818  (it is an answer, not a defect)
    """Somebody has claimed the key; nothing was done now."""


class _Keyed:
    """The store, whose first write claims the key."""

    def __init__(self, store: Store, row: Mapping[str, Any]) -> None:
        self._store, self._row = store, row
        self.claimed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction as ever."""
        claims = not self.claimed
        async with self._store.write(brief=brief) as connection:
            if claims:
                try:
                    await connection.execute(insert(command_keys).values(self._row))
                except IntegrityError:
                    raise Repeated from None
            yield connection
        self.claimed = True


async def once(desk: Desk, key: str, name: str, run: Run, given: Mapping[str, Any]) -> Result:
    """Carry out a command, or say what became of it; `key` is the caller's, `name` the field of the operation.

    What the input could mend lets go of the key: the mended request may use it again.
    """
    caller = f"{desk.grant.client_id}\0{desk.grant.subject}\0{key}\0{name}"
    mark = _mark(desk, caller)
    row = {"id": new_id(), "mark": mark, "request": _mark(desk, _text(given)), "outcome": None, "at": desk.now}
    found = await _find(desk, row)
    if found is not None:
        return found
    keyed = _Keyed(desk.store, row)
    try:
        result = await run(replace(desk, store=cast(Store, keyed)), given)
    except Repeated:
        return await _find(desk, row) or Result(problems=(DONE,))
    if keyed.claimed:
        await _settle(desk, mark, result)
    return result


async def _find(desk: Desk, row: Mapping[str, Any]) -> Result | None:
    query = desk.store.reader.prepare(select(M.request, M.outcome).where(M.mark == bindparam("mark")))
    rows = await desk.store.reader.fetch(query, {"mark": row["mark"]})
    if not rows:
        return None
    asked, outcome = rows[0]
    if not hmac.compare_digest(bytes(asked), row["request"]):
        return Result(problems=(REUSED,))
    return Result(problems=(DONE,)) if outcome is None else Result(affected=orjson.loads(outcome))


async def _settle(desk: Desk, mark: bytes, result: Result) -> None:
    """Remember the rows to show; a result that shows more than rows, such as a secret, is shown once."""
    mine = M.mark == mark
    async with desk.store.write() as connection:
        if result.problems:
            await connection.execute(delete(command_keys).where(mine))
        elif type(result) is Result:
            outcome = orjson.dumps(dict(result.affected)).decode()
            await connection.execute(update(command_keys).where(mine).values(outcome=outcome))


def _mark(desk: Desk, text: str) -> bytes:
    return hmac.digest(desk.store.keys.house.index_key, f"command\0{text}".encode(), "sha256")[:LENGTH]


def _text(given: Mapping[str, Any]) -> str:
    return orjson.dumps(given, default=str, option=orjson.OPT_SORT_KEYS).decode()

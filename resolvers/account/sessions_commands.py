"""Commands that end sessions: one, or all but the present one (R41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.signin.actor import Actor, actor_at
from resolvers.signin.sessions import end_where
from store.tables.access import sessions

NO_SESSION = UserProblem("NOT_FOUND", "There is no such session.", ("sessionId",))


@dataclass(frozen=True, slots=True)
class Ended(Result):
    """The result with the number of ended sessions."""

    ended: int = 0


async def end_one(actor: Actor, session_id: int) -> Result:
    """End one session; idempotent."""
    async with actor.store.write() as connection:
        mine = select(sessions.c.id).where(sessions.c.id == session_id, sessions.c.customer_id == actor.customer_id)
        # Another customer's session is answered like one that does not exist (D6).
        if await connection.scalar(mine) is None:
            return Result(problems=(NO_SESSION,))
        await end_where(connection, actor.customer_id, [sessions.c.id == session_id], actor.now)
    return Result(affected={"session": session_id})


async def end_others(actor: Actor) -> Ended:
    """End all other sessions, on every platform."""
    async with actor.store.write() as connection:
        found = await end_where(connection, actor.customer_id, [sessions.c.id != (actor.session_id or 0)], actor.now)
    return Ended(ended=len(found))


async def end_session(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await end_one(actor_at(context), given.get("sessionId") or 0)


async def end_other_sessions(context: CommandContext, given: Mapping[str, Any]) -> Ended:
    """The command of the API."""
    return await end_others(actor_at(context))

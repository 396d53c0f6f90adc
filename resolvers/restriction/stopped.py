"""Checks whether a customer has stopped a tool's purpose (GDPR Art. 18, 21)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select

from policy.restricting import stops
from resolvers.commands.context import CommandContext, UserProblem
from store.sql.metadata import Id
from store.tables.restrictions import processing_stops

STOPPED: Final = UserProblem(
    "PROCESSING_STOPPED",
    "The person has restricted processing, or objected to this purpose: nothing was changed. Store what you hold, use "
    "it for nothing else, and wait for the event that tells the end.",
)


async def is_stopped(context: CommandContext, customer_id: int) -> bool:
    """True if the customer has stopped the tool's purpose; False for the customers themselves.

    It is checked before the command begins: a concurrent stop counts as later than the command.
    """
    if context.grant.subject is not None or context.purpose is None or not (subjects := stops(context.purpose)):
        return False
    # Without a lock: commands of the customer would wait for every tool.
    reader = context.store.reader
    mine = (
        select(processing_stops.c.id)
        .where(processing_stops.c.customer_id == bindparam("owner", type_=Id), processing_stops.c.subject.in_(subjects))
        .limit(1)
    )
    return bool(await reader.fetch(reader.prepare(mine), {"owner": customer_id}))

"""Letters that wait in the outbox until an operator releases the run of the import that caused them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.sql.metadata import Id
from store.sql.statements import Statement
from store.tables.imports import import_rows, imports
from store.tables.outbox import outbox
from store.tables.signin import reset_links

DELIVER_WITHIN: Final = timedelta(days=3)
"""The time for which the delivery of a released letter is tried."""

INVITED: Final = timedelta(days=14)
"""How long the link of an invitation is valid, from the time at which its letter may leave."""

HOLDING = Statement(
    select(imports.c.id)
    .join_from(import_rows, imports, import_rows.c.import_id == imports.c.id)
    .where(import_rows.c.customer_id == bindparam("owner", type_=Id))
    .where(imports.c.mail_held, imports.c.released_at.is_(None))
    .order_by(imports.c.id.desc())
)


async def holding_run(connection: AsyncConnection, customer_id: int) -> int | None:
    """Return the run of an import that holds letters to this customer, None for most customers."""
    rows = await HOLDING.rows(connection, {"owner": customer_id})
    return int(rows[0][0]) if rows else None


async def hold_letter(connection: AsyncConnection, message: int, customer_id: int) -> None:
    """Let a letter that was written in this transaction wait, if a run holds letters to its customer."""
    if (run := await holding_run(connection, customer_id)) is not None:
        await hold_for(connection, [message], run)


async def hold_for(connection: AsyncConnection, messages: Sequence[int], run: int) -> None:
    """Let letters that were written in this transaction wait until this run is released."""
    held = update(outbox).where(outbox.c.id.in_(messages)).values(held_by=run, next_attempt_at=None)
    await connection.execute(held)


async def release_letters(connection: AsyncConnection, run: int, now: datetime) -> int:
    """Have the letters that a run holds delivered; returns their number. One that is void meanwhile stays.

    Links that they bring are valid from now on.
    """
    held = select(outbox.c.id).where(outbox.c.held_by == run)
    # The link of an invitation has its letter's id.
    await connection.execute(update(reset_links).where(reset_links.c.id.in_(held)).values(expires_at=now + INVITED))
    good = or_(outbox.c.void_at.is_(None), outbox.c.void_at > now)
    which = outbox.c.held_by == run, outbox.c.payload.is_not(None), outbox.c.dead_at.is_(None), good
    change = {"next_attempt_at": now, "give_up_at": now + DELIVER_WITHIN, "held_by": None}
    return (await connection.execute(update(outbox).where(*which).values(change))).rowcount

"""What rests of a restriction or an objection: the event, what stands, and the stop that row filters ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.purposes import Purpose
from policy.restricting import RESTRICTION, Ground, Notice, RightsEvent
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.outbox import outbox
from store.tables.restrictions import LIFTING_LETTER, notices, objections, processing_stops, restrictions, rights_events


@dataclass(frozen=True, slots=True)
class ActingParty:
    """Who did it: the customer, a person of the staff by code, or the gateway once what it waited for had come."""

    actor: str
    staff: str | None = None
    reference: str | None = None
    """The case of a request that came by letter or by telephone."""


async def locked(connection: AsyncConnection, customer_id: int) -> bool:
    """Whether there is such a customer, whose rights nobody else changes until the transaction ends."""
    found = select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    return await connection.scalar(found) is not None


async def record_event(
    connection: AsyncConnection,
    key: SubjectKey,
    event: RightsEvent,
    by: ActingParty,
    now: datetime,
    *,
    ground: Ground | None = None,
    purpose: Purpose | None = None,
    because: str | None = None,
) -> None:
    """Add an event, in the caller's transaction; what was told as the reason is sealed."""
    id_ = new_id()
    row = {
        "id": id_,
        "customer_id": key.customer_id,
        "event": event.name,
        "ground": None if ground is None else ground.name,
        "purpose": None if purpose is None else purpose.name,
        "actor": by.actor,
        "staff": by.staff,
        "reference": by.reference,
        "because": sealed_reason(key, rights_events.c.because, id_, because),
        "at": now,
    }
    await connection.execute(insert(rights_events).values(row))


def sealed_reason(key: SubjectKey, column: Column[Any], id_: int, because: str | None) -> bytes | None:
    """The reason as it rests."""
    return None if because is None else key.seal(column, id_, column.info["sealing"].encode(because))


async def stop(connection: AsyncConnection, customer_id: int, subject: str, now: datetime) -> None:
    """Keep the customer's rows from what the subject names, from the commit on; nothing changes if it does already."""
    mine = processing_stops.c.customer_id == customer_id, processing_stops.c.subject == subject
    if await connection.scalar(select(processing_stops.c.id).where(*mine)) is None:
        row = {"id": new_id(), "customer_id": customer_id, "subject": subject, "since": now}
        await connection.execute(insert(processing_stops).values(row))


async def resume(connection: AsyncConnection, customer_id: int, subject: str) -> None:
    """Let it be read again, from the commit on."""
    await connection.execute(
        delete(processing_stops).where(
            processing_stops.c.customer_id == customer_id, processing_stops.c.subject == subject
        )
    )


async def ask_to_tell(
    connection: AsyncConnection, customer_id: int, about: Notice, now: datetime, fields: str | None = None
) -> None:
    """Have those who hold copies told (Art. 19): a worker lists and writes to them."""
    row = {"id": new_id(), "customer_id": customer_id, "about": about.name, "fields": fields, "asked_at": now}
    await connection.execute(insert(notices).values(row))


async def mark_letter(connection: AsyncConnection, letter: int | None) -> None:
    """Mark a letter as one after which a restriction may be lifted: whoever delivers it notes that it arrived."""
    if letter is not None:
        mine = outbox.c.id == letter
        await connection.execute(update(outbox).where(mine).values(event=LIFTING_LETTER))


async def restriction_of(connection: AsyncConnection, customer_id: int) -> Any:
    """The restriction that stands; None without one."""
    return (
        await connection.execute(select(restrictions).where(restrictions.c.customer_id == customer_id))
    ).one_or_none()


async def grounds_of(connection: AsyncConnection, customer_id: int) -> list[str]:
    """Every ground on which the restriction that stands was asked for, in the order of their names; none without."""
    row = await restriction_of(connection, customer_id)
    if row is None:
        return []
    mine = (
        rights_events.c.customer_id == customer_id,
        rights_events.c.event == RightsEvent.RESTRICTED.name,
        rights_events.c.at >= row.since,
    )
    return sorted(
        {str(each) for each in await connection.scalars(select(rights_events.c.ground).where(*mine).distinct())}
    )


async def objection_of(connection: AsyncConnection, customer_id: int, purpose: Purpose) -> Any:
    """The objection to a purpose, decided or not; None without one."""
    mine = objections.c.customer_id == customer_id, objections.c.purpose == purpose.name
    return (await connection.execute(select(objections).where(*mine))).one_or_none()


async def end_restriction(connection: AsyncConnection, key: SubjectKey, by: ActingParty, now: datetime) -> None:
    """Take it away, and the stop with it; what happened stays on record, and recipients are told."""
    await connection.execute(delete(restrictions).where(restrictions.c.customer_id == key.customer_id))
    await resume(connection, key.customer_id, RESTRICTION)
    await record_event(connection, key, RightsEvent.LIFTED, by, now)
    await ask_to_tell(connection, key.customer_id, Notice.LIFTING, now)


async def end_objection(
    connection: AsyncConnection, key: SubjectKey, purpose: Purpose, by: ActingParty, now: datetime
) -> bool:
    """Take an objection back; whether there was one."""
    mine = objections.c.customer_id == key.customer_id, objections.c.purpose == purpose.name
    if (await connection.execute(delete(objections).where(*mine))).rowcount == 0:
        return False
    await resume(connection, key.customer_id, purpose.name)
    await record_event(connection, key, RightsEvent.WITHDRAWN, by, now, purpose=purpose)
    return True

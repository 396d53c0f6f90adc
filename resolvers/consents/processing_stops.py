"""Stores restrictions and objections: the event, the present state, and the stop that row filters check."""

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
    """The acting party: the customer, a member of staff by code, or the gateway itself when a deadline has passed."""

    actor: str
    staff: str | None = None
    reference: str | None = None
    """The case number of a request by letter or telephone."""
    request: int | None = None
    """The row of the register of requests that it is about; None: a new one."""


async def locked(connection: AsyncConnection, customer_id: int) -> bool:
    """Lock the customer's row until the transaction ends; False if there is none."""
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
    """Add an event, in the caller's transaction; the reason is encrypted."""
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
    """The encrypted reason."""
    return None if because is None else key.seal(column, id_, column.info["sealing"].encode(because))


async def stop(connection: AsyncConnection, customer_id: int, subject: str, now: datetime) -> None:
    """Hide the customer's rows from the purposes of the subject, from the commit on; idempotent."""
    mine = processing_stops.c.customer_id == customer_id, processing_stops.c.subject == subject
    # No race: every caller holds the lock of the customer's row.
    if await connection.scalar(select(processing_stops.c.id).where(*mine)) is None:
        row = {"id": new_id(), "customer_id": customer_id, "subject": subject, "since": now}
        await connection.execute(insert(processing_stops).values(row))


async def resume(connection: AsyncConnection, customer_id: int, subject: str) -> None:
    """Remove a stop; the rows can be read again from the commit on."""
    await connection.execute(
        delete(processing_stops).where(
            processing_stops.c.customer_id == customer_id, processing_stops.c.subject == subject
        )
    )


async def request_notices(
    connection: AsyncConnection, customer_id: int, about: Notice, now: datetime, fields: str | None = None
) -> None:
    """Request that recipients are informed (GDPR Art. 19): a worker lists them and sends messages."""
    row = {"id": new_id(), "customer_id": customer_id, "about": about.name, "fields": fields, "asked_at": now}
    await connection.execute(insert(notices).values(row))


async def mark_lifting_email(connection: AsyncConnection, email: int | None) -> None:
    """Mark an e-mail as the one after whose delivery a restriction may be lifted: the outbox records the delivery."""
    if email is not None:
        mine = outbox.c.id == email
        await connection.execute(update(outbox).where(mine).values(event=LIFTING_LETTER))


async def restriction_of(connection: AsyncConnection, customer_id: int) -> Any:
    """The present restriction; None if there is none."""
    return (
        await connection.execute(select(restrictions).where(restrictions.c.customer_id == customer_id))
    ).one_or_none()


async def grounds_of(connection: AsyncConnection, customer_id: int) -> list[str]:
    """The grounds of the present restriction, sorted by name; empty without one."""
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
    """The objection to a purpose, decided or pending; None if there is none."""
    mine = objections.c.customer_id == customer_id, objections.c.purpose == purpose.name
    return (await connection.execute(select(objections).where(*mine))).one_or_none()


async def end_restriction(connection: AsyncConnection, key: SubjectKey, by: ActingParty, now: datetime) -> None:
    """End the restriction and its stop. The events stay on record, and recipients are informed (GDPR Art. 19)."""
    # The stop is a row of its own because filters read it for every row: it has to be small and indexed.
    await connection.execute(delete(restrictions).where(restrictions.c.customer_id == key.customer_id))
    await resume(connection, key.customer_id, RESTRICTION)
    await record_event(connection, key, RightsEvent.LIFTED, by, now)
    await request_notices(connection, key.customer_id, Notice.LIFTING, now)


async def end_objection(
    connection: AsyncConnection, key: SubjectKey, purpose: Purpose, by: ActingParty, now: datetime
) -> bool:
    """Withdraw an objection; True if there was one."""
    mine = objections.c.customer_id == key.customer_id, objections.c.purpose == purpose.name
    if (await connection.execute(delete(objections).where(*mine))).rowcount == 0:
        return False
    await resume(connection, key.customer_id, purpose.name)
    await record_event(connection, key, RightsEvent.WITHDRAWN, by, now, purpose=purpose)
    return True

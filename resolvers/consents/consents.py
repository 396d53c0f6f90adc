"""Consents as append-only events: given with the wording that was shown, and withdrawn as easily (GDPR Art. 7)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from policy.wordings import VERSION, wording
from resolvers.commands.context import CommandContext, UserProblem
from resolvers.events.announcements import Fact, Ref, announce
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.tables.consents import consents


def outdated(version: Any, field: tuple[str, ...]) -> UserProblem | None:
    """The problem of a consent to an outdated wording; None if the version is the present one."""
    if version == VERSION:
        return None
    return UserProblem("WORDING_OUTDATED", "The text has changed: show the present one and ask again.", field)


async def give(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, kind: str, language: str, source: str
) -> int:
    """Record a consent to the present wording; returns the event's id."""
    return await _event(connection, context, key, kind, "GIVEN", language, source, Event.CONSENT_GIVEN)


async def withdraw(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, kind: str, language: str, source: str
) -> int:
    """Record a withdrawal; the earlier consent stays on record (R48). Returns the event's id."""
    return await _event(connection, context, key, kind, "WITHDRAWN", language, source, Event.CONSENT_WITHDRAWN)


async def is_given(connection: AsyncConnection, customer_id: int, kind: str) -> bool:
    """True if the newest event of this kind is a consent."""
    # By id: a customer's events have rising ids, whatever the clocks say (F3).
    newest = (
        select(func.max(consents.c.id))
        .where(consents.c.customer_id == customer_id, consents.c.kind == kind)
        .scalar_subquery()
    )
    return await connection.scalar(select(consents.c.state).where(consents.c.id == newest)) == "GIVEN"


async def _event(
    connection: AsyncConnection,
    context: CommandContext,
    key: SubjectKey,
    kind: str,
    state: str,
    language: str,
    source: str,
    event: Event,
) -> int:
    present, id_ = wording(kind, language), new_id()
    row = {
        "id": id_,
        "customer_id": key.customer_id,
        "kind": kind,
        "state": state,
        "wording_version": present.version,
        # The hash proves which text was shown, even if the wording of a version were changed.
        "wording_hash": present.hash,
        "language": present.language,
        "source": source,
        "at": context.now,
    }
    await connection.execute(insert(consents).values(row))
    facts: dict[str, Fact] = {"consent": Ref("Consent", id_), "kind": kind}
    await announce(connection, key, event.wire, context.now, facts=facts)
    return id_

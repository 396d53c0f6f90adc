"""Legal holds, which suspend an erasure, and those that may be shown to the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables.erasures import legal_holds


@dataclass(frozen=True, slots=True)
class Hold:
    """One legal hold: its fields, legal basis, start and end."""

    fields: tuple[str, ...]
    """Schema coordinates; empty for a hold of an earlier release, which covers all fields."""
    basis: str
    placed_at: datetime
    until: datetime
    """Its end, or the time at which it was lifted."""


def holds_at(now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition for holds that are in force at a time."""
    return legal_holds.c.lifted_at.is_(None) & (legal_holds.c.until > now)


def may_be_shown(now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition for holds that are under no embargo at a time."""
    return or_(legal_holds.c.embargoed_until.is_(None), legal_holds.c.embargoed_until <= now)


async def visible_holds(
    connection: AsyncConnection, customer_id: int, now: datetime, standing: bool = True
) -> Sequence[Hold]:
    """Return the holds that may be shown to the customer, in force or (`standing=False`) all ever; the oldest first."""
    query = select(
        legal_holds.c.fields, legal_holds.c.basis, legal_holds.c.placed_at, legal_holds.c.until, legal_holds.c.lifted_at
    ).where(legal_holds.c.customer_id == customer_id, may_be_shown(now))
    if standing:
        query = query.where(holds_at(now))
    return [
        # A hold that was lifted after its end had ended by itself.
        Hold(tuple(orjson.loads(fields or "[]")), basis or "an order to preserve", placed, min(lifted or until, until))
        for fields, basis, placed, until, lifted in await connection.execute(query.order_by(legal_holds.c.id))
    ]

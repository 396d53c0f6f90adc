"""What stands against an erasure by law, and what the customer may be told of it."""

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
    """One order to preserve: which fields, on which ground, from when to when."""

    fields: tuple[str, ...]
    """Schema coordinates; none where an order of an earlier release named none, and all are held."""
    basis: str
    placed_at: datetime
    until: datetime
    """When it ends, or when it was lifted."""

    @property
    def said(self) -> str:
        """The fields as a sentence names them."""
        return ", ".join(self.fields) or "all"


def holds_at(now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
    """Of the holds that stand at a moment."""
    return legal_holds.c.lifted_at.is_(None) & (legal_holds.c.until > now)


def may_be_told(now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
    """Of the holds that no order keeps secret at a moment."""
    return or_(legal_holds.c.embargoed_until.is_(None), legal_holds.c.embargoed_until <= now)


async def told_holds(
    connection: AsyncConnection, customer_id: int, now: datetime, standing: bool = True
) -> Sequence[Hold]:
    """What the customer may be told of the holds that stand, or that ever stood; the oldest first."""
    query = select(
        legal_holds.c.fields, legal_holds.c.basis, legal_holds.c.placed_at, legal_holds.c.until, legal_holds.c.lifted_at
    ).where(legal_holds.c.customer_id == customer_id, may_be_told(now))
    if standing:
        query = query.where(holds_at(now))
    return [
        Hold(tuple(orjson.loads(fields or "[]")), basis or "an order to preserve", placed, min(lifted or until, until))
        for fields, basis, placed, until, lifted in await connection.execute(query.order_by(legal_holds.c.id))
    ]

"""The partners that are bound: recipients of the purposes that they work for (GDPR Art. 30(1)(d); R7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import select

from policy.purposes import Purpose
from store.metadata import instant
from store.partners import partners
from store.reading import Reader


@dataclass(frozen=True, slots=True)
class BoundPartner:
    """A company under an undertaking of confidentiality that has not ended; its `fields` are schema coordinates."""

    name: str
    country: str
    purpose: Purpose
    fields: tuple[str, ...]
    since: datetime


async def bound_partners(reader: Reader) -> tuple[BoundPartner, ...]:
    """Those that may be served now, by name; a purpose that the policy does not know gives nothing to anybody."""
    p = partners.c
    bound = p.undertaken_at.is_not(None), p.document.is_not(None), p.ended_at.is_(None)
    query = select(p.name, p.country, p.purpose, p.fields, p.undertaken_at).where(*bound).order_by(p.name)
    rows = await reader.fetch(reader.prepare(query), {})
    return tuple(
        BoundPartner(name, country, Purpose[purpose], tuple(orjson.loads(fields)), instant(since))
        for name, country, purpose, fields, since in rows
        if purpose in Purpose.__members__
    )

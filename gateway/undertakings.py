"""Whether a client is one of ours, or of a partner that is bound: no undertaking, no token, old ones included (R7)."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from store.clients import clients
from store.partners import partners


def bound() -> ColumnElement[bool]:
    """For statements that join the partners to the clients."""
    ours = clients.c.partner_id.is_(None)
    return ours | (partners.c.undertaken_at.is_not(None) & partners.c.ended_at.is_(None))

"""Purposes that a client has in an emergency, as each read of its registration compares them with the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from policy import registered
from policy.purposes import Purpose
from store.registers.grants import emergency_grants
from store.sql.metadata import Instant

E = emergency_grants.c


def emergencies(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The purposes that a client has in an emergency at `:now`, for a column of client ids: names, or null."""
    at = bindparam("now", type_=Instant)
    names = select(func.aggregate_strings(E.purpose, " ")).where(E.client_id == column, *running_at(at))
    return names.scalar_subquery()


def emergency_purposes(words: str | None) -> frozenset[Purpose]:
    """The purposes of a value of `emergencies`, but for those that no tool may have."""
    known = (Purpose[name] for name in (words or "").split() if name in Purpose.__members__)
    # A row may have been written by hand (D11).
    return frozenset(each for each in known if not registered.offences(alone(each)) and not each.own_data_only)


def alone(purpose: Purpose) -> registered.ClientRegistration:
    """A registration for this purpose, to be judged by the hard rules."""
    return registered.ClientRegistration(frozenset({purpose.name}))


def running_at(now: Any) -> Sequence[ColumnElement[bool]]:
    """The conditions for grants that run at a moment."""
    return E.ended_at.is_(None), E.opened_at <= now, E.ends_at > now

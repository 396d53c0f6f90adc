"""Schedules the erasure of imported customers without services; they are warned first, like others (R34)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo

from policy.dates import ErasureCause, ErasureDates, due_erasure, earliest_due
from policy.erasing import State
from resolvers.customers.new_customer import NewCustomer, NewErasure


def is_over(new: NewCustomer, now: datetime, zone: tzinfo) -> bool:
    """True if the six months after the customer's last service are over."""
    clock = _clock(new, zone)
    return clock is not None and clock.due < now


def with_erasure(new: NewCustomer, now: datetime, zone: tzinfo) -> NewCustomer:
    """The customer, with a scheduled erasure if no service runs; its date leaves time for two warnings."""
    if _clock(new, zone) is None:
        return new
    # Six months may be over at import, and the warnings have to come first (R34).
    earliest = earliest_due(now, zone)
    clock = _clock(new, zone, earliest)
    assert clock is not None  # The same customer.
    since = _ended(new) or new.created_at
    erasure = NewErasure(
        State.SCHEDULED, ErasureCause.RETENTION, min(since, now), due_at=clock.due, not_due_before=earliest
    )
    return replace(new, erasures=(erasure,))


def _clock(new: NewCustomer, zone: tzinfo, not_due_before: datetime | None = None) -> ErasureDates | None:
    return due_erasure(
        requests=(),
        services_active=any(service.status != "TERMINATED" for service in new.services),
        last_service_ended=_ended(new),
        last_sign_in=new.created_at,
        zone=zone,
        not_due_before=not_due_before,
    )


def _ended(new: NewCustomer) -> datetime | None:
    return max((service.terminated_at for service in new.services if service.terminated_at), default=None)

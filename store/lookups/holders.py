"""Validates look-ups against the data: a look-up is valid if the row that it leads to has its `ref`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

from sqlalchemy import Column, Table, bindparam, select

from store.crypto.blind_index import Lookup
from store.records.registrations import runs
from store.sql.metadata import Instant
from store.sql.reading import Reader, any_of
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.domains import domains
from store.tables.services import services


@dataclass(frozen=True, slots=True)
class LookupPlace:
    """The column of a value in the data, and the column that links its row to the look-up."""

    value: Column[Any]
    ref: Column[bytes]
    owner: Column[int]

    @property
    def table(self) -> Table:
        """The table of the columns."""
        table: Table = self.ref.table
        return table


PLACES: Final[Mapping[Lookup, LookupPlace]] = {
    Lookup.EMAIL: LookupPlace(customers.c.email, customers.c.email_ref, customers.c.id),
    Lookup.CUSTOMER_NUMBER: LookupPlace(customers.c.customer_number, customers.c.number_ref, customers.c.id),
    Lookup.EXTERNAL_ID: LookupPlace(customers.c.external_id, customers.c.external_ref, customers.c.id),
    Lookup.PHONE: LookupPlace(customers.c.phone, customers.c.phone_ref, customers.c.id),
    Lookup.SERVICE_NAME: LookupPlace(services.c.name, services.c.name_ref, services.c.customer_id),
    Lookup.LOGIN: LookupPlace(credentials.c.login_name, credentials.c.login_ref, credentials.c.customer_id),
    Lookup.DOMAIN: LookupPlace(domains.c.name, domains.c.name_ref, domains.c.customer_id),
}

AT_ONCE = 500
"""Maximum rows in one statement."""


class LookupState(Enum):
    """The state of a look-up by the committed data."""

    IN_USE = auto()
    """The row of the data has its `ref`."""
    LAPSED = auto()
    """Likewise, but it is a domain whose registration has ended: the name is free to be registered."""
    ENDED = auto()
    """Likewise, and another registration has taken the name: the row keeps its look-up, but not the name."""
    UNUSED = auto()
    """No row of the data has its `ref`."""


async def states(reader: Reader, kind: Lookup, held: Sequence[tuple[int, bytes]], now: datetime) -> list[LookupState]:
    """Return the state of each pair of row and `ref`; `now` is the time at which registrations must run."""
    place = PLACES[kind]
    ends = (runs(bindparam("now", type_=Instant)).label("runs"), domains.c.released_at) if kind is Lookup.DOMAIN else ()
    one = reader.prepare(select(place.table.c.id, place.ref, *ends).where(any_of(place.table.c.id, "ids")))
    found: dict[int, Sequence[Any]] = {}
    for start in range(0, len(held), AT_ONCE):
        ids = [row_id for row_id, _ in held[start : start + AT_ONCE]]
        rows = await reader.fetch(one, {"ids": ids, **({"now": now} if kind is Lookup.DOMAIN else {})})
        found |= {row[0]: row[1:] for row in rows}
    return [_state(found.get(row_id), ref) for row_id, ref in held]


def _state(row: Sequence[Any] | None, ref: bytes) -> LookupState:
    if row is None or row[0] is None or bytes(row[0]) != ref:
        return LookupState.UNUSED
    if len(row) == 1 or row[1]:
        return LookupState.IN_USE
    return LookupState.LAPSED if row[2] is None else LookupState.ENDED

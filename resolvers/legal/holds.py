"""Orders to preserve: which fields of whom, on which ground, until when, and may the customer know (R53, A18)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import insert, select, update

from resolvers.events.references import may_be_personal
from resolvers.legal.orders import is_order_number
from store.database.store import Store
from store.lookups.customer_numbers import customer_with_number
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.erasures import legal_holds

LONGEST_BASIS = 200


class HoldError(Exception):
    """The hold cannot be placed as asked; the text says why, and how to go on. It repeats no value of a person."""


@dataclass(frozen=True, slots=True, repr=False)
class NewHold:
    """An order as it came in."""

    number: str
    """The customer's."""
    reference: str
    fields: tuple[str, ...]
    """Schema coordinates, all that is to be kept."""
    basis: str
    """The provision of law, such as `Art. 265 StPO`."""
    days: int
    visible: bool
    """Whether the customer may be told while it stands."""

    def check(self, coordinates: Collection[str]) -> None:
        """HoldError for what names no order, no ground, or a field that is none."""
        if not is_order_number(self.reference):
            raise HoldError("A reference is the order's number, such as '4 O 123/26'.")
        if not self.basis.strip() or not self.basis.isprintable() or len(self.basis) > LONGEST_BASIS:
            raise HoldError(f"The basis is a provision of law, in 1 to {LONGEST_BASIS} characters on one line.")
        if may_be_personal(self.basis):
            raise HoldError("The basis is a provision of law, such as 'Art. 265 StPO', and names nobody.")
        if not self.fields:
            raise HoldError("Name the fields that the order keeps: it keeps no others.")
        if unknown := sorted(set(self.fields) - set(coordinates)):
            raise HoldError(f"There is no field {unknown[0]}: name fields of the schema, such as Customer.email.")


class Holds:
    """Places and lifts them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def place(self, new: NewHold, coordinates: Collection[str], now: datetime) -> None:
        """Have the customer's erasure wait from now on; HoldError, also when there is no such customer."""
        new.check(coordinates)
        found = await customer_with_number(self._store, new.number)
        until = now + timedelta(days=new.days)
        async with self._store.write() as connection:
            owner = await connection.scalar(select(customers.c.id).where(customers.c.id == found).with_for_update())
            if owner is None:
                raise HoldError("There is no customer with this number.")
            row = {
                "id": new_id(), "customer_id": owner, "reference": new.reference[:64], "placed_at": now,
                "until": until, "embargoed_until": None if new.visible else until, "basis": new.basis,
                "fields": orjson.dumps(sorted(set(new.fields))).decode(),
            }  # fmt: skip
            await connection.execute(insert(legal_holds).values(row))

    async def lift(self, reference: str, now: datetime) -> int:
        """End every hold of an order; how many there were. What was secret while it stood may be told now."""
        standing = update(legal_holds).where(legal_holds.c.reference == reference, legal_holds.c.lifted_at.is_(None))
        async with self._store.write() as connection:
            done = await connection.execute(standing.values(lifted_at=now))
            silent = update(legal_holds).where(
                legal_holds.c.reference == reference, legal_holds.c.embargoed_until > now
            )
            await connection.execute(silent.values(embargoed_until=now))
            return int(done.rowcount)

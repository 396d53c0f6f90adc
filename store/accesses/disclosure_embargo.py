"""Which reads a customer may be told of: those for a legal request wait until the case itself may be told (R24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from policy.orders import Order
from policy.purposes import Purpose
from store.sql.metadata import Id, instant
from store.sql.reading import Reader
from store.tables.disclosures import disclosures


@dataclass(frozen=True, slots=True)
class TellableCases:
    """The cases of authorities that this customer may be told of at a moment."""

    told: frozenset[Order]

    @classmethod
    async def about(cls, reader: Reader, customer_id: int, now: datetime) -> TellableCases:
        """A case may be told once something was disclosed in it, and every order to be silent about it has ended."""
        columns = select(disclosures.c.trigger, disclosures.c.embargoed_until).where(
            disclosures.c.customer_id == bindparam("owner", type_=Id), disclosures.c.recipient_kind == "AUTHORITY"
        )
        rows = await reader.fetch(reader.prepare(columns), {"owner": customer_id})
        cases = [(Order.of_trigger(trigger), until) for trigger, until in rows]
        silent = {case for case, until in cases if until is not None and instant(until) > now}
        return cls(frozenset(case for case, _ in cases if case is not None and case not in silent))

    def allows(self, entry: Mapping[str, Any]) -> bool:
        """Whether the customer may be told of this entry of the ledger: to see the read is to know of the request."""
        if entry.get("purpose") != Purpose.LEGAL_REQUEST.name:
            return True
        return Order(str(entry.get("reference"))) in self.told

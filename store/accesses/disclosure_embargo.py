"""The embargo on accesses for a legal request: they are hidden from the customer as long as the case is (R24)."""

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
class VisibleCases:
    """The cases of authorities that may be shown to this customer at a given time."""

    cases: frozenset[Order]

    @classmethod
    async def about(cls, reader: Reader, customer_id: int, now: datetime) -> VisibleCases:
        """Find the cases in which data was disclosed and every embargo has ended."""
        columns = select(disclosures.c.trigger, disclosures.c.embargoed_until).where(
            disclosures.c.customer_id == bindparam("owner", type_=Id), disclosures.c.recipient_kind == "AUTHORITY"
        )
        rows = await reader.fetch(reader.prepare(columns), {"owner": customer_id})
        cases = [(Order.of_trigger(trigger), until) for trigger, until in rows]
        silent = {case for case, until in cases if until is not None and instant(until) > now}
        return cls(frozenset(case for case, _ in cases if case is not None and case not in silent))

    def allows(self, entry: Mapping[str, Any]) -> bool:
        """Return whether the customer may see this entry of the ledger: an access for a case reveals the case."""
        if entry.get("purpose") != Purpose.LEGAL_REQUEST.name:
            return True
        return Order(str(entry.get("reference"))) in self.cases

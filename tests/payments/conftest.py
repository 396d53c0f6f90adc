"""Customers who change how they pay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from policy.wordings import VERSION
from store.database.store import Store
from tests.promises.gate import TODAY, Gate, own

GENUINE = "4539 5787 6362 1486"
BARE = "4539578763621486"
ADD = """mutation ($in: AddCardInput!) { addCard(input: $in) {
  card { id brand last4 expMonth expYear isDefault } userErrors { code field message } } }"""
METHODS = "{ me { paymentMethods { __typename id isDefault } } }"
CONSENTS = "{ me { consents { nodes { kind state wordingVersion language source } } } }"


@dataclass(frozen=True, slots=True)
class Wallet:
    """One customer, signed in a moment ago."""

    gate: Gate
    place: int = 0

    async def ask(self, query: str, **variables: Any) -> Any:
        """The one root field of an operation."""
        who = own(self.gate.ids[self.place], authenticated_at=int(TODAY.timestamp()))
        answer = await self.gate.ask(query, who, variables=variables)
        ((_, found),) = answer.data.items()
        return found

    async def add(self, **changes: Any) -> Any:
        """Add a card with the box ticked, but for the changes."""
        consent = {"agreed": True, "wordingVersion": VERSION, "language": "fr-CH"}
        card = {"number": GENUINE, "expMonth": 3, "expYear": 2029, "consent": consent}
        return await self.ask(ADD, **{"in": card | changes})

    async def methods(self) -> list[Any]:
        """How the customer pays."""
        found: list[Any] = (await self.ask(METHODS))["paymentMethods"]
        return found

    async def rows(self, table: Any) -> list[Any]:
        """The customer's rows of a table, oldest first."""
        async with self.gate.store.write() as connection:
            mine = select(table).where(table.c.customer_id == self.gate.ids[self.place]).order_by(table.c.id)
            return list((await connection.execute(mine)).all())


@pytest.fixture
async def wallet(store: Store) -> Wallet:
    """The first of two customers, with no way to pay."""
    gate = await Gate.of(store, 2)
    gate.people = [replace(gate.people[0]), gate.people[1]]
    found = Wallet(gate, 1)
    for method in await found.methods():
        await found.ask(
            "mutation ($id: ID!) { removePaymentMethod(input: {paymentMethodId: $id}) { userErrors { code } } }",
            id=method["id"],
        )
    return found

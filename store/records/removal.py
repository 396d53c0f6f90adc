"""Deletes the rows of customers in every table, as they are declared."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from store.records.holdings import holdings


async def remove_rows(connection: AsyncConnection, customer_ids: Sequence[int]) -> None:
    """Delete every row of these customers that is declared to be removed (`store.records.declared`).

    Referring tables come first, and a table that was forgotten makes this fail on its foreign key.
    """
    for each in reversed(holdings()):
        if each.removed:
            await connection.execute(delete(each.table).where(each.of_any(customer_ids)))

"""How far the ledger's tree is behind its entries."""

from __future__ import annotations

from sqlalchemy import func, select

from store.database.store import Store
from store.ledger.tree_tables import ledger_pending


class UnsealedEntries:
    """Counts them."""

    def __init__(self, store: Store) -> None:
        self._reader = store.ledger_reader
        self._behind = self._reader.prepare(select(func.count()).select_from(ledger_pending))

    async def count(self) -> int:
        """Entries that are no leaf of the tree yet; StoreUnavailableError."""
        ((count,),) = await self._reader.fetch(self._behind, {})
        return int(count)

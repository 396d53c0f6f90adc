"""Finds the clients that read a customer's data, from the ledger's index and its unsealed entries."""

from __future__ import annotations

import orjson
from sqlalchemy import select

from store.accesses.accesses import Accesses
from store.ledger.entries import ledger_entries
from store.ledger.tree_tables import ledger_pending
from store.sql.reading import Reader

PAGE = 500
"""Entries in one statement."""

NEWEST = 20_000
"""Maximum unsealed entries that are scanned: more than there are while any sealer runs."""


async def clients_that_read(reader: Reader, pseudonym: str) -> set[str]:
    """Return the client ids of all entries about this pseudonym that were not pruned; StoreUnavailableError."""
    found: set[str] = set()
    newest = (
        select(ledger_entries.c.entry)
        .join(ledger_pending, ledger_pending.c.sequence == ledger_entries.c.sequence)
        .order_by(ledger_pending.c.sequence.desc())
        .limit(NEWEST)
    )
    # Unsealed entries first: one that is sealed between the two reads is found twice, not missed.
    for (entry,) in await reader.fetch(reader.prepare(newest), {}):
        said = orjson.loads(bytes(entry))
        if pseudonym in said.get("subjects", ()):
            found.add(str(said.get("client")))
    accesses, before = Accesses(reader), None
    while page := (await accesses.pages([pseudonym], before, PAGE)).get(pseudonym):
        found |= {str(orjson.loads(access.entry).get("client")) for access in page}
        before = page[-1].index
    return found

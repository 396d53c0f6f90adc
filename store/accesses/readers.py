"""Which programs read a customer's data, by the ledger: entries that are leaves by its index, the newest one by one."""

from __future__ import annotations

import orjson
from sqlalchemy import select

from store.accesses.accesses import Accesses
from store.ledger.entries import ledger_entries
from store.ledger.tree_tables import ledger_pending
from store.sql.reading import Reader

PAGE = 500
"""Entries read at once."""

NEWEST = 20_000
"""Entries that are no leaves yet and are looked through at most: more than wait while anything seals the ledger."""


async def clients_that_read(reader: Reader, pseudonym: str) -> set[str]:
    """The ids of the clients of every entry about this pseudonym that the ledger still has; StoreUnavailableError."""
    found: set[str] = set()
    accesses, before = Accesses(reader), None
    while page := (await accesses.pages([pseudonym], before, PAGE)).get(pseudonym):
        found |= {str(orjson.loads(access.entry).get("client")) for access in page}
        before = page[-1].index
    newest = (
        select(ledger_entries.c.entry)
        .join(ledger_pending, ledger_pending.c.sequence == ledger_entries.c.sequence)
        .order_by(ledger_pending.c.sequence.desc())
        .limit(NEWEST)
    )
    for (entry,) in await reader.fetch(reader.prepare(newest), {}):
        said = orjson.loads(bytes(entry))
        if pseudonym in said.get("subjects", ()):
            found.add(str(said.get("client")))
    return found

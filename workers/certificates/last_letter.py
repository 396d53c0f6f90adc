"""The signed statement about the final notice of an erasure, once it was delivered, refused or given up (D5, D9).

```
certified, the letter WAITS ──outcome──▶ found by the index ──▶ signed ──▶ in the ledger ──▶ stated
certified, with the outcome ───────────────────────────────────────────────────────────────▶ stated
```
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import State
from store.database.store import Store
from store.sql.metadata import Id
from store.tables.erasures import TO_STATE, erasure_letters, erasures
from workers.certificates.certificates import LETTER, Signers, case_name, letter_facts, letter_ledger_entry, signed
from workers.loop.periodic import guarded

PAGE = 50
"""Statements in one round."""


class LetterStatements:
    """Signs statements about final notices, a page in each round."""

    def __init__(self, store: Store, signers: Signers) -> None:
        self._store, self._signers = store, signers
        # With literals: with parameters no database would use the partial index.
        due = select(erasure_letters.c.id).where(text(TO_STATE), erasure_letters.c.id > bindparam("last", type_=Id))
        self._due = store.reader.prepare(due.order_by(erasure_letters.c.id).limit(PAGE))
        self._last = 0

    async def run(self, now: datetime) -> None:
        """Process a page, from where the last round stopped, so that a case that is not certified yet, or one that
        fails, does not block the others (F9)."""
        found = await self._store.reader.fetch(self._due, {"last": self._last})
        self._last = found[-1][0] if len(found) == PAGE else 0
        for (letter,) in found:
            await guarded("a statement on a last letter", self.state(letter, now))

    async def state(self, letter: int, now: datetime) -> bool:
        """Sign the outcome of a letter; returns whether there is a statement. The statement is stored before it is
        recorded in the ledger, and signed once: a worker that takes over finds it."""
        signers = await self._signers()
        async with self._store.write() as connection:
            row = await self._locked(connection, letter)
            if row is None:
                return False
            if row.certificate is None:  # The erasure was repeated after a restore, and certified before it.
                await _stated(connection, letter)
                return False
            name = case_name(self._store.keys.system, row.id)
            statement = row.letter_statement or signed(signers, letter_facts(name, row.certificate, row, now), LETTER)
            await connection.execute(update(erasures).where(erasures.c.id == row.id).values(letter_statement=statement))
        # Not in the transaction: the ledger is another database. After a crash in between the stored statement is
        # recorded again, so the ledger may have its entry twice, but never lacks it.
        await self._store.ledger.append(letter_ledger_entry(statement, now))
        async with self._store.write() as connection:
            await _stated(connection, letter)
        return True

    async def _locked(self, connection: AsyncConnection, letter: int) -> Any:
        """Lock the certified case of a letter, with its outcome; None if there is none, or another worker has it."""
        columns = (
            erasures.c.id,
            erasures.c.certificate,
            erasures.c.letter_statement,
            erasure_letters.c.outcome,
            erasure_letters.c.settled_at,
            erasure_letters.c.written_at,
        )
        mine = (
            select(*columns)
            .join(erasures, erasures.c.id == erasure_letters.c.erasure_id)
            .where(erasure_letters.c.id == letter, ~erasure_letters.c.stated, erasures.c.state == State.ERASED.name)
        )
        found = mine.with_for_update(skip_locked=True, of=erasures)
        return (await connection.execute(found)).one_or_none()


async def _stated(connection: AsyncConnection, letter: int) -> None:
    await connection.execute(update(erasure_letters).where(erasure_letters.c.id == letter).values(stated=True))


__all__: Sequence[str] = ["LetterStatements"]

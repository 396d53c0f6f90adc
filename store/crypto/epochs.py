"""The keys that encrypt stored blind indexes: one for each version of the root key, destroyed with it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.crypto.lookup_tables import lookup_epochs
from store.crypto.root_key import RootKeys
from store.crypto.subject_key import KEY_BYTES
from store.crypto.system_keys import insert_new
from store.sql.engines import transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.reading import Reader

COLUMNS = (lookup_epochs.c.epoch, lookup_epochs.c.root_version, lookup_epochs.c.wrapped, lookup_epochs.c.ended_at)

MOST = 2
"""Maximum epochs at a time: none begins while rows of an earlier one are left."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One key. The plaintext is exactly one AES block (FIPS 197), a pseudorandom 128-bit number that is unique for its
    value: equal values give equal marks, which a look-up needs, and a mark shows nothing else."""

    number: int
    root_version: int
    ended: bool
    wrapped: bytes = field(repr=False)
    _cipher: Cipher[ECB] = field(repr=False)

    def mark(self, index: bytes) -> bytes:
        """Encrypt a blind index to its stored form."""
        return self._cipher.encryptor().update(index)

    def index(self, mark: bytes) -> bytes:
        """Decrypt a mark of this epoch to its blind index."""
        return self._cipher.decryptor().update(mark)


class WritingEpochs:
    """Unwraps and caches the keys of the current epochs, and determines the one under which a transaction writes."""

    def __init__(self, root: RootKeys) -> None:
        self._root = root
        self.living: tuple[Epoch, ...] = ()
        """The epochs at the last read of the key store, the oldest first."""

    async def lock(self, connection: AsyncConnection) -> Epoch:
        """Return the epoch in which a transaction may write, and lock it: no other begins before the transaction ends.

        On PostgreSQL the rows are locked FOR SHARE. If an epoch ended during the wait for the lock, its successor is
        not in the statement's snapshot, so the query is repeated. StoreUnavailableError if there is no epoch.
        """
        for _ in range(10):
            rows = (
                await connection.execute(select(*COLUMNS).order_by(lookup_epochs.c.epoch).with_for_update(read=True))
            ).all()
            if any(row.ended_at is None for row in rows):
                self._keep(rows)
                return self.living[-1]
        raise StoreUnavailableError(OutageCause.LOCKED, lookup_epochs.name)

    async def ended(self, connection: AsyncConnection) -> bool:
        """Return whether an epoch has ended whose key still exists."""
        return bool(
            await connection.scalar(select(lookup_epochs.c.epoch).where(lookup_epochs.c.ended_at.is_not(None)).limit(1))
        )

    async def begin(self, connection: AsyncConnection) -> bool:
        """End the current epoch and begin the next one if there is a newer root key; within a transaction."""
        present = select(*COLUMNS).where(lookup_epochs.c.ended_at.is_(None)).with_for_update()
        row = (await connection.execute(present)).one_or_none()
        if row is None or row.root_version >= self._root.current():
            return False
        now = datetime.now(UTC)
        await connection.execute(update(lookup_epochs).where(lookup_epochs.c.epoch == row.epoch).values(ended_at=now))
        await connection.execute(insert_new(connection, lookup_epochs), self._new(row.epoch + 1, now))
        return True

    def _new(self, number: int, now: datetime) -> dict[str, object]:
        version, wrapped = self._root.wrap(f"lookups:{number}", secrets.token_bytes(KEY_BYTES))
        return {"epoch": number, "root_version": version, "wrapped": wrapped, "made_at": now, "ended_at": None}

    def _keep(self, rows: Sequence[Sequence[Any]]) -> None:
        # Unwrap only new or changed keys: this runs in every write of a look-up.
        kept = {(each.wrapped, each.ended): each for each in self.living}
        found = [(row[0], row[1], bytes(row[2]), row[3] is not None) for row in rows]
        self.living = tuple(
            kept.get((wrapped, ended)) or self._opened(number, version, wrapped, ended)
            for number, version, wrapped, ended in found
        )

    def _opened(self, number: int, version: int, wrapped: bytes, ended: bool) -> Epoch:
        key = self._root.unwrap(version, f"lookups:{number}", wrapped)
        return Epoch(number, version, ended, wrapped, Cipher(AES(key), ECB()))  # noqa: S305  (one block: see Epoch)


class Epochs(WritingEpochs):
    """Epochs for readers: they are loaded outside of a transaction, and reloaded when one has changed."""

    def __init__(self, reader: Reader, engine: AsyncEngine, root: RootKeys) -> None:
        super().__init__(root)
        self._reader, self._engine = reader, engine
        self._all = reader.prepare(select(*COLUMNS).order_by(lookup_epochs.c.epoch))

    async def load(self) -> None:
        """Read the current epochs; creates the first one."""
        rows = await self._reader.fetch(self._all, {})
        if not rows:
            await self._make_first()
            rows = await self._reader.fetch(self._all, {})
        self._keep(rows)

    async def known(self) -> tuple[Epoch, ...]:
        """Return the cached epochs; at least one."""
        if not self.living:
            await self.load()
        return self.living

    async def _make_first(self) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(insert_new(connection, lookup_epochs), self._new(1, datetime.now(UTC)))

"""The keys under which fingerprints rest: each lives and dies with one version of the root key."""

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
"""Epochs that live at a time: none begins while rows of an earlier one are left."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One key. What is encrypted is exactly one block of AES (FIPS 197), a pseudorandom 128-bit number that is unique
    for its value: equal values give equal marks, which a look-up needs, and nothing else is to be seen."""

    number: int
    root_version: int
    ended: bool
    wrapped: bytes = field(repr=False)
    _cipher: Cipher[ECB] = field(repr=False)

    def mark(self, index: bytes) -> bytes:
        """How a blind index rests."""
        return self._cipher.encryptor().update(index)

    def index(self, mark: bytes) -> bytes:
        """The blind index of a mark of this epoch."""
        return self._cipher.decryptor().update(mark)


class WritingEpochs:
    """Unwraps the keys of epochs, keeps them while they live, and says which one a transaction writes under."""

    def __init__(self, root: RootKeys) -> None:
        self._root = root
        self.living: tuple[Epoch, ...] = ()
        """Those that were there when the key store was last asked, the oldest first."""

    async def lock(self, connection: AsyncConnection) -> Epoch:
        """The epoch in which a transaction may write: no other begins before the transaction ends.

        On PostgreSQL the rows are locked FOR SHARE. Where an epoch ended while the lock was waited for, the one that
        follows it is not in the statement's snapshot: it is asked for once more. StoreUnavailableError without an
        epoch.
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
        """Whether an epoch has ended and is not gone yet."""
        return bool(
            await connection.scalar(select(lookup_epochs.c.epoch).where(lookup_epochs.c.ended_at.is_not(None)).limit(1))
        )

    async def begin(self, connection: AsyncConnection) -> bool:
        """End the present epoch and begin the next one, if the root key is a newer one; within a transaction."""
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
    """The same for who reads, too: an answer tells which epochs live (`store.crypto.lookups`)."""

    def __init__(self, reader: Reader, engine: AsyncEngine, root: RootKeys) -> None:
        super().__init__(root)
        self._reader, self._engine = reader, engine
        self._all = reader.prepare(select(*COLUMNS).order_by(lookup_epochs.c.epoch))

    async def load(self) -> None:
        """Get those that live now, and make the first one."""
        rows = await self._reader.fetch(self._all, {})
        if not rows:
            await self._make_first()
            rows = await self._reader.fetch(self._all, {})
        self._keep(rows)

    async def known(self) -> tuple[Epoch, ...]:
        """Those that live as far as is known here; never none."""
        if not self.living:
            await self.load()
        return self.living

    async def _make_first(self) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(insert_new(connection, lookup_epochs), self._new(1, datetime.now(UTC)))

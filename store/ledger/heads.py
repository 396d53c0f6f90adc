"""The ledger's last signed tree head, stored where the ledger's database cannot change it (C2SP tlog-checkpoint).

A head is stored before its signature is published. A ledger that does not contain the stored head was rolled back:
nothing is signed or served over it until `gateway ledger resume`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import BigInteger, Integer, LargeBinary, Text, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from policy.retention import RetentionRule
from store.crypto.system_keys import insert_new
from store.ledger.proofs import Prover
from store.ledger.signing_keys import KnownKeys
from store.ledger.tree_tables import TREE, ledger_tree
from store.merkle.checkpoints import Checkpoint
from store.merkle.merkle_tree import Hash
from store.merkle.tiles import TileMissingError
from store.sql.engines import transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.metadata import Instant, key_metadata, plain, table
from store.sql.reading import Reader

ledger_heads = table(
    "ledger_heads",
    RetentionRule.KEYS,
    plain("id", Integer, None, primary_key=True, autoincrement=False),
    plain("origin", Text, None),
    plain("size", BigInteger, None),
    plain("root", LargeBinary, None),
    plain("remembered_at", Instant, None),
    within=key_metadata,
)
"""One row: the log's name, size and root of the largest signed tree. It contains no personal data."""

HEAD = 1
"""The id of that row."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed tree head: the name of the log, the number of its entries, and the root over them."""

    origin: str
    size: int
    root: Hash

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> SignedHead:
        """Return the head of a checkpoint."""
        return cls(checkpoint.origin, checkpoint.size, checkpoint.root)


class HeadPlace(Protocol):
    """A further, append-only place that stores signed heads, beside the key store."""

    async def latest(self) -> SignedHead | None:
        """Return the last head; None if there is none yet. StoreUnavailableError."""

    async def remember(self, note: str) -> None:
        """Store a signed checkpoint, durably; StoreUnavailableError when that is not certain."""


class LedgerBehindError(StoreUnavailableError):
    """The ledger does not contain a signed head: it was rolled back, or is another ledger."""

    def __init__(self, head: SignedHead, size: int) -> None:
        what = f"it has {size} entries" if size < head.size else "its entries are others"
        super().__init__(OutageCause.LEDGER_BEHIND, f"size {head.size} of {head.origin} was signed before, and {what}")
        self.head = head


def _now() -> datetime:
    return datetime.now(UTC)


class Heads:
    """Reads and advances the head in the key store, with compare-and-swap, so that any number of processes may do
    so."""

    def __init__(
        self,
        reader: Reader,
        engine: AsyncEngine,
        clock: Callable[[], datetime] = _now,
        guard: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`guard` raises StoreUnavailableError while it is not certain that the ledger's server lacks nothing."""
        self._reader, self._engine, self._clock, self._guard = reader, engine, clock, guard
        self._find = reader.prepare(
            select(ledger_heads.c.origin, ledger_heads.c.size, ledger_heads.c.root).where(ledger_heads.c.id == HEAD)
        )

    async def latest(self) -> SignedHead | None:
        """Return the head; None while nothing was signed."""
        rows = await self._reader.fetch(self._find, {})
        return SignedHead(rows[0][0], int(rows[0][1]), bytes(rows[0][2])) if rows else None

    async def advance(self, before: SignedHead | None, to: SignedHead) -> bool:
        """Store `to`, durably, if `before` is still the stored head; False when another process was faster.

        StoreUnavailableError, also by `guard`: what a server that lacks entries has must not be signed.
        """
        if self._guard is not None:
            await self._guard()
        row = {"origin": to.origin, "size": to.size, "root": to.root, "remembered_at": self._clock()}
        async with transaction(self._engine) as connection:
            if before is None:
                done = await connection.execute(insert_new(connection, ledger_heads), row | {"id": HEAD})
            else:
                columns = ledger_heads.c
                same = (
                    columns.id == HEAD,
                    columns.origin == before.origin,
                    columns.size == before.size,
                    columns.root == before.root,
                )
                done = await connection.execute(update(ledger_heads).where(*same).values(row))
        return done.rowcount == 1


class Containing:
    """Compares the stored tree with signed heads; reads a few rows, most of them from the prover's cache."""

    def __init__(self, reader: Reader, prover: Prover | None = None) -> None:
        self._reader, self._prover, self._known = reader, prover or Prover(reader), KnownKeys(reader)
        self._size = reader.prepare(select(ledger_tree.c.size).where(ledger_tree.c.id == TREE))

    async def size(self) -> int:
        """Return the number of leaves of the tree."""
        rows = await self._reader.fetch(self._size, {})
        return int(rows[0][0]) if rows else 0

    async def require(self, heads: Sequence[SignedHead | None]) -> None:
        """Raise LedgerBehindError unless the ledger contains all of these heads.

        A head is contained if the tree is at least as large, has the same root at that size, and has or had that name.
        """
        for head in heads:
            if head is None:
                continue
            size = await self.size()
            names = {key.verifier.name for key in await self._known.all()}
            if size < head.size or head.origin not in names or await self._root(head.size) != head.root:
                raise LedgerBehindError(head, size)

    async def _root(self, size: int) -> Hash | None:
        try:
            return await self._prover.root(size)
        except TileMissingError:
            return None

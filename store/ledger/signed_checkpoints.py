"""Reads signed checkpoints, and signs new ones."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from store.crypto.system_keys import insert_new
from store.ledger.heads import Containing, HeadPlace, Heads, SignedHead
from store.ledger.proofs import Prover
from store.ledger.signing_keys import LedgerKeys
from store.ledger.tree_tables import ledger_checkpoints
from store.merkle.checkpoints import Checkpoint
from store.merkle.merkle_tree import Hash
from store.sql.engines import transaction
from store.sql.metadata import Id, instant
from store.sql.reading import PreparedStatement, Reader

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signed:
    """A stored checkpoint; `note` is the text for outsiders."""

    size: int
    key_number: int
    root: Hash
    note: str
    signed_at: datetime


class LedgerInconsistentError(Exception):
    """The stored tree contradicts an earlier signature: nothing more may be signed over it."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"The stored hashes of the ledger do not give the root that was signed at size {size}: they were changed. "
            "Nothing more is signed. Restore the ledger from its backup, and compare it with an export."
        )


class Checkpoints:
    """Reads the checkpoints."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        columns = select(
            ledger_checkpoints.c.size,
            ledger_checkpoints.c.key_number,
            ledger_checkpoints.c.root,
            ledger_checkpoints.c.note,
            ledger_checkpoints.c.signed_at,
        )
        descending = columns.order_by(ledger_checkpoints.c.size.desc(), ledger_checkpoints.c.key_number.desc())
        newest = descending.limit(1)
        self._latest = reader.prepare(newest)
        self._recent = reader.prepare(descending.limit(bindparam("most", type_=Id)))
        self._at = reader.prepare(newest.where(ledger_checkpoints.c.size == bindparam("size", type_=Id)))
        self._between = reader.prepare(_between(columns))

    async def latest(self) -> Signed | None:
        """Return the checkpoint of the largest tree; None while nothing was signed."""
        return await self._one(self._latest, {})

    async def recent(self, most: int) -> list[Signed]:
        """Return at most `most` checkpoints, of the largest trees first."""
        return [_signed(*row) for row in await self._reader.fetch(self._recent, {"most": most})]

    async def at(self, size: int) -> Signed | None:
        """Return the checkpoint of exactly this size, or None."""
        return await self._one(self._at, {"size": size})

    async def between(self, after: int, to: int, most: int) -> list[Signed]:
        """Return at most `most` checkpoints of sizes above `after` up to `to`, the smallest first."""
        values = {"after": after, "to": to, "most": most}
        return [_signed(*row) for row in await self._reader.fetch(self._between, values)]

    async def _one(self, prepared: PreparedStatement, values: dict[str, int]) -> Signed | None:
        rows = await self._reader.fetch(prepared, values)
        return _signed(*rows[0]) if rows else None


def _between(columns: Select[tuple[int, int, bytes, str, datetime]]) -> Select[tuple[int, int, bytes, str, datetime]]:
    inside = (
        ledger_checkpoints.c.size > bindparam("after", type_=Id),
        ledger_checkpoints.c.size <= bindparam("to", type_=Id),
    )
    return (
        columns.where(*inside)
        .order_by(ledger_checkpoints.c.size, ledger_checkpoints.c.key_number)
        .limit(bindparam("most", type_=Id))
    )


def _signed(size: int, key_number: int, root: bytes, note: str, signed_at: str | datetime) -> Signed:
    return Signed(size, key_number, bytes(root), note, instant(signed_at))


def _now() -> datetime:
    return datetime.now(UTC)


class Notary:
    """Signs tree heads.

    A signature cannot be revoked. So it signs only committed sizes, and only if the stored hashes still give the root
    of the last checkpoint (C2SP: a log must not sign inconsistent trees) and of the head in the key store, which a
    ledger lacks after a rollback. `place` stores each head in addition.
    """

    def __init__(
        self,
        prover: Prover,
        checkpoints: Checkpoints,
        keys: LedgerKeys,
        engine: AsyncEngine,
        heads: Heads,
        place: HeadPlace | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._prover = prover
        self._heads = heads
        self._place = place
        self._containing = Containing(keys.reader, prover)
        self._checkpoints = checkpoints
        self._keys = keys
        self._engine = engine
        self._clock = clock

    async def sign_if_due(self, size: int, entries: int, seconds: float) -> Signed | None:
        """Sign the tree of this size if it is due; returns the checkpoint, None if it was not due.

        Due are the empty tree and its first entries; then every `entries` new entries, or after `seconds` if there are
        any; and a tree that the newest key has not signed yet. Raises LedgerInconsistentError, LedgerKeyLostError,
        StoreUnavailableError, and LedgerBehindError when the tree lacks a signed head.

        The head is stored before the signature becomes readable by others: if the process is killed in between, the
        stored head is one that the tree contains, and the next process signs it.
        """
        latest, signing = await self._checkpoints.latest(), await self._keys.signing()
        youngest = signing[0][0].number
        if latest is not None:
            new = size - latest.size
            passed = (self._clock() - latest.signed_at).total_seconds()
            rested = latest.size > 0 and 0 <= passed < seconds  # A clock that was set back must not delay it (F3).
            if youngest == latest.key_number and (new <= 0 or (new < entries and rested)):
                return None
            size = max(size, latest.size)
            if await self._prover.root(latest.size) != latest.root:
                raise LedgerInconsistentError(latest.size)
        head = await self._heads.latest()
        await self._containing.require([head, await self._place.latest() if self._place else None])
        if head is not None and head.origin == signing[0][1].name:
            # Another process may have signed a larger tree: a log must not sign a smaller one after it.
            size = max(size, head.size)
        checkpoint = Checkpoint(signing[0][1].name, size, await self._prover.root(size))
        note = checkpoint.sign(signer for _, signer in signing)
        if not await self._remember(head, SignedHead.of(checkpoint), note):
            return None
        signed = Signed(size, youngest, checkpoint.root, note, self._clock().replace(microsecond=0))
        async with transaction(self._engine) as connection:
            row = {name: getattr(signed, name) for name in Signed.__slots__}
            await connection.execute(insert_new(connection, ledger_checkpoints), row)
        log.debug("signed the ledger at size %d", size)
        if latest is not None and latest.key_number < youngest:
            await self._keys.retire_older(youngest)
        return signed

    async def _remember(self, before: SignedHead | None, head: SignedHead, note: str) -> bool:
        """Store the head in all places; False when another process has signed meanwhile, which the next round sees."""
        if not await self._heads.advance(before, head) and await self._heads.latest() != head:
            return False
        if self._place is not None:
            await self._place.remember(note)
        return True

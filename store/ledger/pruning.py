"""Prunes the ledger: the texts of expired entries are deleted; their hashes stay, and so all proofs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from time import monotonic

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.periods import Period, add_months
from policy.retention import RetentionRule
from store.ledger.append import LedgerAppender
from store.ledger.entries import EVENT_PRUNED, ledger_entries
from store.ledger.sealer import Tree, subjects_of
from store.ledger.signed_checkpoints import Checkpoints
from store.ledger.tree_tables import TREE, ledger_checkpoints, ledger_leaves, ledger_subjects, ledger_tree
from store.merkle.merkle_tree import Hash, leaf_hash
from store.sql.engines import transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.metadata import Id, instant
from store.sql.reading import any_of
from store.sql.scrubbing import scrub

BATCH = 500
"""Entries in one transaction."""


def expired_before(now: datetime, zone: tzinfo = UTC) -> datetime:
    """Return the time before which entries have expired: twelve months from the end of their month."""
    period = Period.parse(RetentionRule.LEDGER.period or "")
    today = now.astimezone(zone).date()
    first = add_months(date(today.year, today.month, 1), -period.months)
    return datetime(first.year, first.month, 1, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An entry that was not deleted yet."""

    index: int
    sequence: int
    entry: bytes
    at: datetime


class Pruner:
    """Prunes the ledger for the retention sweeper; at most one may run at a time.

    `seal` adds appended entries to the tree and signs a checkpoint (`workers.ledger.worker.Sealer.seal_all`); it is
    called until the pruning record is covered, for `timeout` seconds at most.
    """

    def __init__(
        self,
        tree: Tree,
        ledger: LedgerAppender,
        seal: Callable[[], Awaitable[object]],
        timeout: float = 30.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tree = tree
        self._ledger = ledger
        self._seal = seal
        self._timeout = timeout
        self._clock = clock
        self._checkpoints = Checkpoints(tree.reader)
        joined = select(
            ledger_leaves.c.leaf_index, ledger_leaves.c.sequence, ledger_entries.c.entry, ledger_entries.c.at
        ).join_from(ledger_leaves, ledger_entries, ledger_leaves.c.sequence == ledger_entries.c.sequence)
        inside = (
            ledger_leaves.c.leaf_index >= bindparam("begin", type_=Id),
            ledger_leaves.c.leaf_index < bindparam("end", type_=Id),
        )
        self._entries = tree.reader.prepare(
            joined.where(*inside).order_by(ledger_leaves.c.leaf_index).limit(bindparam("most", type_=Id))
        )

    async def prune(self, before: datetime) -> int:
        """Prune the entries made before a time, up to the first newer one; returns the number of deleted entries.

        1. Finish the work of an earlier call. 2. Find the end: all entries below it are older, and covered by a
        checkpoint. 3. Record the pruning in the ledger itself, or a verifier would report the entries as missing; 4.
        wait until the record is signed. 5. Move the mark, which makes the triggers allow the deletion. 6. Delete the
        texts, and overwrite their bytes. If it is killed, the next call continues.
        """
        gone = await self._delete()  # 1
        end = await self._end(before)  # 2
        if end is not None:
            record = {"version": 1, "event": EVENT_PRUNED, "to": end, "before": int(before.timestamp())}
            leaf = leaf_hash(await self._ledger.append(record | {"at": int(self._clock())}))  # 3
            await self._await_signature(leaf)  # 4
            await self._move(end)  # 5
            gone += await self._delete()  # 6
        return gone

    async def _end(self, before: datetime) -> int | None:
        state, signed = await self._tree.state(), await self._checkpoints.latest()
        limit = signed.size if signed else 0
        end = state.pruned_to
        while kept := await self._kept(end, limit):
            # Only a prefix of the tree can be pruned, so stop at the first entry that is too new.
            fresh = next((each.index for each in kept if each.at >= before), None)
            if fresh is not None:
                end = fresh
                break
            end = kept[-1].index + 1
        return end if end > state.pruned_to else None

    async def _kept(self, begin: int, end: int) -> list[_Kept]:
        values = {"begin": begin, "end": end, "most": BATCH}
        rows = await self._tree.reader.fetch(self._entries, values)
        return [_Kept(index, sequence, bytes(entry), instant(at)) for index, sequence, entry, at in rows]

    async def _await_signature(self, leaf: Hash) -> None:
        give_up = monotonic() + self._timeout
        while monotonic() < give_up:
            await self._seal()
            index, signed = await self._tree.prover.find(leaf), await self._checkpoints.latest()
            if index is not None and signed is not None and index < signed.size:
                return
            await asyncio.sleep(0.1)
        raise StoreUnavailableError(OutageCause.SLOW)

    async def _move(self, end: int) -> None:
        below = ledger_tree.c.id == TREE, ledger_tree.c.pruned_to < end
        async with transaction(self._tree.engine) as connection:
            await connection.execute(update(ledger_tree).where(*below).values(pruned_to=end))

    async def _delete(self) -> int:
        """Delete the texts below the mark, the oldest first, with their rows of the index."""
        pruned_to, gone = (await self._tree.state()).pruned_to, 0
        # From 0 every time: deleted entries are not found again.
        while kept := await self._kept(0, pruned_to):
            async with transaction(self._tree.engine) as connection:
                await _delete_some(connection, kept)
            gone += len(kept)
        if gone:
            await self._forget_checkpoints(pruned_to)
            for table in (ledger_entries, ledger_subjects):
                await scrub(self._tree.engine, table)
        return gone

    async def _forget_checkpoints(self, pruned_to: int) -> None:
        """Delete the checkpoints over pruned entries but the last, which covers everything before it."""
        covered = select(func.max(ledger_checkpoints.c.size)).where(ledger_checkpoints.c.size <= pruned_to)
        old = delete(ledger_checkpoints).where(ledger_checkpoints.c.size < covered.scalar_subquery())
        async with transaction(self._tree.engine) as connection:
            await connection.execute(old)


async def _delete_some(connection: AsyncConnection, kept: Sequence[_Kept]) -> None:
    pairs = [{"who": who, "where": each.index} for each in kept for who in subjects_of(each.entry)]
    if pairs:
        of_pair = ledger_subjects.c.pseudonym == bindparam("who"), ledger_subjects.c.leaf_index == bindparam("where")
        await connection.execute(delete(ledger_subjects).where(*of_pair), pairs)
    gone = delete(ledger_entries).where(any_of(ledger_entries.c.sequence, "sequences"))
    await connection.execute(gone, {"sequences": [each.sequence for each in kept]})
    between = ledger_leaves.c.leaf_index.between(kept[0].index, kept[-1].index)
    await connection.execute(delete(ledger_leaves).where(between))

"""Prunes the ledger: the texts of expired entries are deleted; their hashes stay, and so all proofs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, tzinfo
from time import monotonic

from sqlalchemy import bindparam, delete, func, insert, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.periods import Period, add_months
from policy.retention import RetentionRule
from store.ledger.append import LedgerAppender
from store.ledger.entries import EVENT_PRUNED, ledger_entries
from store.ledger.sealer import Tree
from store.ledger.signed_checkpoints import Checkpoints
from store.ledger.tree_tables import (
    TREE,
    ledger_checkpoints,
    ledger_leaves,
    ledger_postings,
    ledger_runs,
    ledger_tree,
)
from store.merkle.merkle_tree import Hash, leaf_hash
from store.merkle.postings import LogRow, cut_run
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

        older = [
            select(table.c.first).where(table.c.first < bindparam("end", type_=Id), *parts)
            for table, parts in ((ledger_postings, ()), (ledger_runs, (ledger_runs.c.part == 0,)))
        ]
        self._indexed = tree.reader.prepare(select(union_all(*older).subquery().c.first).limit(1))

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
        """Delete the texts below the mark, the oldest first, then what the index has of them."""
        pruned_to, gone = (await self._tree.state()).pruned_to, 0
        # From 0 every time: deleted entries are not found again.
        while kept := await self._kept(0, pruned_to):
            async with transaction(self._tree.engine) as connection:
                await _delete_some(connection, kept)
            gone += len(kept)
        if gone or await self._tree.reader.fetch(self._indexed, {"end": pruned_to}):
            await self._forget_index(pruned_to)
            await self._forget_checkpoints(pruned_to)
            for table in (ledger_entries, ledger_postings, ledger_runs):
                await scrub(self._tree.engine, table)
        return gone

    async def _forget_index(self, pruned_to: int) -> None:
        """Delete what the index has of pruned entries; what begins before the mark and ends after it is written
        anew."""
        log, runs = ledger_postings.c, ledger_runs.c
        async with transaction(self._tree.engine) as connection:
            # A sealer that would move rows from the log into a run waits, and then finds that they have changed.
            await connection.execute(select(ledger_tree.c.size).with_for_update())
            last = select(log.first, log.counts, log.marks).where(log.first < pruned_to).order_by(log.first.desc())
            row = (await connection.execute(last.limit(1))).one_or_none()
            if row is not None and (whole := LogRow(row.first, row.counts, row.marks)).beyond > pruned_to:
                await connection.execute(insert(ledger_postings).values(asdict(whole.cut(pruned_to))))
            await connection.execute(delete(ledger_postings).where(log.first < pruned_to))
            across = select(ledger_runs).where(runs.first < pruned_to, runs.beyond > pruned_to)
            for part, _, beyond, content in (await connection.execute(across)).all():
                kept = {"part": part, "first": pruned_to, "beyond": beyond, "postings": cut_run(content, pruned_to)}
                await connection.execute(insert(ledger_runs).values(kept))
            await connection.execute(delete(ledger_runs).where(runs.first < pruned_to))

    async def _forget_checkpoints(self, pruned_to: int) -> None:
        """Delete the checkpoints over pruned entries but the last, which covers everything before it."""
        covered = select(func.max(ledger_checkpoints.c.size)).where(ledger_checkpoints.c.size <= pruned_to)
        old = delete(ledger_checkpoints).where(ledger_checkpoints.c.size < covered.scalar_subquery())
        async with transaction(self._tree.engine) as connection:
            await connection.execute(old)


async def _delete_some(connection: AsyncConnection, kept: Sequence[_Kept]) -> None:
    gone = delete(ledger_entries).where(any_of(ledger_entries.c.sequence, "sequences"))
    await connection.execute(gone, {"sequences": [each.sequence for each in kept]})
    between = ledger_leaves.c.leaf_index.between(kept[0].index, kept[-1].index)
    await connection.execute(delete(ledger_leaves).where(between))

"""The sealer adds committed entries to the ledger's tree, one sealer at a time, a batch in each transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from sqlalchemy import LargeBinary, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.crypto.system_keys import insert_new
from store.ledger.append import GroupWriter
from store.ledger.append_sqlite import SqliteWriter
from store.ledger.batches import (
    BATCH,
    SUBJECTS,
    FoundEntry,
    SealerLeaseLostError,
    bounded,
    extend_file,
    grown_by,
    log_row_of,
    write_run,
)
from store.ledger.entries import ledger_entries
from store.ledger.proofs import Prover
from store.ledger.tree_tables import (
    TREE,
    ledger_leaves,
    ledger_pending,
    ledger_postings,
    ledger_runs,
    ledger_tiles,
    ledger_tree,
)
from store.merkle.postings import MARK, PARTS, POSTING, LogRow, run_of
from store.merkle.tiles import TileMissingError, edge_of
from store.sql.addresses import Address
from store.sql.engines import make_engine, make_reader, transaction
from store.sql.inserting import insert_columns
from store.sql.metadata import Id
from store.sql.reading import Reader, any_of

CHUNK = 128
"""Maximum entries in one transaction on SQLite, between two of which entries are appended: some milliseconds."""

RUN = 65_536
"""Postings after which a run is not continued."""

ROWS = 1_024
"""Rows of the log after which they become a part of a run in any case."""

LOOK = 64
"""Batches between two looks at the length of the log."""


@dataclass(frozen=True, slots=True)
class SealerState:
    """The row of `ledger_tree`."""

    size: int = 0
    pruned_to: int = 0
    fence: int = 0
    holder: str = ""
    held_until: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to add to the tree, until another sealer takes over: then its fencing number is outdated."""

    holder: str
    fence: int
    milliseconds: int


class Tree:
    """The stored tree, for sealers. `clock` returns seconds since 1970 and is used for leases only.

    Two sealers can never both succeed: a write raises the size from the value that was read, under its own fencing
    number, in the same transaction (compare-and-swap). A lease only avoids futile attempts.
    """

    def __init__(
        self,
        reader: Reader,
        engine: AsyncEngine,
        clock: Callable[[], float] = time.time,
        writer: SqliteWriter | None = None,
        own: bool = False,
    ) -> None:
        """`writer` is who writes to the ledger's file, if it is one; `own`: it is closed with the tree."""
        self.reader = reader
        self.engine = engine
        self._writer, self._own = writer, own
        self._batches = LOOK
        """How many were added to the log since somebody looked at its length."""
        self.prover = Prover(reader)
        self._clock = clock
        columns = (ledger_tree.c[name] for name in SealerState.__slots__)
        self._state = reader.prepare(select(*columns).where(ledger_tree.c.id == TREE))
        pending = select(ledger_pending.c.sequence, ledger_entries.c.entry).join_from(
            ledger_pending, ledger_entries, ledger_pending.c.sequence == ledger_entries.c.sequence
        )
        self._pending = reader.prepare(pending.order_by(ledger_pending.c.sequence).limit(bindparam("most", type_=Id)))
        self._last = reader.prepare(select(func.max(ledger_pending.c.sequence)))
        counted: Any = select(func.count(ledger_postings.c.first), func.sum(func.length(ledger_postings.c.marks)))
        self._log_size = reader.prepare(counted)
        runs = ledger_runs.c
        newest = select(func.max(runs.first)).where(runs.part == 0).scalar_subquery()
        of_newest = select(runs.first, func.sum(func.length(runs.postings))).where(runs.first == newest)
        parts = runs.part.in_(range(PARTS))  # Named, for the index.
        self._last_run = reader.prepare(of_newest.where(parts).group_by(runs.first))
        columns_of_log = ledger_postings.c.first, ledger_postings.c.counts, ledger_postings.c.marks
        oldest = select(*columns_of_log).order_by(ledger_postings.c.first).limit(bindparam("most", type_=Id))
        self._log = reader.prepare(oldest)
        self._before = reader.prepare(
            select(ledger_pending.c.sequence).where(ledger_pending.c.sequence <= bindparam("last", type_=Id)).limit(1)
        )

    @classmethod
    def at(
        cls,
        address: Address,
        timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
        writer: GroupWriter | None = None,
    ) -> Tree:
        """Open the tree of the ledger at this address, with its own connections; `timeout` in seconds for a lock.

        `writer` is who appends to the ledger in this process: on SQLite its thread adds to the tree as well.
        """
        reader, engine = make_reader(address, 1), make_engine(address, 1, timeout)
        if not address.is_sqlite:
            return cls(reader, engine, clock)
        shared = writer if isinstance(writer, SqliteWriter) else None
        return cls(reader, engine, clock, shared or SqliteWriter(address.path, timeout), own=shared is None)

    async def close(self) -> None:
        """Close the connections."""
        if self._own and self._writer is not None:
            await self._writer.close()
        await self.reader.close()
        await self.engine.dispose()

    async def state(self) -> SealerState:
        """Return the size of the tree and the holder of the lease."""
        rows = await self.reader.fetch(self._state, {})
        return SealerState(*rows[0]) if rows else SealerState()

    async def pending(self) -> int | None:
        """Return the number of the last entry that is not in the tree yet; None if there is none."""
        ((last,),) = await self.reader.fetch(self._last, {})
        return None if last is None else int(last)

    async def pending_up_to(self, last: int) -> bool:
        """Return whether any entry up to this number is not in the tree yet."""
        return bool(await self.reader.fetch(self._before, {"last": last}))

    async def lease(self, holder: str, seconds: float) -> Lease | None:
        """Acquire or renew the lease; None while another sealer has it.

        A lease that ends much later than a new one would was made by a clock that has been set back since. It is
        ignored, or nobody could seal until the clock reaches that time again (F3). Clocks of replicas differ, too, but
        by less than `seconds`.
        """
        state, now, length = await self.state(), int(self._clock() * 1000), int(seconds * 1000)
        held = now < state.held_until <= now + 2 * length
        ours = state.holder == holder
        if held and not ours:
            return None
        lease = Lease(holder, state.fence if ours else state.fence + 1, length)
        if held and state.held_until - now > length // 2:
            return lease  # Renewing only in its second half saves a write in every round.
        same = ledger_tree.c.fence == state.fence, ledger_tree.c.holder == state.holder
        taken = update(ledger_tree).where(ledger_tree.c.id == TREE, *same)
        async with transaction(self.engine) as connection:
            row = {"id": TREE, "size": 0, "pruned_to": 0, "fence": 0, "holder": "", "held_until": 0}
            await connection.execute(insert_new(connection, ledger_tree), row)
            done = await connection.execute(taken.values(fence=lease.fence, holder=holder, held_until=now + length))
        return lease if done.rowcount == 1 else None

    async def release(self, lease: Lease) -> None:
        """Release the lease, so that another sealer can begin at once."""
        ours = ledger_tree.c.fence == lease.fence, ledger_tree.c.holder == lease.holder
        async with transaction(self.engine) as connection:
            await connection.execute(update(ledger_tree).where(ledger_tree.c.id == TREE, *ours).values(held_until=0))

    async def extend(self, lease: Lease, most: int = BATCH) -> int:
        """Add at most `most` committed entries to the tree; returns the number of added entries. SealerLeaseLostError.

        Each transaction is atomic: it has the new size, the leaves, the hashes and the index of subjects. Leaves are in
        the order of the entries' numbers, as far as these are visible at the time: an entry that was committed out of
        order becomes a later leaf.
        """
        if self._writer is not None:
            return await self._extend_file(self._writer, lease, most)
        size = (await self.state()).size
        rows = await self.reader.fetch(self._pending, {"most": most})
        found = [FoundEntry.of(sequence, bytes(entry)) for sequence, entry in rows]
        try:
            tiles = await self.prover.tiles(edge_of(size)) if found else {}
            for some in bounded(found):
                changed = grown_by(tiles, size, some)
                await self._add(lease, size, some, changed)
                self._batches += 1
                size += len(some)
                # The partial tiles of the grown tree, for the next part, without another read.
                tiles = changed | {at: tiles[at] for at in edge_of(size) - changed.keys() if at in tiles}
        except TileMissingError:
            if (await self.state()).size != size:  # Another sealer wrote between the two reads: the tree is sound.
                raise SealerLeaseLostError from None
            raise
        return len(found)

    async def _extend_file(self, writer: SqliteWriter, lease: Lease, most: int) -> int:
        total = 0
        while total < most:
            until = int(self._clock() * 1000) + lease.milliseconds
            some = min(CHUNK, most - total)
            done = await writer.run(
                partial(extend_file, fence=lease.fence, held_until=until, entries=some, subjects=SUBJECTS)
            )
            if not done:
                break
            total += done
            self._batches += 1
        return total

    async def _add(self, lease: Lease, size: int, found: Sequence[FoundEntry], changed: Mapping[int, bytes]) -> None:
        sequences, row = [each.sequence for each in found], log_row_of(size, found)
        leaves = {
            "leaf_index": range(size, size + len(found)),
            "sequence": sequences,
            "mark": [each.mark for each in found],
        }
        async with transaction(self.engine) as connection:
            # First, so that a transaction that has lost the lease fails before it writes anything else.
            await self._resize(connection, lease, size, size + len(found))
            await insert_columns(connection, ledger_leaves, leaves)
            done = delete(ledger_pending).where(any_of(ledger_pending.c.sequence, "sequences"))
            await connection.execute(done, {"sequences": sequences})
            await connection.execute(_grow(connection), [{"place": at, "hashes": tile} for at, tile in changed.items()])
            if row is not None:
                await connection.execute(insert(ledger_postings).values(asdict(row)))

    async def compact(self, lease: Lease) -> bool:
        """Make a run of the log's oldest rows if they have enough postings; returns whether there may be more.
        SealerLeaseLostError.

        A run is there as a whole, and the rows that it replaces are gone, or nothing has changed.
        """
        if self._batches < LOOK:
            return False
        self._batches = 0
        ((count, size),) = await self.reader.fetch(self._log_size, {})
        if count < ROWS and (size or 0) < RUN * MARK:
            return False
        rows, total = list[LogRow](), 0
        for first, counts, of_row in await self.reader.fetch(self._log, {"most": ROWS}):
            rows.append(LogRow(first, bytes(counts), bytes(of_row)))
            total += len(of_row)
            if total >= RUN * MARK:
                break
        parts = await asyncio.to_thread(run_of, rows)
        last = await self.reader.fetch(self._last_run, {})
        continued = last[0][0] if last and last[0][1] < RUN * POSTING else None
        self._batches = LOOK
        if self._writer is not None:
            until = int(self._clock() * 1000) + lease.milliseconds
            held = partial(write_run, fence=lease.fence, held_until=until)
            await self._writer.run(partial(held, continued=continued, rows=rows, parts=parts))
            return True
        async with transaction(self.engine) as connection:
            await self._hold(connection, lease)
            if not await _unchanged(connection, continued, rows):  # Pruned meanwhile.
                return True
            await _keep(connection, continued, rows, parts)
            await connection.execute(delete(ledger_postings).where(ledger_postings.c.first <= rows[-1].first))
        return True

    async def _hold(self, connection: AsyncConnection, lease: Lease) -> None:
        """Renew the lease in the transaction, which makes others wait; SealerLeaseLostError."""
        until = int(self._clock() * 1000) + lease.milliseconds
        ours = ledger_tree.c.id == TREE, ledger_tree.c.fence == lease.fence
        done = await connection.execute(update(ledger_tree).where(*ours).values(held_until=until))
        if done.rowcount != 1:
            raise SealerLeaseLostError

    async def _resize(self, connection: AsyncConnection, lease: Lease, before: int, after: int) -> None:
        unchanged = ledger_tree.c.size == before, ledger_tree.c.fence == lease.fence
        until = int(self._clock() * 1000) + lease.milliseconds
        resized = update(ledger_tree).where(ledger_tree.c.id == TREE, *unchanged)
        done = await connection.execute(resized.values(size=after, held_until=until))
        if done.rowcount != 1:
            raise SealerLeaseLostError


async def _unchanged(connection: AsyncConnection, continued: int | None, rows: Sequence[LogRow]) -> bool:
    """Return whether the log still begins with these rows, and the run is there that is to be continued."""
    log, runs = ledger_postings.c, ledger_runs.c
    query = select(log.first).where(log.first <= rows[-1].first).order_by(log.first)
    there = (await connection.execute(query)).scalars().all()
    if there != [each.first for each in rows]:
        return False
    newest = await connection.scalar(select(func.max(runs.first)).where(runs.part == 0))
    return continued is None or newest == continued


async def _keep(
    connection: AsyncConnection, continued: int | None, rows: Sequence[LogRow], parts: Sequence[bytes]
) -> None:
    """Begin a run with these parts, or add them to the one that is continued."""
    beyond = rows[-1].beyond
    if continued is None:
        columns = {
            "part": range(PARTS),
            "first": [rows[0].first] * PARTS,
            "beyond": [beyond] * PARTS,
            "postings": parts,
        }
        await insert_columns(connection, ledger_runs, columns)
        return
    runs = ledger_runs.c
    which = runs.part == bindparam("which"), runs.first == continued
    more = runs.postings.op("||")(bindparam("more", type_=LargeBinary))
    longer = update(ledger_runs).where(*which).values(postings=more, beyond=beyond)
    await connection.execute(longer, [{"which": number, "more": content} for number, content in enumerate(parts)])


def _grow(connection: AsyncConnection) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(ledger_tiles)
    return new.on_conflict_do_update(index_elements=["place"], set_={"hashes": new.excluded.hashes})

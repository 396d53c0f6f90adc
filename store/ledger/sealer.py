"""The sealer adds committed entries to the ledger's tree, one sealer at a time, a batch in each transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.crypto.system_keys import insert_new
from store.ledger.entries import EVENT_ACT, EVENT_ERASED, PAPER_RELEASED, RELEASED, ledger_entries
from store.ledger.proofs import Prover, mark_of
from store.ledger.tree_tables import TREE, ledger_leaves, ledger_pending, ledger_subjects, ledger_tiles, ledger_tree
from store.merkle.merkle_tree import Hash, leaf_hash
from store.merkle.tiles import TileMissingError, edge_of, grown
from store.sql.addresses import Address
from store.sql.engines import make_engine, make_reader, transaction
from store.sql.inserting import insert_columns
from store.sql.metadata import Id
from store.sql.reading import Reader, any_of

BATCH = 500
"""Maximum entries in one transaction, which blocks appends on SQLite for some milliseconds."""

SUBJECTS = 1000
"""Number of subjects after which a transaction takes no further entry."""

PSEUDONYM = 22
"""Length of a customer's pseudonym in characters."""


class SealerLeaseLostError(Exception):
    """Another sealer has taken over the lease; nothing was written."""


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


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry that is not in the tree yet."""

    sequence: int
    leaf: Hash
    subjects: list[str]


class Tree:
    """The stored tree, for sealers. `clock` returns seconds since 1970 and is used for leases only.

    Two sealers can never both succeed: a write raises the size from the value that was read, under its own fencing
    number, in the same transaction (compare-and-swap). A lease only avoids futile attempts.
    """

    def __init__(self, reader: Reader, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        self.reader = reader
        self.engine = engine
        self.prover = Prover(reader)
        self._clock = clock
        columns = (ledger_tree.c[name] for name in SealerState.__slots__)
        self._state = reader.prepare(select(*columns).where(ledger_tree.c.id == TREE))
        pending = select(ledger_pending.c.sequence, ledger_entries.c.entry).join_from(
            ledger_pending, ledger_entries, ledger_pending.c.sequence == ledger_entries.c.sequence
        )
        self._pending = reader.prepare(pending.order_by(ledger_pending.c.sequence).limit(bindparam("most", type_=Id)))
        self._last = reader.prepare(select(func.max(ledger_pending.c.sequence)))
        self._before = reader.prepare(
            select(ledger_pending.c.sequence).where(ledger_pending.c.sequence <= bindparam("last", type_=Id)).limit(1)
        )

    @classmethod
    def at(cls, address: Address, timeout: float = 5.0, clock: Callable[[], float] = time.time) -> Tree:
        """Open the tree of the ledger at this address, with its own connections; `timeout` in seconds for a lock."""
        return cls(make_reader(address, 1), make_engine(address, 1, timeout), clock)

    async def close(self) -> None:
        """Close the connections."""
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
        size = (await self.state()).size
        rows = await self.reader.fetch(self._pending, {"most": most})
        found = [_Found(sequence, leaf_hash(entry), subjects_of(entry)) for sequence, entry in rows]
        try:
            tiles = await self.prover.tiles(edge_of(size)) if found else {}
            for some in _bounded(found):
                changed = grown(tiles, size, [each.leaf for each in some])
                await self._add(lease, size, some, changed)
                size += len(some)
                # The partial tiles of the grown tree, for the next part, without another read.
                tiles = changed | {at: tiles[at] for at in edge_of(size) - changed.keys() if at in tiles}
        except TileMissingError:
            if (await self.state()).size != size:  # Another sealer wrote between the two reads: the tree is sound.
                raise SealerLeaseLostError from None
            raise
        return len(found)

    async def _add(self, lease: Lease, size: int, found: Sequence[_Found], changed: Mapping[int, bytes]) -> None:
        sequences = [each.sequence for each in found]
        leaves = {
            "leaf_index": range(size, size + len(found)),
            "sequence": sequences,
            "mark": [mark_of(each.leaf) for each in found],
        }
        async with transaction(self.engine) as connection:
            # First, so that a transaction that has lost the lease fails before it writes anything else.
            await self._resize(connection, lease, size, size + len(found))
            await insert_columns(connection, ledger_leaves, leaves)
            done = delete(ledger_pending).where(any_of(ledger_pending.c.sequence, "sequences"))
            await connection.execute(done, {"sequences": sequences})
            await connection.execute(_grow(connection), [{"place": at, "hashes": tile} for at, tile in changed.items()])
            if any(each.subjects for each in found):
                await insert_columns(connection, ledger_subjects, _index(size, found))

    async def _resize(self, connection: AsyncConnection, lease: Lease, before: int, after: int) -> None:
        unchanged = ledger_tree.c.size == before, ledger_tree.c.fence == lease.fence
        until = int(self._clock() * 1000) + lease.milliseconds
        resized = update(ledger_tree).where(ledger_tree.c.id == TREE, *unchanged)
        done = await connection.execute(resized.values(size=after, held_until=until))
        if done.rowcount != 1:
            raise SealerLeaseLostError


def _bounded(found: Sequence[_Found]) -> Iterator[list[_Found]]:
    """Split entries into non-empty parts of a size for one transaction."""
    some: list[_Found] = []
    total = 0
    for each in found:
        some.append(each)
        total += len(each.subjects)
        if total >= SUBJECTS:
            yield some
            some, total = [], 0
    if some:
        yield some


def _index(size: int, found: Sequence[_Found]) -> dict[str, list[Any]]:
    """Return the rows of the index of subjects, in the order of the index, which makes inserting them cheaper."""
    rows = sorted((pseudonym, size + nth) for nth, each in enumerate(found) for pseudonym in each.subjects)
    return {"pseudonym": [pseudonym for pseudonym, _ in rows], "leaf_index": [index for _, index in rows]}


def _grow(connection: AsyncConnection) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(ledger_tiles)
    return new.on_conflict_do_update(index_elements=["place"], set_={"hashes": new.excluded.hashes})


def subjects_of(entry: bytes) -> list[str]:
    """Return the keys of an entry in the index: its pseudonyms, or the event of an act or an erasure; empty if none."""
    try:
        content = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return []
    if isinstance(content, dict) and content.get("event") in (EVENT_ACT, EVENT_ERASED):
        released = content["event"] == EVENT_ACT and content.get("state") == RELEASED
        return [content["event"], PAPER_RELEASED] if released else [content["event"]]
    named = content.get("subjects") if isinstance(content, dict) else None
    if not isinstance(named, list):
        return []
    return [each for each in dict.fromkeys(map(str, named)) if len(each) == PSEUDONYM]

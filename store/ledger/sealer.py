"""How the ledger's tree grows: by one sealer at a time, a batch of committed entries in each transaction."""

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
from store.sql.bulk import insert_columns
from store.sql.engines import Address, make_engine, make_reader, transaction
from store.sql.metadata import Id
from store.sql.reading import Reader, any_of

BATCH = 500
"""Entries of one transaction: on SQLite appends wait for it, some milliseconds."""

SUBJECTS = 1000
"""Subjects after which a transaction takes no further entry."""

PSEUDONYM = 22
"""Letters of a customer's pseudonym."""


class SealerLeaseLostError(Exception):
    """Somebody else has taken over since; nothing was written."""


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
    """The right to make the tree grow, until somebody takes it over: then its fence is no longer the tree's."""

    holder: str
    fence: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry that is no leaf yet."""

    sequence: int
    leaf: Hash
    subjects: list[str]


class Tree:
    """The stored tree, for those who make it grow. `clock` gives seconds since 1970 and only times the leases.

    Two sealers can never both succeed: whoever writes raises the size from what it has read, under its own fence, in
    the transaction that holds everything else. A lease only keeps the others from trying.
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
    def at(cls, address: Address, patience: float = 5.0, clock: Callable[[], float] = time.time) -> Tree:
        """The tree of the ledger at this address, on connections of its own; `patience` in seconds for a lock."""
        return cls(make_reader(address, 1), make_engine(address, 1, patience), clock)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.reader.close()
        await self.engine.dispose()

    async def state(self) -> SealerState:
        """How large the tree is, and who seals."""
        rows = await self.reader.fetch(self._state, {})
        return SealerState(*rows[0]) if rows else SealerState()

    async def pending(self) -> int | None:
        """The number of the last entry that is no leaf yet; None if there is none."""
        ((last,),) = await self.reader.fetch(self._last, {})
        return None if last is None else int(last)

    async def pending_up_to(self, last: int) -> bool:
        """Whether any entry up to this number is no leaf yet."""
        return bool(await self.reader.fetch(self._before, {"last": last}))

    async def lease(self, holder: str, seconds: float) -> Lease | None:
        """Take or keep the right to seal; None while another one has it.

        A lease that ends later than a new one would was made by a clock that has been set back since: it counts for
        nothing, or nobody would seal until that clock comes round again (F3).
        """
        state, now, length = await self.state(), int(self._clock() * 1000), int(seconds * 1000)
        held = now < state.held_until <= now + length
        ours = state.holder == holder
        if held and not ours:
            return None
        lease = Lease(holder, state.fence if ours else state.fence + 1, length)
        if held and state.held_until - now > length // 2:
            return lease
        same = ledger_tree.c.fence == state.fence, ledger_tree.c.holder == state.holder
        taken = update(ledger_tree).where(ledger_tree.c.id == TREE, *same)
        async with transaction(self.engine) as connection:
            row = {"id": TREE, "size": 0, "pruned_to": 0, "fence": 0, "holder": "", "held_until": 0}
            await connection.execute(insert_new(connection, ledger_tree), row)
            done = await connection.execute(taken.values(fence=lease.fence, holder=holder, held_until=now + length))
        return lease if done.rowcount == 1 else None

    async def release(self, lease: Lease) -> None:
        """Let the next one begin at once."""
        ours = ledger_tree.c.fence == lease.fence, ledger_tree.c.holder == lease.holder
        async with transaction(self.engine) as connection:
            await connection.execute(update(ledger_tree).where(ledger_tree.c.id == TREE, *ours).values(held_until=0))

    async def extend(self, lease: Lease, most: int = BATCH) -> int:
        """Make leaves of committed entries that are none yet, at most so many; returns how many. LeaseLost.

        Killed at any point, each of its transactions was done or was not: it holds the new size, the leaves, the hashes
        and the index of subjects. Leaves stand in the order of the entries' numbers, as far as these are known at the
        time: one that was committed later than its number suggests becomes a later leaf.
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
                tiles = changed | {at: tiles[at] for at in edge_of(size) - changed.keys() if at in tiles}
        except TileMissingError:
            if (await self.state()).size != size:  # Read while another sealer wrote.
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
    """In parts that one transaction should bear, none of them empty."""
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
    """The rows that say whom each leaf is about, neighbours in the index beside one another."""
    rows = sorted((pseudonym, size + nth) for nth, each in enumerate(found) for pseudonym in each.subjects)
    return {"pseudonym": [pseudonym for pseudonym, _ in rows], "leaf_index": [index for _, index in rows]}


def _grow(connection: AsyncConnection) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(ledger_tiles)
    return new.on_conflict_do_update(index_elements=["place"], set_={"hashes": new.excluded.hashes})


def subjects_of(entry: bytes) -> list[str]:
    """The pseudonyms by which an entry is found; none if it is of a form that has none. An act is found as such."""
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

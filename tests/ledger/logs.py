"""A ledger with its sealer, for the tests: filled, sealed, exported."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from store.database.config import StoreConfig
from store.database.store import Store, open_store
from store.ledger.batches import subjects_of
from store.ledger.entries import ledger_entries
from store.ledger.export import LedgerExporter
from store.ledger.heads import HeadPlace
from store.ledger.proofs import mark_of
from store.ledger.sealer import Tree
from store.ledger.signed_checkpoints import Checkpoints, Notary
from store.ledger.signing_keys import LedgerKeys
from store.ledger.tree_tables import ledger_leaves, ledger_pending, ledger_postings, ledger_runs, ledger_tiles
from store.ledger.verify import VerificationReport, check_export
from store.merkle.merkle_tree import leaf_hash, root_of
from store.merkle.postings import LogRow, mark, postings_in_run
from store.merkle.signed_note import VerifierKey
from store.merkle.tiles import Hashes
from store.sql.engines import transaction
from workers.ledger.worker import Rhythm, Sealer

ORIGIN = "data.example/ledger"
START = datetime(2027, 3, 1, 12, tzinfo=UTC)

NAMES = tuple(f"{letter}{second}{letter * 19}A" for letter in "ABCDE" for second in "AQ")
"""Pseudonyms, as a customer's key gives them."""


def entry(number: int, *subjects: str, **more: object) -> dict[str, object]:
    """An entry such as a read leaves behind."""
    return {
        "version": 1,
        "at": 1_800_000_000 + number,
        "client": "billing",
        "purpose": "INVOICING",
        "reference": None,
        "operation": "0" * 64,
        "fields": ["Customer.fullName", "Invoice.number"],
        "subjects": list(subjects) or [NAMES[number % len(NAMES)]],
    } | more


class Clock:
    """A time that is moved by hand; of a kind for each of those who ask."""

    def __init__(self) -> None:
        self.now = START

    def pass_by(self, **time: float) -> None:
        """Move on, or back."""
        self.now += timedelta(**time)

    def seconds(self) -> float:
        """Since 1970."""
        return self.now.timestamp()

    def __call__(self) -> datetime:
        return self.now


class WallClock(Clock):
    """The real time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Since 1970."""
        return time.time()


@dataclass
class Log:
    """Everything that works on one ledger."""

    store: Store
    tree: Tree
    clock: Clock = field(default_factory=Clock)
    rhythm: Rhythm = field(default_factory=lambda: Rhythm(pause=0.01))

    def __post_init__(self) -> None:
        self.tree._clock = self.clock.seconds
        self.place: HeadPlace | None = None
        self.checkpoints = Checkpoints(self.tree.reader)
        self.keys = LedgerKeys(self.tree.reader, self.tree.engine, self.store.keys.system, ORIGIN, self.clock)
        self.sealer = self.another()

    def another(self, rhythm: Rhythm | None = None) -> Sealer:
        """One more sealer of this ledger."""
        return Sealer(self.tree, self.notary(), rhythm or self.rhythm)

    def notary(self) -> Notary:
        """Who signs."""
        return Notary(
            self.tree.prover, self.checkpoints, self.keys, self.tree.engine, self.store.heads, self.place, self.clock
        )

    async def fill(self, count: int, make: Callable[[int], dict[str, object]] = entry) -> list[bytes]:
        """Append entries, seal and sign them; returns their bytes."""
        entries = [await self.store.ledger.append(make(number)) for number in range(count)]
        await self.sealer.seal_all()
        return entries

    async def export(self, first: int = 0) -> bytes:
        """The whole export."""
        exporter = LedgerExporter(self.tree.reader)
        return b"".join([page async for _, page in exporter.pages(await exporter.head(first))])

    async def trusted(self) -> list[VerifierKey]:
        """The keys that an auditor has been given: the one that signs now."""
        return [key.verifier for key in (await self.keys.all())[:1]]

    async def check(self, content: bytes | None = None, known: str | None = None) -> VerificationReport:
        """What an auditor with the public key finds in an export."""
        return check_export(io.BytesIO(content or await self.export()), await self.trusted(), known)

    async def leaves(self) -> list[bytes]:
        """The entries in the order of the tree, after making sure that the store holds together.

        Every entry is a leaf or pending, and never both; leaves are numbered without a gap; the tiles, the index of
        subjects and every checkpoint are what the entries say.
        """
        state, rows = await self.tree.state(), await self.rows(_leaves())
        assert [row[0] for row in rows] == list(range(state.pruned_to, state.size))
        sequences = [row[1] for row in rows]
        pending = [row[0] for row in await self.rows(select(ledger_pending.c.sequence))]
        everything = [row[0] for row in await self.rows(select(ledger_entries.c.sequence))]
        assert sorted(sequences + pending) == sorted(everything)
        entries = [bytes(row[2]) for row in rows]
        hashes = {index: leaf_hash(entry) for index, entry in enumerate(entries, state.pruned_to)}
        nodes = Hashes({place: bytes(tile) for place, tile in await self.rows(select(ledger_tiles))})
        assert [nodes.node((0, index)) for index in hashes] == list(hashes.values())
        assert [row[3] for row in rows] == [mark_of(leaf) for leaf in hashes.values()]
        named = {
            (mark(name), index) for index, entry in enumerate(entries, state.pruned_to) for name in subjects_of(entry)
        }
        assert sorted(await self.postings()) == sorted(named)
        all_leaves = [nodes.node((0, index)) for index in range(state.size)]
        for signed in await self.checkpoints.between(-1, state.size, 1_000_000):
            assert signed.root == root_of(all_leaves[: signed.size])
        return entries

    async def postings(self) -> list[tuple[bytes, int]]:
        """All of the index of subjects: marks with their leaves, from the runs and from the log."""
        log, runs = await self.rows(select(ledger_postings)), await self.rows(select(ledger_runs))
        found = [each for row in runs for each in postings_in_run(bytes(row[3]))]
        return found + [each for row in log for each in LogRow(row[0], bytes(row[1]), bytes(row[2])).postings()]

    async def rows(self, query: Select[Any]) -> Sequence[Any]:
        """What a query finds."""
        return await self.tree.reader.fetch(self.tree.reader.prepare(query), {})

    async def run(self, statement: str) -> None:
        """Run a statement as an administrator might, who thinks that nobody will notice."""
        async with transaction(self.tree.engine) as connection:
            await connection.exec_driver_sql(statement)


def _leaves() -> Select[Any]:
    L, E = ledger_leaves.c, ledger_entries.c  # noqa: N806  (columns, as everywhere)
    joined = select(L.leaf_index, L.sequence, E.entry, L.mark).join_from(
        ledger_leaves, ledger_entries, L.sequence == E.sequence, isouter=True
    )
    return joined.order_by(L.leaf_index)


@asynccontextmanager
async def opened_log(config: StoreConfig, clock: Clock | None = None) -> AsyncIterator[Log]:
    """A log for the length of a block."""
    store, tree = await open_store(config), Tree.at(config.ledger)
    try:
        yield Log(store, tree, clock or Clock())
    finally:
        await tree.close()
        await store.close()

"""A ledger with its sealer, for the tests: filled, sealed, exported."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from store.config import StoreConfig
from store.database import Store, open_store
from store.ledger_check import Report, check_export
from store.ledger_checkpoints import Checkpoints, Notary
from store.ledger_export import Exporter
from store.ledger_keys import LedgerKeys
from store.ledger_tree import Tree
from store.notes import VerifierKey
from workers.sealing import Rhythm, Sealer

ORIGIN = "data.example/ledger"
START = datetime(2027, 3, 1, 12, tzinfo=UTC)

NAMES = tuple(f"{letter * 21}{end}" for letter in "ABCDE" for end in "AQ")
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

    def seconds(self) -> float:
        """Since 1970."""
        return self.now.timestamp()

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Log:
    """Everything that works on one ledger."""

    store: Store
    tree: Tree
    clock: Clock = field(default_factory=Clock)
    rhythm: Rhythm = field(default_factory=lambda: Rhythm(pause=0.01))

    def __post_init__(self) -> None:
        self.tree._clock = self.clock.seconds
        self.checkpoints = Checkpoints(self.tree.reader)
        self.keys = LedgerKeys(self.tree.reader, self.tree.engine, self.store.keys.house, ORIGIN, self.clock)
        self.sealer = self.another()

    def another(self, rhythm: Rhythm | None = None) -> Sealer:
        """One more sealer of this ledger."""
        return Sealer(self.tree, self.notary(), rhythm or self.rhythm)

    def notary(self) -> Notary:
        """Who signs."""
        return Notary(self.tree.prover, self.checkpoints, self.keys, self.tree.engine, self.clock)

    async def fill(self, count: int, make: Callable[[int], dict[str, object]] = entry) -> list[bytes]:
        """Append entries, seal and sign them; returns their bytes."""
        entries = [await self.store.ledger.append(make(number)) for number in range(count)]
        await self.sealer.seal_all()
        return entries

    async def export(self, first: int = 0) -> bytes:
        """The whole export."""
        exporter = Exporter(self.tree.reader)
        return b"".join([page async for _, page in exporter.pages(await exporter.head(first))])

    async def trusted(self) -> list[VerifierKey]:
        """The keys that an auditor has been given: the one that signs now."""
        return [key.verifier for key in (await self.keys.all())[:1]]

    async def check(self, content: bytes | None = None, known: str | None = None) -> Report:
        """What an auditor with the public key finds in an export."""
        return check_export(io.BytesIO(content or await self.export()), await self.trusted(), known)


@asynccontextmanager
async def opened_log(config: StoreConfig) -> AsyncIterator[Log]:
    """A log for the length of a block."""
    store, tree = await open_store(config), Tree.at(config.ledger)
    try:
        yield Log(store, tree)
    finally:
        await tree.close()
        await store.close()

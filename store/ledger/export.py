"""Exports the ledger as a self-contained file for verification: entries, hashes, checkpoints and keys.

    {"format":"gateway-ledger-export-1","origin":"…","first":0,"edge":[],"size":1000,"keys":["…"]}
    {"index":0,"hash":"…","entry":{…}}
    {"index":1,"hash":"…","entry":null}            an entry that was pruned: its hash stays
    {"checkpoint":"…"}                              after the last entry that it covers

Hashes and keys are base64 (RFC 4648, section 4). `edge` has the hashes of the full subtrees over the entries before
`first`, so that a part of the ledger can be verified by itself. Each line has exactly one valid spelling.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass

import orjson
from sqlalchemy import bindparam, select

from store.ledger.entries import ledger_entries
from store.ledger.proofs import Prover
from store.ledger.signed_checkpoints import Checkpoints, Signed
from store.ledger.signing_keys import KnownKeys
from store.ledger.tree_tables import TREE, ledger_leaves, ledger_tree
from store.merkle.tiles import HASH, WIDTH, place
from store.sql.metadata import Id
from store.sql.reading import Reader

FORMAT = "gateway-ledger-export-1"

PAGE = 4 * WIDTH
"""Entries in one read; a multiple of a tile."""


class NothingSignedError(Exception):
    """There is no checkpoint yet."""

    def __init__(self) -> None:
        super().__init__("Nothing of this ledger was signed yet: `gateway ledger seal` does it now.")


class ExportDisturbedError(Exception):
    """Entries were pruned during the export."""

    def __init__(self) -> None:
        super().__init__("The ledger was pruned while it was being exported: export it again.")


class TooFewEntriesError(Exception):
    """The ledger has fewer entries than the caller has seen: it lost some, or it is another ledger."""

    def __init__(self, size: int, first: int) -> None:
        super().__init__(
            f"The ledger has {size} signed entries, fewer than {first}: it lost some, or it is another one."
        )


@dataclass(frozen=True, slots=True)
class ExportHeader:
    """The first line."""

    format: str
    origin: str
    first: int
    edge: tuple[str, ...]
    size: int
    keys: tuple[str, ...]

    def line(self) -> bytes:
        """Return the line as bytes."""
        return orjson.dumps(asdict(self)) + b"\n"


def entry_line(index: int, leaf: bytes, entry: bytes | None) -> bytes:
    """Return the line of an entry, or of its hash if it was pruned (None)."""
    return b'{"index":%d,"hash":"%s","entry":%s}\n' % (index, b64encode(leaf), entry or b"null")


def checkpoint_line(note: str) -> bytes:
    """Return the line of a checkpoint."""
    return orjson.dumps({"checkpoint": note}) + b"\n"


class LedgerExporter:
    """Reads a ledger page by page while it grows; the export ends at a checkpoint."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._prover = Prover(reader)
        self._checkpoints = Checkpoints(reader)
        self._keys = KnownKeys(reader)
        self._pruned = reader.prepare(select(ledger_tree.c.pruned_to).where(ledger_tree.c.id == TREE))
        entries = select(ledger_leaves.c.leaf_index, ledger_entries.c.entry).join_from(
            ledger_leaves, ledger_entries, ledger_leaves.c.sequence == ledger_entries.c.sequence
        )
        inside = (
            ledger_leaves.c.leaf_index >= bindparam("begin", type_=Id),
            ledger_leaves.c.leaf_index < bindparam("end", type_=Id),
        )
        self._entries = reader.prepare(entries.where(*inside).order_by(ledger_leaves.c.leaf_index))

    async def head(self, first: int = 0) -> ExportHeader:
        """Return the header of an export from the entry `first` on; NothingSignedError, TooFewEntriesError."""
        latest, keys = await self._checkpoints.latest(), await self._keys.all()
        if latest is None:
            raise NothingSignedError
        if first > latest.size:
            raise TooFewEntriesError(latest.size, first)
        edge = tuple(b64encode(each).decode() for each in await self._prover.edge(first))
        verifiers = [key.verifier for key in keys]
        return ExportHeader(FORMAT, verifiers[0].name, first, edge, latest.size, tuple(map(str, verifiers)))

    async def pages(self, head: ExportHeader) -> AsyncIterator[tuple[int, bytes]]:
        """Yield the lines of the export in pages, with the number of entries so far. ExportDisturbedError."""
        pruned_to = await self._pruned_to()
        yield head.first, head.line() + await self._signed(head.first - 1, head.first)
        begin = head.first
        while begin < head.size:
            # The first page is shorter if it begins inside of a tile, so that all others begin with one.
            end = min(begin - begin % WIDTH + PAGE, head.size)
            yield end, await self._page(begin, end, pruned_to)
            begin = end

    async def entry(self, index: int) -> bytes | None:
        """Return one entry; None if it was pruned, or does not exist yet."""
        rows = await self._reader.fetch(self._entries, {"begin": index, "end": index + 1})
        return bytes(rows[0][1]) if rows else None

    async def _page(self, begin: int, end: int, pruned_to: int) -> bytes:
        values = {"begin": begin, "end": end}
        rows = await self._reader.fetch(self._entries, values)
        # Some entries below the mark may not be deleted yet. All of them count as pruned, so that the result does not
        # depend on the time of the read.
        entries = {index: bytes(entry) for index, entry in rows if index >= pruned_to}
        if any(index not in entries for index in range(max(begin, pruned_to), end)):
            raise ExportDisturbedError
        tiles = await self._prover.tiles(place(0, at) for at in range(begin // WIDTH, -(-end // WIDTH)))
        lines = {
            index: entry_line(index, _leaf(tiles[place(0, index // WIDTH)], index), entries.get(index))
            for index in range(begin, end)
        }
        for signed in await self._all_signed(begin, end):
            lines[signed.size - 1] += checkpoint_line(signed.note)
        return b"".join(lines.values())

    async def _signed(self, after: int, to: int) -> bytes:
        return b"".join(checkpoint_line(signed.note) for signed in await self._all_signed(after, to))

    async def _all_signed(self, after: int, to: int) -> Sequence[Signed]:
        # There is one checkpoint for a size, and another one for each key that was replaced at that size.
        return await self._checkpoints.between(after, to, 2 * PAGE)

    async def _pruned_to(self) -> int:
        rows = await self._reader.fetch(self._pruned, {})
        return int(rows[0][0]) if rows else 0


def _leaf(tile: bytes, index: int) -> bytes:
    at = index % WIDTH * HASH
    return tile[at : at + HASH]

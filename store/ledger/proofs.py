"""Inclusion and consistency proofs from the stored tree; each reads a few rows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from store.ledger.tree_tables import ledger_leaves, ledger_tiles
from store.merkle.checkpoints import Checkpoint, open_checkpoint
from store.merkle.merkle_tree import Hash, Span, consistency_path, inclusion_path, leaf_hash, span, verify_inclusion
from store.merkle.signed_note import NoteInvalidError, VerifierKey, unbase64
from store.merkle.tiles import FULL, Hashes, tiles_of
from store.sql.metadata import Id
from store.sql.reading import Reader, any_of

KEPT = 512
"""Maximum full tiles in the cache, 4 MB."""

FIRST_LINE = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An inclusion proof for the leaf at `index` in the tree of `size` leaves."""

    index: int
    size: int
    leaf: Hash
    path: tuple[Hash, ...]

    def text(self, note: str, entry: bytes | None = None) -> str:
        """Return the proof as a text file (C2SP tlog-proof), with the checkpoint of that size and optionally the
        entry."""
        extra = [] if entry is None else [f"extra {b64encode(entry).decode()}"]
        hashes = [b64encode(each).decode() for each in self.path]
        return "\n".join([FIRST_LINE, *extra, f"index {self.index}", *hashes, "", note])


def mark_of(leaf: Hash) -> int:
    """Return the number by which a leaf is found: the first 8 bytes of its hash."""
    return int.from_bytes(leaf[:8], signed=True)


class Prover:
    """Makes proofs for any former size of the tree, from stored tiles; caches full ones, which never change."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._kept: dict[int, bytes] = {}
        self._tiles = reader.prepare(
            select(ledger_tiles.c.place, ledger_tiles.c.hashes).where(any_of(ledger_tiles.c.place, "places"))
        )
        marked = ledger_leaves.c.mark == bindparam("mark", type_=Id)
        self._marked = reader.prepare(select(ledger_leaves.c.leaf_index).where(marked).order_by("leaf_index"))

    async def tiles(self, places: Iterable[int]) -> dict[int, bytes]:
        """Return the existing tiles at these places, with one statement."""
        wanted = set(places)
        found = {place: self._kept[place] for place in wanted if place in self._kept}
        if missing := sorted(wanted - found.keys()):
            fresh = {place: bytes(tile) for place, tile in await self._reader.fetch(self._tiles, {"places": missing})}
            self._keep({place: tile for place, tile in fresh.items() if len(tile) == FULL})
            found |= fresh
        return found

    def _keep(self, full: Mapping[int, bytes]) -> None:
        self._kept |= full
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]  # The oldest: a dict keeps the order of insertion.

    async def _hashes(self, spans: Iterable[Span]) -> Hashes:
        return Hashes(await self.tiles(tiles_of(spans)))

    async def root(self, size: int) -> Hash:
        """Return the root of the tree when it had this size; TileMissingError if it never had."""
        whole = span(0, size)
        return (await self._hashes([whole])).fold(whole)

    async def edge(self, size: int) -> list[Hash]:
        """Return the hashes of the full subtrees over the first `size` leaves, for a `Frontier`."""
        whole = span(0, size)
        hashes = await self._hashes([whole])
        return [hashes.node(node) for node in whole]

    async def inclusions(self, indexes: Sequence[int], size: int) -> list[Inclusion]:
        """Return an inclusion proof for each leaf, in their order; ValueError for one outside of the tree of this
        size."""
        paths = [inclusion_path(index, size) for index in indexes]
        leaves = [(0, index) for index in indexes]
        hashes = await self._hashes([*(each for path in paths for each in path), leaves])
        return [
            Inclusion(index, size, hashes.node((0, index)), tuple(hashes.fold(each) for each in path))
            for index, path in zip(indexes, paths, strict=True)
        ]

    async def leaves(self, indexes: Sequence[int]) -> dict[int, Hash]:
        """Return the stored hashes of these leaves; TileMissingError for one that does not exist."""
        hashes = await self._hashes([[(0, index) for index in indexes]])
        return {index: hashes.node((0, index)) for index in indexes}

    async def consistency(self, first: int, second: int) -> list[Hash]:
        """Return the consistency proof that the tree of the second size extends the one of the first; ValueError."""
        path = consistency_path(first, second)
        hashes = await self._hashes(path)
        return [hashes.fold(each) for each in path]

    async def find(self, leaf: Hash) -> int | None:
        """Return the index of a leaf whose entry was not pruned; None if there is none (or not yet)."""
        rows = await self._reader.fetch(self._marked, {"mark": mark_of(leaf)})
        indexes = [index for (index,) in rows]
        hashes = await self._hashes([[(0, index) for index in indexes]])
        # The mark is only 64 bits of the hash, and stored beside the tree: compare the whole hash from the tiles.
        return next((index for index in indexes if hashes.node((0, index)) == leaf), None)


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """The content of a verified proof file."""

    entry: bytes
    index: int
    checkpoint: Checkpoint


def open_proof(text: str, keys: Iterable[VerifierKey]) -> VerifiedProof:
    """Verify a proof file with the keys, offline; NoteInvalidError with the reason when it is invalid.

    1. its lines have the form of C2SP tlog-proof, and it contains the entry; 2. one of the keys signed its checkpoint;
    3. the path leads from the entry, at its index, to the checkpoint's root.
    """
    head, parting, note = text.partition("\n\n")
    match head.split("\n"):  # 1
        case [str(first), extra, index, *hashes] if first == FIRST_LINE and parting:
            entry, at, path = _read(extra, index, hashes)
        case _:
            raise NoteInvalidError("it is not a proof with its entry (C2SP tlog-proof, with an extra line)")
    checkpoint, _ = open_checkpoint(note, keys)  # 2
    if not verify_inclusion(at, checkpoint.size, leaf_hash(entry), path, checkpoint.root):  # 3
        raise NoteInvalidError("its path does not lead from the entry to the root of its checkpoint")
    return VerifiedProof(entry, at, checkpoint)


def _read(extra: str, index: str, hashes: Sequence[str]) -> tuple[bytes, int, list[Hash]]:
    word, _, number = index.partition(" ")
    name, _, entry = extra.partition(" ")
    if (name, word) != ("extra", "index") or not number.isascii() or not number.isdigit() or str(int(number)) != number:
        raise NoteInvalidError("its lines `extra` and `index` cannot be read")
    try:
        return unbase64(entry), int(number), [unbase64(line) for line in hashes]
    except ValueError:
        raise NoteInvalidError("it holds something that is not base64") from None

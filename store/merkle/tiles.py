"""Storage of a large tree's hashes in tiles of 256 siblings (C2SP tlog-tiles), so that a proof reads few rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from store.merkle.merkle_tree import Hash, Node, fold, root_of, span

BITS = 8
WIDTH = 1 << BITS
"""Hashes in a full tile."""

HASH = 32
FULL = WIDTH * HASH
"""Bytes of a full tile, which never changes again; a partial tile only grows."""

LEVELS = 6
"""Maximum levels of tiles, enough for 2**48 leaves."""


def place(level: int, position: int) -> int:
    """Return the number of a tile in the table. Level 0 has leaf hashes; level n + 1 the roots of full tiles of level
    n."""
    return level << 48 | position


def tile_of(node: Node) -> int:
    """Return the tile that contains a node, or from which it can be computed."""
    height, index = node
    level, rest = divmod(height, BITS)
    return place(level, index << rest >> BITS)


def tiles_of(spans: Iterable[Sequence[Node]]) -> set[int]:
    """Return the tiles that are needed for the hashes of these spans."""
    return {tile_of(node) for nodes in spans for node in nodes}


def hashes_of(tile: bytes) -> list[Hash]:
    """Split a tile into its hashes."""
    return [tile[at : at + HASH] for at in range(0, len(tile), HASH)]


def edge_of(size: int) -> set[int]:
    """Return the partial tiles of a tree of this size, which are needed to add leaves and to compute its root."""
    widths = ((level, size >> BITS * level) for level in range(LEVELS))
    return {place(level, width >> BITS) for level, width in widths if width % WIDTH}


class TileMissingError(Exception):
    """A tile is missing or too short: the stored tree is damaged, or has grown since its size was read."""


class Hashes:
    """Computes nodes from a set of tiles, with a cache."""

    def __init__(self, tiles: Mapping[int, bytes]) -> None:
        self._tiles = tiles
        self._known: dict[Node, Hash] = {}

    def node(self, node: Node) -> Hash:
        """Return the hash of a full subtree; TileMissingError if its tile is missing or too short."""
        if node not in self._known:
            self._known[node] = self._compute(node)
        return self._known[node]

    def _compute(self, node: Node) -> Hash:
        height, index = node
        rest = height % BITS
        begin = (index << rest) % WIDTH * HASH
        wanted = self._tiles.get(tile_of(node), b"")[begin : begin + (HASH << rest)]
        if len(wanted) != HASH << rest:
            raise TileMissingError(f"the hash of subtree {index} at height {height} is not there")
        return root_of(hashes_of(wanted))

    def fold(self, nodes: Sequence[Node]) -> Hash:
        """Return the hash of a span."""
        return fold(list(nodes), self.node)


def root_at(tiles: Mapping[int, bytes], size: int) -> Hash:
    """Return the root of the tree of this size, from its partial tiles."""
    return Hashes(tiles).fold(span(0, size))


def grown(tiles: Mapping[int, bytes], size: int, leaves: Sequence[Hash]) -> dict[int, bytes]:
    """Return the tiles that change when leaves are added to a tree of this size; `tiles` are its partial tiles.
    TileMissingError."""
    changed: dict[int, bytes] = {}
    level = 0
    while leaves:
        position, taken = divmod(size >> BITS * level, WIDTH)
        before = tiles.get(place(level, position), b"")[: taken * HASH]
        if len(before) != taken * HASH:
            raise TileMissingError(f"the last tile of level {level} is too short")
        content = before + b"".join(leaves)
        pieces = [content[at : at + FULL] for at in range(0, len(content), FULL)]
        changed |= {place(level, position + nth): piece for nth, piece in enumerate(pieces)}
        # Only full tiles have a hash in the next level; those of partial ones would still change.
        leaves = [root_of(hashes_of(piece)) for piece in pieces if len(piece) == FULL]
        level += 1
    return changed

"""How the hashes of a large tree rest: 256 neighbours a tile, as in C2SP tlog-tiles, so that a proof reads few rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from store.merkle.merkle_tree import Hash, Node, fold, root_of, span

BITS = 8
WIDTH = 1 << BITS
"""Hashes of a full tile."""

HASH = 32
FULL = WIDTH * HASH
"""Bytes of a full tile: it never changes again. One that is not full only grows."""

LEVELS = 6
"""Of tiles at most: 2**48 leaves."""


def place(level: int, position: int) -> int:
    """The number a tile is stored under. Level 0 holds leaf hashes; level n + 1 the roots of full tiles of level n."""
    return level << 48 | position


def tile_of(node: Node) -> int:
    """Which tile has, or can compute, a node."""
    height, index = node
    level, rest = divmod(height, BITS)
    return place(level, index << rest >> BITS)


def tiles_of(spans: Iterable[Sequence[Node]]) -> set[int]:
    """The tiles that are needed for the hashes of these spans."""
    return {tile_of(node) for nodes in spans for node in nodes}


def hashes_of(tile: bytes) -> list[Hash]:
    """The hashes of a tile, one by one."""
    return [tile[at : at + HASH] for at in range(0, len(tile), HASH)]


def edge_of(size: int) -> set[int]:
    """The tiles that are not full in a tree of this size: all that one needs to make it grow, and for its root."""
    widths = ((level, size >> BITS * level) for level in range(LEVELS))
    return {place(level, width >> BITS) for level, width in widths if width % WIDTH}


class TileMissingError(Exception):
    """A tile is not there or is too short: the stored tree was damaged, or grew since its size was read."""


class Hashes:
    """The nodes that a handful of tiles can give; each is computed once."""

    def __init__(self, tiles: Mapping[int, bytes]) -> None:
        self._tiles = tiles
        self._known: dict[Node, Hash] = {}

    def node(self, node: Node) -> Hash:
        """The hash of a whole subtree; TileMissingError when the tiles do not reach that far."""
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
        """The one hash of a span."""
        return fold(list(nodes), self.node)


def root_at(tiles: Mapping[int, bytes], size: int) -> Hash:
    """The root of the tree of this size, from its edge."""
    return Hashes(tiles).fold(span(0, size))


def grown(tiles: Mapping[int, bytes], size: int, leaves: Sequence[Hash]) -> dict[int, bytes]:
    """The tiles that change when leaves are added to a tree of this size, whose edge is given; TileMissingError."""
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
        leaves = [root_of(hashes_of(piece)) for piece in pieces if len(piece) == FULL]
        level += 1
    return changed

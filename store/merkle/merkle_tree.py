"""Merkle trees over a growing list: hashing, proofs and their verification (RFC 9162, section 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

Hash = bytes

Node = tuple[int, int]
"""A full subtree by its height and its index at that height: (h, i) covers the leaves from i * 2**h up to, and not
including, (i + 1) * 2**h."""

Span = list[Node]
"""A range of leaves that has one hash, as its full subtrees from left to right."""

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(entry: bytes) -> Hash:
    """Return the hash of one entry; the prefix byte keeps a node from being presented as an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """Return the hash over two siblings."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[Hash]) -> Hash:
    """Return the root over leaf hashes, or over nodes of one height (section 2.1.1)."""
    if not hashes:
        return EMPTY
    while len(hashes) > 1:
        pairs = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = [*pairs, hashes[-1]] if len(hashes) % 2 else pairs  # An odd node moves up unchanged.
    return hashes[0]


def split(size: int) -> int:
    """Return the number of leaves under the root's left child, for `size` > 1: the largest power of two below
    `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def span(begin: int, end: int) -> Span:
    """Split the leaves from `begin` up to `end` into full subtrees; `begin` is 0 or the start of a subtree."""
    nodes = []
    while begin < end:
        height = (end - begin).bit_length() - 1
        nodes.append((height, begin >> height))
        begin += 1 << height
    return nodes


def fold(nodes: Span, node: Callable[[Node], Hash]) -> Hash:
    """Return the hash of a span from the hashes of its subtrees; EMPTY if there are none."""
    if not nodes:
        return EMPTY
    *rest, last = map(node, nodes)
    # From the right: in a tree of this form the smaller subtree is always on the right.
    for left in reversed(rest):
        last = node_hash(left, last)
    return last


def inclusion_path(index: int, size: int) -> list[Span]:
    """Return the inclusion proof of the leaf at `index` among `size`, from its sibling to the root (section
    2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            path.append(span(middle, end))
            end = middle
        else:
            path.append(span(begin, middle))
            begin = middle
    return path[::-1]


def consistency_path(first: int, second: int) -> list[Span]:
    """Return the consistency proof that the tree of `second` leaves extends the one of `first` (section 2.1.4.1)."""
    if not 0 <= first <= second:
        raise ValueError("a tree only grows")
    if first in (0, second):
        return []
    path, begin, end = [], 0, second
    while end != first:
        middle = begin + split(end - begin)
        if first <= middle:
            path.append(span(middle, end))
            end = middle
        else:
            path.append(span(begin, middle))
            begin = middle
    if begin:  # Otherwise the verifier has this hash already: it is the first root.
        path.append(span(begin, end))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: Hash, path: Iterable[Hash], root: Hash) -> bool:
    """Verify the inclusion proof of a leaf at `index` in the tree of this size and root (section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    # The algorithm of the RFC, whose fn and sn are here `at` and `last`.
    at, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(first: int, second: int, first_root: Hash, second_root: Hash, path: Sequence[Hash]) -> bool:
    """Verify the consistency proof that the second tree extends the first one (section 2.1.4.2).

    An empty path is a proof only for equal trees, and for the tree without leaves.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY
    if not path:
        return False
    # A first tree of 2^k leaves is itself a node of the second one, and the proof leaves it out.
    hashes = [first_root, *path] if first & (first - 1) == 0 else path
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


@dataclass(slots=True)
class Frontier:
    """The right edge of a tree: the few dozen hashes that are needed to add leaves and to compute the root."""

    size: int = 0
    hashes: list[Hash] = field(default_factory=list)
    """The hashes of `span(0, size)`."""

    def push(self, leaf: Hash) -> None:
        """Add a leaf hash."""
        hashes, ones = self.hashes, self.size
        # Each trailing one bit of the size is a full subtree that the leaf completes to the next larger one.
        while ones & 1:
            leaf = node_hash(hashes.pop(), leaf)
            ones >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> Hash:
        """Return the root over all leaves so far."""
        given = iter(self.hashes)
        return fold(span(0, self.size), lambda _: next(given))

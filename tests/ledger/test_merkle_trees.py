"""The tree is the one of RFC 9162: its vectors, every proof of every small tree, and no tampered one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.merkle.merkle_tree import (
    EMPTY,
    Frontier,
    Hash,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
    span,
    verify_consistency,
    verify_inclusion,
)
from store.merkle.tiles import WIDTH, Hashes, TileMissingError, edge_of, grown, hashes_of, place, root_at, tiles_of

ENTRIES = [
    bytes.fromhex(each)
    for each in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Requirements, section 7.1."""

SIZES = range(40)
LEAVES = [leaf_hash(b"entry %d" % number) for number in SIZES]


def by_definition(entries: Sequence[bytes]) -> Hash:
    """MTH as section 2.1.1 writes it down."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\1" + by_definition(entries[:k]) + by_definition(entries[k:])).digest()


class Tree:
    """The hashes of a small tree, all of its leaves at hand."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.root = root_of(LEAVES[:size])
        self.hashes = Hashes(grown({}, 0, LEAVES[:size]))

    def inclusion(self, index: int) -> list[Hash]:
        return [self.hashes.fold(nodes) for nodes in inclusion_path(index, self.size)]

    def consistency(self, first: int) -> list[Hash]:
        return [self.hashes.fold(nodes) for nodes in consistency_path(first, self.size)]


TREES = [Tree(size) for size in SIZES]


def tampered(path: Sequence[Hash]) -> Iterator[list[Hash]]:
    """Every path that differs in one way: a bit, an order, one more, one less."""
    for at, each in enumerate(path):
        yield [*path[:at], bytes([each[0] ^ 1]) + each[1:], *path[at + 1 :]]
        yield [*path[:at], *path[at + 1 :]]
        yield [*path[:at], each, *path[at:]]
        if at + 1 < len(path):
            yield [*path[:at], path[at + 1], each, *path[at + 2 :]]
    yield [*path, EMPTY]
    yield [EMPTY, *path]


@pytest.mark.parametrize("size", ROOTS)
def test_the_roots_are_those_of_the_vectors(size: int) -> None:
    assert root_of([leaf_hash(entry) for entry in ENTRIES[:size]]).hex() == ROOTS[size]
    assert by_definition(ENTRIES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", SIZES)
def test_all_ways_to_the_root_lead_to_the_one_of_the_definition(size: int) -> None:
    root = by_definition([b"entry %d" % number for number in range(size)])
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.push(leaf)
    tree = TREES[size]
    assert {root, tree.root, frontier.root(), tree.hashes.fold(span(0, size))} == {root}
    assert frontier.hashes == [tree.hashes.node(node) for node in span(0, size)]


def test_an_odd_leaf_is_not_doubled() -> None:
    """Otherwise two lists would have one root, as in Bitcoin."""
    assert root_of(LEAVES[:3]) != root_of([*LEAVES[:3], LEAVES[2]])


def test_a_node_cannot_be_passed_off_as_an_entry() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_verifies_and_every_tampered_one_fails(size: int) -> None:
    tree = TREES[size]
    for index in range(size):
        leaf, path = LEAVES[index], tree.inclusion(index)
        assert verify_inclusion(index, size, leaf, path, tree.root)
        assert not any(
            verify_inclusion(index, size, leaf, wrong, tree.root) for wrong in tampered(path) if wrong != path
        )
        assert not verify_inclusion(index, size, LEAVES[index - 1] if size > 1 else EMPTY, path, tree.root)
        assert not any(
            verify_inclusion(other, size, leaf, path, tree.root) for other in range(size + 2) if other != index
        )
        for other in SIZES:
            if other != size:
                assert not verify_inclusion(index, other, leaf, path, TREES[other].root)


@pytest.mark.parametrize("second", SIZES)
def test_every_consistency_proof_verifies_and_every_tampered_one_fails(second: int) -> None:
    new = TREES[second]
    for first in range(second + 1):
        old, path = TREES[first], new.consistency(first)
        assert verify_consistency(first, second, old.root, new.root, path)
        for wrong in tampered(path):
            if wrong != path:
                assert not verify_consistency(first, second, old.root, new.root, wrong)
        if 0 < first < second:
            assert not verify_consistency(first, second, old.root, new.root, []), "an empty path proves nothing"
            assert not verify_consistency(first, second, TREES[first - 1].root, new.root, path)
            assert not verify_consistency(first, second, old.root, TREES[second - 1].root, path)
            assert not verify_consistency(first, second, new.root, old.root, path)
            assert not verify_consistency(second, first, new.root, old.root, path)
            for other in range(1, second):
                if other != first:
                    assert not verify_consistency(other, second, old.root, new.root, path)


def test_the_empty_tree_is_the_beginning_of_every_tree_but_only_itself() -> None:
    assert verify_consistency(0, 5, EMPTY, TREES[5].root, [])
    assert not verify_consistency(0, 5, LEAVES[0], TREES[5].root, [])
    assert not verify_consistency(5, 5, TREES[5].root, TREES[6].root, [])
    assert not verify_consistency(5, 5, TREES[5].root, TREES[5].root, [EMPTY])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_path(index, size)
    assert not verify_inclusion(index, size, EMPTY, [], EMPTY)
    with pytest.raises(ValueError, match="only grows"):
        consistency_path(size + 1, size)


@given(st.lists(st.integers(1, 900), max_size=12), st.data())
def test_tiles_of_any_growth_hold_the_whole_tree(steps: list[int], data: st.DataObject) -> None:
    """Whatever the batches were: only the edge is needed to grow, and a proof needs two tiles a level at most."""
    tiles: dict[int, bytes] = {}
    size = 0
    for step in steps:
        edge = {at: tiles[at] for at in edge_of(size)}
        new = [leaf_hash(b"%d" % number) for number in range(size, size + step)]
        changed = grown(edge, size, new)
        assert all(tile.startswith(tiles.get(at, b"")) for at, tile in changed.items()), "a tile only grows"
        tiles |= changed
        size += step
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    assert b"".join(tiles[place(0, nth)] for nth in range(-(-size // WIDTH))) == b"".join(leaves)
    root = root_of(leaves)
    assert root_at({at: tiles[at] for at in edge_of(size)}, size) == root
    if size:
        index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
        path = inclusion_path(index, size)
        assert len(tiles_of(path)) <= 4
        hashes = Hashes({at: tiles[at] for at in tiles_of(path)})
        assert verify_inclusion(index, size, leaves[index], [hashes.fold(each) for each in path], root)
        way = consistency_path(first, size)
        hashes = Hashes({at: tiles[at] for at in tiles_of(way)})
        assert verify_consistency(first, size, root_of(leaves[:first]), root, [hashes.fold(each) for each in way])


def test_a_tree_of_a_million_millions_needs_ten_tiles_for_a_proof() -> None:
    size = 1_000_000_000_000
    for index in (0, 1, size // 3, size - 1):
        assert len(tiles_of(inclusion_path(index, size))) <= 10
    assert len(tiles_of(consistency_path(size // 3, size))) <= 10


def test_a_tile_that_is_missing_or_cut_short_is_told_apart_from_a_hash() -> None:
    tiles = grown({}, 0, LEAVES)
    short = {at: tile[:-32] for at, tile in tiles.items()}
    for broken in ({}, short):
        with pytest.raises(TileMissingError):
            root_at(broken, len(LEAVES))
        with pytest.raises(TileMissingError):
            grown(broken, len(LEAVES), LEAVES[:1])
    assert hashes_of(tiles[place(0, 0)]) == LEAVES

"""The form of the index of subjects: nine bytes for each name of each entry, in the order of the leaves.

Names are pseudonyms, which are random, so their first twelve letters suffice to tell them apart: of ten million names
two agree by chance with a probability of one in 10^8, and what is found is compared with the entry before it is shown.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error, a2b_base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from struct import Struct, iter_unpack

PSEUDONYM = 22
"""Length of a customer's pseudonym in characters."""

LETTERS, MARK = 12, 9
"""Letters of a name that are kept, and their bytes."""

COUNT = Struct(">I")
"""How many names an entry has, in a row of the log."""

LEAF = 5
"""Bytes of the leaf of a posting in a run."""

POSTING = MARK + LEAF
"""Bytes of a posting in a run."""

PARTS = 64
"""A run is divided by the first six bits of the mark, so that a look-up reads one of 64 parts."""


def mark(name: str) -> bytes:
    """Return what stands for a name in the index."""
    with_letters = name[:LETTERS]
    try:
        found = urlsafe_b64decode(with_letters) if len(with_letters) == LETTERS else b""
    except (Error, ValueError):
        found = b""
    return found if len(found) == MARK else sha256(name.encode()).digest()[:MARK]


def marks(names: Sequence[str]) -> bytes:
    """Return the marks of names, one after another."""
    found = _marks_of_pseudonyms(names)
    return b"".join(map(mark, names)) if found is None else found


def _marks_of_pseudonyms(names: Sequence[str]) -> bytes | None:
    """The same for names that all are pseudonyms, ten times faster; None for others."""
    if set(map(len, names)) != {PSEUDONYM} or not (joined := "".join(names)).isascii():
        return None
    whole, letters = joined.replace("-", "+").replace("_", "/").encode(), bytearray(LETTERS * len(names))
    for place in range(LETTERS):  # One letter of all names at a time.
        letters[place::LETTERS] = whole[place::PSEUDONYM]
    try:
        found = a2b_base64(letters)
    except Error:
        return None
    return found if len(found) == MARK * len(names) else None  # Letters that are none are skipped.


def part(of_mark: bytes) -> int:
    """Return the part of a run in which a mark is."""
    return of_mark[0] >> 2


@dataclass(frozen=True, slots=True)
class LogRow:
    """The names of consecutive entries as they were added to the tree: a row of `ledger_postings`."""

    first: int
    counts: bytes
    marks: bytes

    @classmethod
    def of(cls, first: int, names: Iterable[Sequence[str]]) -> LogRow:
        """Make the row of entries from the leaf `first` on, by the names of each."""
        listed = list(names)
        counts = b"".join([COUNT.pack(len(each)) for each in listed])
        return cls(first, counts, marks([name for each in listed for name in each]))

    @property
    def beyond(self) -> int:
        """The leaf after its last one."""
        return self.first + len(self.counts) // COUNT.size

    def leaves(self, wanted: bytes) -> list[int]:
        """Return the leaves that have a name with this mark, in ascending order."""
        places = list(_places(self.marks, wanted, MARK))
        if not places:
            return []
        found, ends = [], accumulate(count for (count,) in iter_unpack(COUNT.format, self.counts))
        leaf, end = self.first - 1, 0
        for place in places:
            while place >= end:
                leaf, end = leaf + 1, next(ends)
            found.append(leaf)
        return list(dict.fromkeys(found))

    def postings(self) -> Iterator[tuple[bytes, int]]:
        """Yield each mark with its leaf."""
        begin = 0
        for leaf, (count,) in enumerate(iter_unpack(COUNT.format, self.counts), self.first):
            end = begin + MARK * count
            for at in range(begin, end, MARK):
                yield self.marks[at : at + MARK], leaf
            begin = end

    def cut(self, first: int) -> LogRow:
        """Return the row without the leaves before `first`."""
        gone = self.counts[: (first - self.first) * COUNT.size]
        names = sum(count for (count,) in iter_unpack(COUNT.format, gone))
        return LogRow(first, self.counts[len(gone) :], self.marks[names * MARK :])


def run_of(rows: Sequence[LogRow]) -> list[bytes]:
    """Return the parts of a run over these rows of the log. A run is continued by adding to each of its parts."""
    parts = [bytearray() for _ in range(PARTS)]
    for row in rows:
        content, at = row.marks, 0
        for leaf, (count,) in enumerate(iter_unpack(COUNT.format, row.counts), row.first):
            end, where = at + MARK * count, leaf.to_bytes(LEAF, "big")
            for place in range(at, end, MARK):
                parts[content[place] >> 2] += content[place : place + MARK] + where
            at = end
    return [bytes(content) for content in parts]


def leaves_in_run(content: bytes, wanted: bytes) -> list[int]:
    """Return the leaves of a part of a run that have a name with this mark, in ascending order."""
    places = [place * POSTING + MARK for place in _places(content, wanted, POSTING)]
    return list(dict.fromkeys(int.from_bytes(content[at : at + LEAF], "big") for at in places))


def postings_in_run(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield each mark with its leaf."""
    for place in range(0, len(content), POSTING):
        at = place + MARK
        yield content[place:at], int.from_bytes(content[at : at + LEAF], "big")


def cut_run(content: bytes, first: int) -> bytes:
    """Return a part of a run without the leaves before `first`."""
    return b"".join([each + leaf.to_bytes(LEAF, "big") for each, leaf in postings_in_run(content) if leaf >= first])


def _places(content: bytes, wanted: bytes, width: int) -> Iterator[int]:
    """Yield the numbers of the items that begin with these bytes; the search itself is done in C."""
    at = content.find(wanted)
    while at >= 0:
        number, rest = divmod(at, width)
        if rest == 0:
            yield number
        # Marks overlap two neighbours by chance only.
        at = content.find(wanted, at + 1)

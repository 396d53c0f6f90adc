"""Batches of entries on their way into the tree: leaves, hashes, and the names for the index of subjects.

On SQLite `extend_file` and `write_run` write it, in the thread that appends to the file: neither waits for a lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import orjson

from store.ledger.entries import EVENT_ACT, EVENT_ERASED, PAPER_RELEASED, RELEASED
from store.ledger.proofs import mark_of
from store.ledger.tree_tables import TREE
from store.merkle.merkle_tree import Hash, leaf_hash
from store.merkle.postings import PSEUDONYM, LogRow
from store.merkle.tiles import edge_of, grown

BATCH = 500
"""Maximum entries in one step of a sealer."""

SUBJECTS = 4000
"""Number of subjects after which a transaction takes no further entry."""


class SealerLeaseLostError(Exception):
    """Another sealer has taken over the lease; nothing was written."""


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry that is not in the tree yet."""

    sequence: int
    leaf: Hash
    names: list[str]
    """Its keys in the index."""

    @classmethod
    def of(cls, sequence: int, entry: bytes) -> FoundEntry:
        """Hash an entry, and read the names in it."""
        return cls(sequence, leaf_hash(entry), subjects_of(entry))

    @property
    def mark(self) -> int:
        """The number by which its leaf is found."""
        return mark_of(self.leaf)


def bounded(found: Sequence[FoundEntry]) -> Iterator[list[FoundEntry]]:
    """Split entries into non-empty parts of a size for one transaction."""
    some: list[FoundEntry] = []
    total = 0
    for each in found:
        some.append(each)
        total += len(each.names)
        if total >= SUBJECTS:
            yield some
            some, total = [], 0
    if some:
        yield some


def grown_by(tiles: Mapping[int, bytes], size: int, found: Sequence[FoundEntry]) -> dict[int, bytes]:
    """Return the tiles that change; TileMissingError."""
    return grown(tiles, size, [each.leaf for each in found])


def log_row_of(size: int, found: Sequence[FoundEntry]) -> LogRow | None:
    """Return the row of the index for a batch; None if nobody is named in it."""
    if not any(each.names for each in found):
        return None
    return LogRow.of(size, [each.names for each in found])


def subjects_of(entry: bytes) -> list[str]:
    """Return the keys of an entry in the index: its pseudonyms, or the event of an act or an erasure; empty if none."""
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
    with suppress(TypeError):  # Of what has no length, and of what cannot be in a set.
        if set(map(len, named)) == {PSEUDONYM} and len(set(named)) == len(named):
            return named  # As all are, without a look at each.
    return [each for each in dict.fromkeys(map(str, named)) if len(each) == PSEUDONYM]


PENDING = """
    SELECT ledger_pending.sequence, entry FROM ledger_pending
    JOIN ledger_entries ON ledger_entries.sequence = ledger_pending.sequence ORDER BY ledger_pending.sequence LIMIT ?
"""
TILES = "SELECT place, hashes FROM ledger_tiles WHERE place IN (SELECT value FROM json_each(?))"
RESIZE = "UPDATE ledger_tree SET size = ?, held_until = ? WHERE id = ? AND size = ? AND fence = ?"
LEAVES = "INSERT INTO ledger_leaves (leaf_index, sequence, mark) VALUES (?, ?, ?)"
SEALED = "DELETE FROM ledger_pending WHERE sequence = ?"
GROWN = """
    INSERT INTO ledger_tiles (place, hashes) VALUES (?, ?)
    ON CONFLICT (place) DO UPDATE SET hashes = excluded.hashes
"""
HOLD = "UPDATE ledger_tree SET held_until = ? WHERE id = ? AND fence = ?"
LOGGED = "SELECT first FROM ledger_postings WHERE first <= ? ORDER BY first"
NEWEST = "SELECT max(first) FROM ledger_runs WHERE part = 0"
BEGUN = "INSERT INTO ledger_runs (part, first, beyond, postings) VALUES (?, ?, ?, ?)"
CONTINUED = "UPDATE ledger_runs SET postings = postings || ?, beyond = ? WHERE part = ? AND first = ?"
MOVED = "DELETE FROM ledger_postings WHERE first <= ?"
INDEXED = "INSERT INTO ledger_postings (first, counts, marks) VALUES (?, ?, ?)"


def extend_file(connection: sqlite3.Connection, fence: int, held_until: int, entries: int, subjects: int) -> int:
    """Add the next entries to the tree in one transaction; returns their number. SealerLeaseLostError, sqlite3.Error.

    At most `entries`, and none after those with `subjects` names. What is read and computed is so before the
    transaction: only the size, which is compared, can have changed since.
    """
    (size,) = connection.execute("SELECT size FROM ledger_tree WHERE id = ?", (TREE,)).fetchone() or (0,)
    found = _pending(connection, entries, subjects)
    if not found:
        return 0
    tiles = dict(connection.execute(TILES, (orjson.dumps(sorted(edge_of(size))).decode(),)).fetchall())
    changed, row = grown_by(tiles, size, found), log_row_of(size, found)
    with _transaction(connection):
        # First, so that a transaction that has lost the lease fails before it writes anything else.
        done = connection.execute(RESIZE, (size + len(found), held_until, TREE, size, fence))
        if done.rowcount != 1:
            raise SealerLeaseLostError
        connection.executemany(LEAVES, [(index, each.sequence, each.mark) for index, each in enumerate(found, size)])
        connection.executemany(SEALED, [(each.sequence,) for each in found])
        connection.executemany(GROWN, list(changed.items()))
        if row is not None:
            connection.execute(INDEXED, (row.first, row.counts, row.marks))
    return len(found)


def write_run(
    connection: sqlite3.Connection,
    fence: int,
    held_until: int,
    continued: int | None,
    rows: Sequence[LogRow],
    parts: Sequence[bytes],
) -> None:
    """Begin a run with these parts, or add them to the one that is continued, in place of the rows of the log; nothing
    if they have changed. SealerLeaseLostError, sqlite3.Error."""
    last = rows[-1]
    with _transaction(connection):
        if connection.execute(HOLD, (held_until, TREE, fence)).rowcount != 1:
            raise SealerLeaseLostError
        there = [first for (first,) in connection.execute(LOGGED, (last.first,)).fetchall()]
        ((newest,),) = connection.execute(NEWEST).fetchall()
        if there != [each.first for each in rows] or continued not in (None, newest):  # Pruned meanwhile.
            return
        if continued is None:
            begun = [(number, rows[0].first, last.beyond, content) for number, content in enumerate(parts)]
            connection.executemany(BEGUN, begun)
        else:
            more = [(content, last.beyond, number, continued) for number, content in enumerate(parts)]
            connection.executemany(CONTINUED, more)
        connection.execute(MOVED, (last.first,))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _pending(connection: sqlite3.Connection, entries: int, subjects: int) -> Sequence[FoundEntry]:
    found: list[FoundEntry] = []
    total = 0
    rows = connection.execute(PENDING, (entries,))
    for sequence, entry in rows:
        found.append(FoundEntry.of(sequence, entry))
        total += len(found[-1].names)
        if total >= subjects:
            break
    rows.close()
    return found

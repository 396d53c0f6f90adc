"""Adds entries to the tree of a ledger in a file, in the thread that appends to it: neither waits for a lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import orjson

from store.ledger.batches import FoundEntry, SealerLeaseLostError, grown_by, log_row_of
from store.ledger.postings import LogRow
from store.ledger.tree_tables import TREE
from store.merkle.tiles import edge_of

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

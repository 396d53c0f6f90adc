"""Adds up readings by person, in a private database on disk, so that memory does not grow with a breach."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, Self

import orjson

TABLES: Final = """
    CREATE TABLE shapes (id INTEGER PRIMARY KEY, purpose TEXT NOT NULL, fields TEXT NOT NULL, UNIQUE (purpose, fields));
    CREATE TABLE readings (
        pseudonym TEXT NOT NULL, shape INTEGER NOT NULL, times INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, PRIMARY KEY (pseudonym, shape)
    ) WITHOUT ROWID;
"""
ADD: Final = """
    INSERT INTO readings VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET times = times + excluded.times, first = min(first, excluded.first),
        last = max(last, excluded.last)
"""


ROOTS: Final = ("Query.", "Mutation.")


def fields_of(entry: Mapping[str, Any]) -> list[str]:
    """Return the fields of an entry that hold something of a person, sorted: root fields select whom, not what."""
    every = sorted(set(entry["fields"]))
    return [each for each in every if not each.startswith(ROOTS)] or every


@dataclass(frozen=True, slots=True)
class ConcernedPerson:
    """One person, by the pseudonym of the ledger, and what was read of them."""

    pseudonym: str
    readings: int
    first: int
    last: int
    """Seconds since 1970."""
    fields: tuple[str, ...]
    """Coordinates, sorted."""
    purposes: tuple[str, ...]


class ConcernedPersons:
    """The persons of a breach. A person is a row for each combination of purpose and fields, of which there are few."""

    def __init__(self) -> None:
        # Without a name SQLite makes a file of its own, which only this process can open, and removes it at the end.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(TABLES)
        self._fields = lru_cache(maxsize=4096)(self._fields_of)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def add(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Add a page of entries about readings."""
        self._database.execute("BEGIN")
        for entry in entries:
            fields = orjson.dumps(fields_of(entry)).decode()
            shape, at = self._shape(str(entry["purpose"] or ""), fields), int(entry["at"])
            counts = entry.get("counts") or [1] * len(entry["subjects"])
            subjects = zip(entry["subjects"], counts, strict=False)
            self._database.executemany(ADD, [(subject, shape, times, at, at) for subject, times in subjects])
        self._database.execute("COMMIT")

    def __iter__(self) -> Iterator[ConcernedPerson]:
        """Yield every person, by their pseudonym."""
        rows = self._database.execute("SELECT pseudonym, shape, times, first, last FROM readings ORDER BY pseudonym")
        for pseudonym, group in groupby(rows, key=lambda row: row[0]):
            theirs = list(group)
            shapes = [self._fields(shape) for _, shape, *_ in theirs]
            yield ConcernedPerson(
                pseudonym,
                sum(row[2] for row in theirs),
                min(row[3] for row in theirs),
                max(row[4] for row in theirs),
                tuple(sorted({field for _, fields in shapes for field in fields})),
                tuple(sorted({purpose for purpose, _ in shapes if purpose})),
            )

    def _shape(self, purpose: str, fields: str) -> int:
        self._database.execute("INSERT OR IGNORE INTO shapes (purpose, fields) VALUES (?, ?)", (purpose, fields))
        (found,) = self._database.execute(
            "SELECT id FROM shapes WHERE purpose = ? AND fields = ?", (purpose, fields)
        ).fetchone()
        return int(found)

    def _fields_of(self, shape: int) -> tuple[str, tuple[str, ...]]:
        purpose, fields = self._database.execute("SELECT purpose, fields FROM shapes WHERE id = ?", (shape,)).fetchone()
        return purpose, tuple(orjson.loads(fields))

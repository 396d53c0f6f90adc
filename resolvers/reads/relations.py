"""Relations between tables, shared by both executors."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Table


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of `table` whose `target` column equals the parent row's `source` column.

    `many`: a list ordered by id, oldest first, or newest first with `newest_first`; otherwise at most one row.
    """

    source: Column[int]
    target: Column[int]
    many: bool
    newest_first: bool = False

    @property
    def table(self) -> Table:
        """The table of the related rows; TypeError if the target is not a column of a table."""
        table = self.target.table
        if not isinstance(table, Table):
            raise TypeError(f"{self.target} is no column of a table")
        return table


def children(target: Column[int], of: Column[int], newest_first: bool = False) -> Relation:
    """The relation to all rows that refer to a parent."""
    return Relation(of, target, many=True, newest_first=newest_first)


def parent(target: Column[int], of: Column[int]) -> Relation:
    """The relation to the one row that a row refers to."""
    return Relation(of, target, many=False)

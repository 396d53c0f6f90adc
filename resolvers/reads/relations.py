"""How one table's rows are reached from another's, said once for every executor."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Table


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of `table` whose `target` column equals the parent row's `source` column.

    `many` gives a list in the order of ids, oldest first, or newest first when `newest_first`; otherwise a row or none.
    """

    source: Column[int]
    target: Column[int]
    many: bool
    newest_first: bool = False

    @property
    def table(self) -> Table:
        """The table that is read; TypeError when the target is a column of anything else."""
        table = self.target.table
        if not isinstance(table, Table):
            raise TypeError(f"{self.target} is no column of a table")
        return table


def children(target: Column[int], of: Column[int], newest_first: bool = False) -> Relation:
    """Every row of the target's table that belongs to a parent."""
    return Relation(of, target, many=True, newest_first=newest_first)


def parent(target: Column[int], of: Column[int]) -> Relation:
    """The one row that a row points to."""
    return Relation(of, target, many=False)

"""The lease on a row that one worker processes: until when it is held, and by which attempt (the fencing token)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, or_


@dataclass(frozen=True, slots=True)
class RowLease:
    """Leases on the rows of a table with the columns `id`, `attempts` and `leased_until`.

    A worker that dies keeps its rows from the others for `length` at most. The number of attempts is the fencing token:
    a worker whose lease was taken over matches no row any more (`mine`), whatever it still tries to write.
    """

    table: Table
    length: timedelta

    def free(self, now: Any, latest: Any = None) -> ColumnElement[bool]:
        """The condition for rows that nobody holds now; a prepared statement gives parameters for both moments."""
        until = self._column("leased_until")
        return or_(until.is_(None), until <= now, until > (self.latest(now) if latest is None else latest))

    def latest(self, now: datetime) -> datetime:
        """The latest end of a lease that is believed.

        A later one was made by a clock that has been set back since, and counts for nothing, or the row would be left
        alone until that clock comes round again (F3). Clocks of replicas differ: one that is behind by less than
        `length` takes no lease of the others for such a one.
        """
        return now + 2 * self.length

    def taken(self, now: datetime) -> dict[str, Any]:
        """The values that take a row, for one attempt more."""
        return {"attempts": self._column("attempts") + 1, "leased_until": now + self.length}

    def renewed(self, now: datetime) -> dict[str, Any]:
        """The values that keep a row for another `length`."""
        return {"leased_until": now + self.length}

    def mine(self, row_id: int, attempt: int) -> ColumnElement[bool]:
        """The row, as long as no other attempt has taken it over."""
        return and_(self._column("id") == row_id, self._column("attempts") == attempt)

    def _column(self, name: str) -> Column[Any]:
        return self.table.c[name]

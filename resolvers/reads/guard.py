"""Records the owners of fetched rows, and decrypts values: the one place where data becomes readable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column

from resolvers.disclosures.registries import NEEDED, HandedOver
from resolvers.reads.fetches import Layout, Row
from resolvers.reads.filters import owner_of
from resolvers.reads.metering import ReadLimitError
from store.crypto.key_store import KeyStore
from store.crypto.subject_key import SubjectKey


class DamagedValueError(Exception):
    """A sealed value does not decrypt: it was altered, moved, or encrypted under another key."""


class CustomerLimitError(ReadLimitError):
    """The client would exceed its limit of different customers per hour."""

    def __init__(self, retry_after: float, most: int) -> None:
        super().__init__(f"more than {most} customers in an hour")
        self.retry_after = retry_after
        """Seconds until it may read others."""
        self.most = most


class OutsideOrderError(Exception):
    """A read for an authority reaches beyond its order: to another customer, or to a column that it does not name."""


@dataclass(frozen=True, slots=True)
class OrderBounds:
    """All that a read for an order of an authority may reach (R24)."""

    customer: int
    columns: frozenset[Column[Any]]
    """Those in which the fields rest that the order names."""


OwnerCheck = Callable[[Iterable[str]], None]
"""Raises CustomerLimitError if the client may not read the customers of these pseudonyms."""


class SubjectTracker:
    """Tracks the customers whose data one operation reads, by pseudonym, for its ledger entry.

    Both executors pass every row to `add_owners` before a value of it is decrypted, so that the client's limit of
    customers is enforced here, whichever field returned the row.
    """

    __slots__ = ("_bounds", "_owner_check", "_store", "disclosed", "handed", "known", "subjects")

    def __init__(self, store: KeyStore, check: OwnerCheck | None = None, bounds: OrderBounds | None = None) -> None:
        self._store = store
        self._owner_check = check
        self._bounds = bounds
        self.known: dict[int, SubjectKey | None] = {}
        """The data keys of the owners so far; None if destroyed."""
        self.subjects: dict[str, None] = {}
        self.handed: dict[int, HandedOver] = {}
        """Disclosures to registries by reading, by domain id."""
        self.disclosed: dict[int, frozenset[str]] = {}
        """Coordinates by domain id that a command has recorded as disclosed already."""

    async def add_owners(self, owners: Iterable[int]) -> None:
        """Add owners and load their keys; CustomerLimitError or OutsideOrderError before any is added."""
        known = self.known
        # One read of the key store for all new owners.
        missing = [owner for owner in dict.fromkeys(owners) if owner not in known]
        if missing:
            if self._bounds is not None and missing != [self._bounds.customer]:
                raise OutsideOrderError("another customer")
            keys = await self._store.subjects(missing)
            # Before the keys are kept: without a key nothing of these customers can be decrypted.
            if self._owner_check is not None:
                self._owner_check([*self.subjects, *(key.pseudonym for key in keys if key is not None)])
            known.update(zip(missing, keys, strict=True))
            self.subjects.update((key.pseudonym, None) for key in keys if key is not None)

    async def admit(self, rows: Sequence[Row], layout: Layout) -> list[tuple[Row, SubjectKey]]:
        """Add the owners of rows, and return the rows with keys; rows whose key was destroyed are dropped (R35).

        OutsideOrderError where the rows have columns that the order does not name, beside their id and owner.
        """
        if self._bounds is not None:
            self._require_named(layout, self._bounds)
        at = layout.owner_at
        await self.add_owners(row[at] for row in rows)
        return [(row, key) for row in rows if (key := self.known[row[at]]) is not None]

    def _require_named(self, layout: Layout, bounds: OrderBounds) -> None:
        about = {layout.table.c.id, owner_of(layout.table)}
        if beyond := layout.at.keys() - about - bounds.columns:
            raise OutsideOrderError(", ".join(sorted(f"{each.table.name}.{each.name}" for each in beyond)))

    def record_handover(self, rows: Iterable[Row], layout: Layout) -> None:
        """Record the disclosure of these rows to a registry; null values were hidden or missing, and are not
        disclosed."""
        # The rules of the registry depend on both.
        tld, kind = (layout.at[each] for each in NEEDED)
        for row in rows:
            found = {column: name for column, name in layout.handed.items() if row[layout.at[column]] is not None}
            if known := self.disclosed.get(row[0]):
                found = {column: name for column, name in found.items() if name not in known}
            over = self.handed.setdefault(row[0], HandedOver(row[layout.owner_at], row[tld], row[kind]))
            over.shown.update(found)


class OpenedRecord:
    """One row: plain columns as stored, sealed ones decrypted on demand."""

    __slots__ = ("_key", "_opened", "layout", "row", "type_name")

    def __init__(self, type_name: str, row: Row, layout: Layout, key: SubjectKey) -> None:
        self.type_name, self.row, self.layout, self._key = type_name, row, layout, key
        self._opened: dict[Column[Any], Any] = {}

    @property
    def id(self) -> int:
        """The row's primary key."""
        return int(self.row[0])

    @property
    def owner(self) -> int:
        """The key of the owning customer."""
        return int(self.row[self.layout.owner_at])

    def value(self, column: Column[Any]) -> Any:
        """The column's value, decrypted if sealed; DamagedValueError if it does not decrypt."""
        resting = self.row[self.layout.at[column]]
        sealing = column.info.get("sealing")
        if resting is None or sealing is None:
            return resting
        # Several fields may show one column; it is decrypted once.
        if column not in self._opened:
            self._opened[column] = self._open(column, resting, sealing)
        return self._opened[column]

    def _open(self, column: Column[Any], resting: bytes, sealing: Any) -> Any:
        try:
            return sealing.decode(self._key.open(column, self.id, resting))
        except Exception as error:  # all failures look alike, so that nothing is revealed about the content
            raise DamagedValueError(f"{column.table.name}.{column.name}") from error

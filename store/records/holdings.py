"""The data held about one customer: every table with rows of customers, column by column, as declared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, LargeBinary, MetaData, Select, Table, bindparam, func, select

from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.records.declared import ExportDetail, Fate, TableDeclaration, Whose, declaration_of
from store.sql.metadata import Id, Instant, instant, key_metadata, ledger_metadata, metadata
from store.sql.reading import Reader
from store.tables.customers import customers

PAGE = 200
"""Rows in one read, which bounds the memory of an export."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Holding:
    """One table with rows of customers."""

    table: Table
    declared: TableDeclaration

    @property
    def name(self) -> str:
        """The name of the table."""
        return str(self.table.name)

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The columns whose values may be exported."""
        return tuple(column for column in self.table.c if column.info["output"])

    @property
    def withheld(self) -> tuple[Column[Any], ...]:
        """The columns that no API may ever return: secrets, and keyed hashes of shown values."""
        return tuple(column for column in self.table.c if not column.info["output"])

    @property
    def row_by_row(self) -> bool:
        """True if an export contains the rows one by one."""
        return self.declared.export is ExportDetail.RECORDS

    @property
    def removed(self) -> bool:
        """True if an erasure deletes the rows."""
        return self.declared.fate is Fate.ROWS

    def of(self, customer: Any) -> ColumnElement[bool]:
        """Return the condition for the rows of a customer, given by number or by a bind parameter."""
        return self._where(lambda owner: owner == customer)

    def of_any(self, customer_ids: Sequence[int]) -> ColumnElement[bool]:
        """Return the condition for the rows of these customers."""
        return self._where(lambda owner: owner.in_(customer_ids))

    def _where(self, belongs: Callable[[Column[int]], ColumnElement[bool]]) -> ColumnElement[bool]:
        if self.declared.parent is None:
            return belongs(_owner(self.table))
        (key,) = self.table.c[self.declared.parent].foreign_keys
        return self.table.c[self.declared.parent].in_(select(key.column).where(belongs(_owner(key.column.table))))


def holdings() -> tuple[Holding, ...]:
    """Return every table of the main database with rows of customers, referenced tables before referring ones.

    UndeclaredTableError for a table without a declaration, so that none can be forgotten.
    """
    return tuple(
        Holding(table, said) for table, said in _declared(metadata) if said.whose in (Whose.COLUMN, Whose.PARENT)
    )


def held_apart() -> tuple[Holding, ...]:
    """Return the tables with data of customers that cannot be exported by row: not found by customer, or all secret."""
    said = [each for tables in (metadata, key_metadata) for each in _declared(tables)]
    return tuple(Holding(table, declared) for table, declared in said if declared.export is ExportDetail.HELD)


def left_behind() -> tuple[Holding, ...]:
    """Return the tables of all databases whose rows an erasure keeps, for a reason or until they expire."""
    everywhere = [each for tables in (metadata, ledger_metadata, key_metadata) for each in _declared(tables)]
    stays = (Fate.DETACHED, Fate.KEPT, Fate.BOUNDED)
    return tuple(Holding(table, declared) for table, declared in everywhere if declared.fate in stays)


def _declared(tables: MetaData) -> list[tuple[Table, TableDeclaration]]:
    return [(table, declaration_of(str(table.name))) for table in tables.sorted_tables]


def _owner(table: Table) -> Column[int]:
    return customers.c.id if table is customers else table.c.customer_id


def is_key(column: Column[Any]) -> bool:
    """Return whether a column only identifies the row, its owner, or a related row."""
    own = column.primary_key or column.name == "customer_id"
    return own or bool(column.foreign_keys) or "relation" in column.info


def is_fingerprint(column: Column[Any]) -> bool:
    """Return whether a column has keyed hashes, which only allow finding or comparing values."""
    return isinstance(column.type, LargeBinary) and "sealing" not in column.info


@dataclass(frozen=True, slots=True)
class DamagedValue:
    """A placeholder for a value that does not decrypt."""


async def rows_of(reader: Reader, holding: Holding, key: SubjectKey, now: datetime) -> AsyncIterator[Row]:
    """Yield the customer's rows in the order of their keys, decrypted, reading a page at a time.

    Rows under an embargo (`Table.info["embargo"]`) that has not ended are left out: they must not be shown yet.
    """
    order = next(iter(holding.table.primary_key.columns))
    # The key comes first: it is needed to decrypt the row, and for the next page.
    columns = [order, *(column for column in holding.shown if column is not order)]
    base = select(*columns).where(holding.of(bindparam("owner", type_=Id))).order_by(order).limit(PAGE)
    values: dict[str, Any] = {"owner": key.customer_id}
    if (embargo := holding.table.info.get("embargo")) is not None:
        until = holding.table.c[embargo]
        base = base.where(until.is_(None) | (until <= bindparam("now", type_=Instant)))
        values["now"] = now
    beyond = base.where(order > bindparam("after", type_=order.type))
    page = await _fetch(reader, base, values)
    while page:
        for row in page:
            yield {
                str(column.name): _value(column, key, row[0], resting)
                for column, resting in zip(columns, row, strict=True)
                if column.info["output"]
            }
        page = await _fetch(reader, beyond, values | {"after": page[-1][0]}) if len(page) == PAGE else ()


async def count_of(reader: Reader, holding: Holding, customer_id: int) -> int:
    """Count the customer's rows in a table that is not exported by row."""
    query = select(func.count()).select_from(holding.table).where(holding.of(bindparam("owner", type_=Id)))
    return int((await _fetch(reader, query, {"owner": customer_id}))[0][0])


async def _fetch(reader: Reader, query: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    return await reader.fetch(reader.prepare(query), values)


def _value(column: Column[Any], key: SubjectKey, row_id: Any, resting: Any) -> Any:
    """Return a column's value in the form for JSON: times as text, bytes in hexadecimal, keys as global ids."""
    if resting is None:
        return None
    if (sealing := column.info.get("sealing")) is not None:
        try:
            opened = sealing.decode(key.open(column, row_id, resting))
        except (SealBrokenError, ValueError):
            return DamagedValue()
        return dict(zip(sealing.parts, opened, strict=True)) if sealing.parts else opened
    if isinstance(column.type, Instant):
        return instant(resting).isoformat().replace("+00:00", "Z")
    if isinstance(column.type, Boolean):
        return bool(resting)
    if isinstance(resting, bytes):
        return resting.hex()
    if is_key(column) and isinstance(resting, int):
        return key.global_id(_pointed_at(column), resting)  # A row's number would reveal when it was made (G16).
    return str(resting) if is_key(column) else resting


def _pointed_at(column: Column[Any]) -> str:
    """Return the type name in a key's global id: `Customer`, the name of the table, or that of the relation."""
    if "relation" in column.info:
        return str(column.info["relation"])
    table = next((each.column.table for each in column.foreign_keys), column.table)
    return "Customer" if table is customers or column.name == "customer_id" else str(table.name)

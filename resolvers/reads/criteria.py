"""Criteria of filters: each narrows the rows of a statement by columns that the purpose may read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, bindparam, or_

from store.crypto.blind_index import Lookup
from store.crypto.lookups import NOBODY, Held
from store.lookups.holders import PLACES
from store.sql.metadata import Id, Instant

Clause = Callable[[Any], ColumnElement[bool]]
"""The clause of a criterion: of a value that is written into the statement, or of the name of its parameter."""

SLOTS = 8
"""Rows of one value that a look-up compares, the newest: a domain's present registration and ended ones."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field of a filter, with the columns that it reads.

    `fixed`: its value is one of a few (a Boolean, enum values), and is written into the statement, so that each has the
    database's own estimate and can use a partial index.
    """

    columns: tuple[Column[Any], ...]
    clause: Clause
    fixed: bool = False
    lookup: Lookup | None = None
    normal: Callable[[str], str] = str
    """The form in which a value is looked up; ValueError with a message for the caller if it is malformed."""


def among(column: Column[Any]) -> Comparison:
    """Rows whose column has one of the values of an enum."""
    return Comparison((column,), lambda values: column.in_(list(values)), fixed=True)


def whether(column: Column[Any], holds: ColumnElement[bool]) -> Comparison:
    """Rows on which a condition on the column holds, or does not."""
    return Comparison((column,), lambda value: holds if value else ~holds, fixed=True)


def since(column: Column[Any]) -> Comparison:
    """Rows whose moment is not before the given one."""
    return Comparison((column,), lambda name: column >= bindparam(name, type_=Instant))


def until(column: Column[Any]) -> Comparison:
    """Rows whose moment is before the given one."""
    return Comparison((column,), lambda name: column < bindparam(name, type_=Instant))


def equal(column: Column[Any], normal: Callable[[str], str] = str) -> Comparison:
    """Rows whose plain column has the value."""
    return Comparison((column,), lambda name: column == bindparam(name, type_=column.type), normal=normal)


def looked_up(lookup: Lookup, normal: Callable[[str], str]) -> Comparison:
    """Rows whose sealed column has the value, by its blind index in the key store."""
    place = PLACES[lookup]

    def clause(name: str) -> ColumnElement[bool]:
        return held_by(lookup, name, SLOTS)

    return Comparison((place.value,), clause, lookup=lookup, normal=normal)


def held_by(lookup: Lookup, name: str, most: int) -> ColumnElement[bool]:
    """The condition that a row has one of `most` look-ups, whose parameters begin with `name` (`slots_of`).

    The data is authoritative: a row counts only with the random number that its look-up has.
    """
    place = PLACES[lookup]
    pairs = (slot(name, n) for n in range(most))
    return or_(
        *(
            and_(place.table.c.id == bindparam(row, type_=Id), place.ref == bindparam(ref, type_=place.ref.type))
            for row, ref in pairs
        )
    )


def slot(name: str, n: int) -> tuple[str, str]:
    """The names of the parameters of the n-th row of a look-up: its id and its random number."""
    return f"{name}_row{n}", f"{name}_ref{n}"


def slots_of(
    name: str, found: Sequence[Held], owners: Iterable[int] | None = None, most: int = SLOTS
) -> dict[str, Any]:
    """The parameters of a look-up: its newest rows, only of these owners if they are named; the rest is no row."""
    mine = None if owners is None else set(owners)
    kept = [each for each in found if mine is None or each.customer_id in mine][:most]
    parameters: dict[str, Any] = {}
    for n, each in enumerate([*kept, *[NOBODY] * (most - len(kept))]):
        row, ref = slot(name, n)
        parameters |= {row: each.row_id, ref: each.ref}
    return parameters


@dataclass(frozen=True, slots=True)
class Criterion:
    """A comparison that a request makes: by the name of its field, and with its value if that is fixed."""

    name: str
    comparison: Comparison
    value: Any = None

    @property
    def parameter(self) -> str:
        """The name of its parameter, or the beginning of their names."""
        return f"filter_{self.name}"

    @property
    def clause(self) -> ColumnElement[bool]:
        """Its clause in the statement."""
        return self.comparison.clause(self.value if self.comparison.fixed else self.parameter)


Given = tuple[tuple[str, Any], ...]
"""The values of a request's criteria by name, those of look-ups as blind indexes."""


def given_values(
    criteria: Iterable[Criterion], values: Mapping[str, Any], blind_index: Callable[[Lookup, str], bytes]
) -> Given:
    """The values that a request gives its criteria; ValueError with the name and the problem if one is malformed."""
    given: list[tuple[str, Any]] = []
    for each in criteria:
        comparison = each.comparison
        if comparison.fixed:
            continue
        value = values[each.name]
        if isinstance(value, str):
            try:
                value = comparison.normal(value)
            except ValueError as error:
                raise ValueError(f"`filter.{each.name}`: {error}") from None
        given.append((each.name, value if comparison.lookup is None else blind_index(comparison.lookup, value)))
    return tuple(given)

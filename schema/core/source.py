"""The source of a field's value: what every kind of it tells the lint, the decision and the executors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Column, Table

from policy.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Home:
    """The values of the type that declares a field."""

    table: Table | None
    """The table whose rows they are."""
    embedded: bool
    """They are embedded in a row."""
    details: bool
    """They are some columns of a row that another type stands for."""
    attributes: bool
    """They are objects of the gateway's own. Rows, embedded objects (lists) and roots have no attributes."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The fields that a document contains, whose rules apply to it, and the purpose that they are read for."""

    fields: Mapping[Column[Any], str]
    reads_as: Purpose


class Source:
    """The origin of a field's value. Each kind is one class of `schema/sources`, with all that it does.

    The abilities of a kind are its bases, each of which stands where it is used: `Prepared` (plans), `Charged` (costs),
    `Resolved` (the standard executor), `AtRoot`, `InPayload`, `BelowRows` and `InRows` (compiled plans).
    """

    __slots__ = ()

    identifies: ClassVar[bool] = False
    """It is the id of the row."""
    embeds: ClassVar[bool] = False
    """Its value is an object embedded in the row."""
    details: ClassVar[bool] = False
    """Its value is an object of other columns of the same row (`schema.declare.records.details`)."""
    connects: ClassVar[bool] = False
    """It is a connection: the rows are in its `nodes` and in the `node` of its `edges`."""
    commands: ClassVar[bool] = False
    """It changes something, and the fields of its payload have categories of their own."""
    attributed: ClassVar[bool] = False
    """It is an attribute of an object of the gateway's own."""

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The columns of one table whose values it shows: none, one, or those of which its object is made."""
        return ()

    @property
    def composes(self) -> Callable[..., Any] | None:
        """The function that makes its object of the values of the columns; None if it shows one as it is."""
        return None

    @property
    def needed(self) -> tuple[Column[Any], ...]:
        """The columns of the enclosing row that it needs."""
        return self.shown

    @property
    def leads_to(self) -> Table | None:
        """The table of the rows that it returns; None if it returns no rows, or rows of any table."""
        return None

    @property
    def contents(self) -> Contents | None:
        """The fields that it contains, if it is a document."""
        return None

    @property
    def newest_first(self) -> bool:
        """Whether its rows are listed with the newest first."""
        return False

    @property
    def always(self) -> bool:
        """Whether it has a value wherever it may be read, as far as no condition of the purpose leaves it out."""
        return False

    def misplaced(self, home: Home) -> str | None:
        """The reason why a type with such values cannot provide it; None if it can."""
        elsewhere = [column.table.name for column in self.needed if column.table is not home.table]
        return f"is read from {elsewhere[0]}, whose rows its type does not stand for" if elsewhere else None

    def reads_rows(self, returns_rows: bool) -> bool:
        """Whether it is read from customers' rows or leads to them; `returns_rows`: its type stands for rows."""
        return True

    def filters(self, table: Table, home: Home) -> bool:
        """Whether its statement can leave out rows of the table."""
        return self.leads_to is table

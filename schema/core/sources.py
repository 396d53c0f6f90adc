"""Sources of field values: each field declares one, and both executors resolve the field from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from policy.purposes import Purpose
from resolvers.commands.context import Run
from resolvers.reads.guard import OpenedRecord
from resolvers.reads.relations import Relation
from store.crypto.blind_index import Lookup
from store.lookups.holders import PLACES


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """The value of one column of the row, decrypted if sealed, then passed through `read` unless it is null."""

    column: Column[Any]
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class GlobalIdSource:
    """The Relay id of the row: its type and primary key."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """An object whose fields are parts of one column of the row (`Part`)."""

    column: Column[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the decrypted list of the enclosing `Embedded`; without an index, the whole list."""

    index: int | None
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Rows of another table: a list, or at most one row."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class Paged:
    """A connection with keyset pagination, over the rows related to the parent or over a whole table."""

    table: Table
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A root field that finds one row: `me`, `id` and `node` (of any type) by the argument `id`, `lookup` by `by`."""

    kind: str
    table: Table | None


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """One row, looked up by the argument named `kind`, and returned as a document of another standard such as RDAP.

    Each column is read for the purpose `reads_as`, whatever the operation's own: the document is public.
    """

    kind: str
    lookup: Lookup
    columns: Mapping[Column[Any], str]
    """The columns, each with the coordinate of the field whose rule applies to it."""
    reads_as: Purpose
    normal: Callable[[str], str]
    """Normalises the argument for comparison; ValueError with a message for the caller if it is malformed."""
    write: Callable[[OpenedRecord], Any]
    unless_restricted: frozenset[Column[Any]] = frozenset()
    """Columns that read as NULL while the customer's processing is restricted (GDPR Art. 18)."""

    @property
    def table(self) -> Table:
        """The table of the row."""
        # The look-up determines the table, so a document cannot name another one.
        return PLACES[self.lookup].table


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a value that the executor itself makes: connection, edge, page information, grant, payload."""

    name: str


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """The permissions of the caller's token; no customer data."""


@dataclass(frozen=True, slots=True)
class Command:
    """A root field of Mutation, which returns its payload.

    `step_up`: it is sensitive and needs an authentication within the last five minutes (S7).
    """

    run: Run
    step_up: bool = False


@dataclass(frozen=True, slots=True)
class Affected:
    """The row that a command changed, read back through the ordinary read path."""

    name: str
    table: Table


Work = Callable[..., Awaitable[Any]]
"""A resolver function: takes the ResolverContext, the parent value and the arguments by name."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A value computed by a function, not read from a customer's row; for example from the ledger."""

    run: Work


@dataclass(frozen=True, slots=True)
class ReportFact:
    """A report's value of the field's own name: the keys of its JSON form are the schema's names."""


Source = (
    ColumnValue
    | GlobalIdSource
    | Embedded
    | Part
    | Related
    | Paged
    | Entry
    | RenderedDocument
    | Attribute
    | GrantFacts
    | Command
    | Affected
    | Computed
    | ReportFact
)

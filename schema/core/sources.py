"""Where the value of a field comes from: the facts that every executor answers from."""

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
    """What one column of the row holds, opened if sealed, then passed through `read` unless it is null."""

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
    """One part of the opened list that the surrounding `Embedded` holds; the whole of it without an index."""

    index: int | None
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Rows of another table; a list, or one row or none."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class Paged:
    """A keyset connection: over the rows related to the parent, or over a whole table."""

    table: Table
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A root field that finds one row: `me`, `id` and `node` (of any type) by the argument `id`, `lookup` by `by`."""

    kind: str
    table: Table | None


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """One row, looked up by the argument of that kind, and told as a document of another standard.

    Each column is read as `reads_as` may read it, whatever the operation's purpose: what is told is for the public.
    """

    kind: str
    lookup: Lookup
    columns: Mapping[Column[Any], str]
    """The columns, each with the coordinate of the field whose rule decides about it."""
    reads_as: Purpose
    normal: Callable[[str], str]
    """The argument in the form that is compared; ValueError, with a sentence to show, for what can be none."""
    write: Callable[[OpenedRecord], Any]
    unless_restricted: frozenset[Column[Any]] = frozenset()
    """The columns that read as NULL where the customer has processing restricted."""

    @property
    def table(self) -> Table:
        """The table of the row."""
        return PLACES[self.lookup].table


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a value made by the executor itself: connections, edges, page information, the grant."""

    name: str


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """What the caller's token allows; nothing about any customer."""


@dataclass(frozen=True, slots=True)
class Command:
    """A root field that changes something, then answers with its payload.

    `step_up` says that it is sensitive: it needs a sign-in of the last five minutes (S7).
    """

    run: Run
    step_up: bool = False


@dataclass(frozen=True, slots=True)
class Affected:
    """The row that a command changed, read back as everything else is read."""

    name: str
    table: Table


Work = Callable[..., Awaitable[Any]]
"""Given the execution's context, the object that the field is asked of, and the arguments by name."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What is read elsewhere than from rows of customers, such as from the ledger; answered as a value of its own."""

    run: Work


@dataclass(frozen=True, slots=True)
class ReportFact:
    """What a report says under the field's own name: the names of its JSON form are those of the schema."""


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

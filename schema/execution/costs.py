"""Estimates the cost of an operation before execution, in objects: what is reserved until it is known what was read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from policy.grant import Grant
from resolvers.reads.metering import RemainingBudget, Unmetered
from schema.core.source import Source
from schema.documents.requests import Denial
from schema.execution.arguments import DEFAULT_PAGE
from schema.execution.plans import Plan, PlannedField, Selection

Estimate = Callable[[Grant, Mapping[str, Any]], int]
Rows = int | Callable[[Mapping[str, Any]], Any]
"""A number of rows, or a function that reads the page size from the variables."""


class Charged(Source, ABC):
    """A source that reads objects."""

    __slots__ = ()

    @abstractmethod
    def rows(self, planned: PlannedField) -> Rows:
        """The number of objects that it reads under each parent."""


class Reservation(Protocol):
    """The objects that an operation may read, taken from the budgets before it runs."""

    @property
    def wait(self) -> float:
        """Seconds to wait, because a budget does not suffice and nothing was taken; else 0."""

    def settle(self, read: int) -> None:
        """Charge the objects that were read instead of those reserved; once."""


class Budget(RemainingBudget, Protocol):
    """The rate limit of each client, and of each customer of a client, in objects."""

    def reserve(self, client_id: str, cost: int, customer: int | None = None) -> Reservation:
        """Take the cost of the bound customer's budget and the client's, or of the client's alone."""


class Watch(Protocol):
    """The limit of different customers that a client may read in an hour."""

    def note(self, grant: Grant, pseudonyms: Collection[str], binding: bool) -> float:
        """Count these customers; seconds to wait if they must not be revealed, else 0. If not `binding`, only count."""

    def wait(self, grant: Grant, pseudonyms: Collection[str]) -> float:
        """Seconds to wait if these customers must not be revealed, else 0; counts nothing."""


class RefusalCounter(Protocol):
    """Counts refused fields by client (G17)."""

    def note(self, client_id: str, denials: Sequence[Denial]) -> None:
        """Count these in memory: a refusal executes no database statement."""


class NoTally:
    """Counts nothing."""

    def note(self, client_id: str, denials: Sequence[Denial]) -> None:
        """Ignore them."""


class NoWatch:
    """Sets no limit."""

    def note(self, grant: Grant, pseudonyms: Collection[str], binding: bool) -> float:
        """Always 0."""
        return 0.0

    def wait(self, grant: Grant, pseudonyms: Collection[str]) -> float:
        """Always 0."""
        return 0.0


class NoReservation:
    """Takes nothing."""

    wait = 0.0

    def settle(self, read: int) -> None:
        """Charge nothing."""


class NoBudget(Unmetered):
    """Sets no limit."""

    def reserve(self, client_id: str, cost: int, customer: int | None = None) -> NoReservation:
        """Take nothing."""
        return NOTHING_RESERVED


NOTHING_RESERVED = NoReservation()


@dataclass(frozen=True, slots=True)
class _Place:
    """A place that reads rows: the number under each parent, and the places below."""

    rows: Rows
    below: tuple[_Place, ...]

    def cost(self, parents: int, grant: Grant, variables: Mapping[str, Any]) -> int:
        # Nested connections multiply: the estimate is the number of rows in the worst case, but for lists.
        rows = parents * (self.rows if isinstance(self.rows, int) else _page(self.rows(variables), grant))
        return rows + sum(place.cost(rows, grant, variables) for place in self.below)


def estimate_of(plan: Plan) -> Estimate:
    """A function that estimates the plan for a request's grant and variables; at least 1."""
    places = tuple(_places(plan.root))
    # At least 1, so that operations that read no rows are limited, too.
    return lambda grant, variables: max(1, sum(place.cost(1, grant, variables) for place in places))


def _page(first: Any, grant: Grant) -> int:
    # An invalid page size is refused later, with an error of its own.
    return min(max(first, 0), grant.max_page) if type(first) is int else min(DEFAULT_PAGE, grant.max_page)


def _places(selection: Selection) -> list[_Place]:
    return [place for planned in selection.fields.values() for place in _place(planned)]


def _place(planned: PlannedField) -> list[_Place]:
    if planned.model is None or planned.withheld:
        return []
    below = tuple(place for selection in planned.selections.values() for place in _places(selection))
    source = planned.model.source
    return [_Place(source.rows(planned), below)] if isinstance(source, Charged) else list(below)

"""What an operation may cost, in objects that it may read: known before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from policy.grant import Grant
from schema.core.sources import Affected, Command, Computed, Entry, Paged, Related, RenderedDocument
from schema.documents.requests import Denial
from schema.execution.arguments import DEFAULT_PAGE
from schema.execution.bindings import argument
from schema.execution.plans import Plan, PlannedField, Selection

LIST = 5
"""How many rows a list without pages is taken to hold: services, payment methods, domains of one customer."""

Estimate = Callable[[Grant, Mapping[str, Any]], int]


class Budget(Protocol):
    """What keeps one client from using up the gateway."""

    def spend(self, client_id: str, cost: int, customer: int | None = None) -> float:
        """Take the cost from the client's budget, and from the customer's whom it speaks for; seconds to wait when one
        does not suffice, else 0."""


class Watch(Protocol):
    """What notices that a client reads customers in bulk."""

    def note(self, grant: Grant, pseudonyms: Iterable[str], binding: bool) -> float:
        """Count these customers; seconds to wait when they must not be revealed, else 0. Not binding: only count."""

    def wait(self, grant: Grant, pseudonyms: Iterable[str]) -> float:
        """Seconds to wait when these customers must not be revealed, else 0; nobody is counted yet."""


class RefusalCounter(Protocol):
    """What remembers which client asked for what it may not have."""

    def note(self, client_id: str, denials: Sequence[Denial]) -> None:
        """Count these, in memory: whoever was refused waits for nothing, and costs no statement."""


class NoTally:
    """Nobody remembers."""

    def note(self, client_id: str, denials: Sequence[Denial]) -> None:
        """Forget them."""


class NoWatch:
    """Nobody counts."""

    def note(self, grant: Grant, pseudonyms: Iterable[str], binding: bool) -> float:
        """Never too many."""
        return 0.0

    def wait(self, grant: Grant, pseudonyms: Iterable[str]) -> float:
        """Never too many."""
        return 0.0


class NoBudget:
    """Everybody may spend anything."""

    def spend(self, client_id: str, cost: int, customer: int | None = None) -> float:
        """Always enough."""
        return 0.0


@dataclass(frozen=True, slots=True)
class _Place:
    """A place that reads rows: how many under each parent, and what hangs on each."""

    rows: int
    first: Callable[[Mapping[str, Any]], Any] | None
    below: tuple[_Place, ...]

    def cost(self, parents: int, grant: Grant, variables: Mapping[str, Any]) -> int:
        rows = parents * (self.rows if self.first is None else _page(self.first(variables), grant))
        return rows + sum(place.cost(rows, grant, variables) for place in self.below)


def estimate_of(plan: Plan) -> Estimate:
    """The function that estimates the plan for a request's grant and variables; the least is 1."""
    places = tuple(_places(plan.root))
    return lambda grant, variables: max(1, sum(place.cost(1, grant, variables) for place in places))


def _page(first: Any, grant: Grant) -> int:
    # A size that does not fit is refused later, in its own words.
    return min(max(first, 0), grant.max_page) if type(first) is int else min(DEFAULT_PAGE, grant.max_page)


def _places(selection: Selection) -> list[_Place]:
    return [place for planned in selection.fields.values() for place in _place(planned)]


def _place(planned: PlannedField) -> list[_Place]:
    if planned.model is None or planned.withheld:
        return []
    below = tuple(place for selection in planned.selections.values() for place in _places(selection))
    match planned.model.source:
        case Paged():
            return [_Place(0, argument(planned, "first"), below)]
        case Computed() if "first" in planned.facts.core.args:
            return [_Place(0, argument(planned, "first"), below)]
        case Related(relation):
            return [_Place(LIST if relation.many else 1, None, below)]
        case Entry() | Affected() | Command() | RenderedDocument() | Computed():
            return [_Place(1, None, below)]
        case _:
            return list(below)

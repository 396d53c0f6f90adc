"""Values without a row: connections with their edges, and the caller's grant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from policy.grant import Grant
from resolvers.reads.filters import NOW
from resolvers.reads.metering import LARGEST_INT
from resolvers.reads.operation import OperationContext
from schema.execution.arguments import Paging


@dataclass(frozen=True, slots=True)
class Edge:
    """A row with its cursor."""

    node: Any
    cursor: str


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection; it is its own `pageInfo`."""

    edges: list[Edge]
    has_next_page: bool
    has_previous_page: bool

    @classmethod
    def of(cls, at: Paging, records: Sequence[Any], more: bool) -> ConnectionView:
        """The page of these rows or other values with an `id`."""
        edges = [Edge(each, at.seal(each.id)) for each in records]
        return cls(edges, at.has_next(more), at.has_previous(more))

    @property
    def nodes(self) -> list[Any]:
        """The rows without cursors."""
        return [edge.node for edge in self.edges]

    @property
    def page_info(self) -> ConnectionView:
        """The connection itself, which has the attributes of `PageInfo`."""
        return self

    @property
    def start_cursor(self) -> str | None:
        """The first edge's cursor; None for an empty page."""
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        """The last edge's cursor; None for an empty page."""
        return self.edges[-1].cursor if self.edges else None


@dataclass(frozen=True, slots=True)
class BudgetView:
    """The budget that the caller's operations are charged to, as the type `GrantBudget`."""

    limit: int
    remaining: int
    resets_at: datetime

    @classmethod
    def of(cls, grant: Grant, context: OperationContext) -> BudgetView:
        """The budget as this operation left it when it began."""
        budget = context.meter.budget
        remaining, seconds = budget.remaining(grant.client_id, grant.subject)
        now: datetime = context.parameters[NOW]
        resets_at = now.replace(microsecond=0) + timedelta(seconds=ceil(seconds))
        return cls(min(budget.quota(grant.subject), LARGEST_INT), min(remaining, LARGEST_INT), resets_at)


LAST_SECOND = 253_402_300_799
"""The last second that a DateTime can tell."""


@dataclass(frozen=True, slots=True)
class GrantView:
    """The caller's token as the type `Grant`."""

    grant: Grant
    context: OperationContext

    @property
    def client(self) -> str:
        """The client's id."""
        return self.grant.client_id

    @property
    def purposes(self) -> list[str]:
        """The purposes, sorted."""
        return sorted(each.name for each in self.grant.purposes)

    @property
    def scopes(self) -> list[str]:
        """The scopes, sorted."""
        return sorted(self.grant.scopes)

    @property
    def session_id(self) -> str | None:
        """The session as a global id, so that a client can find it with `node(id:)`."""
        if self.grant.session_id is None or self.grant.subject is None:
            return None
        return self.context.ids("Session", self.grant.subject, self.grant.session_id)

    @property
    def expires_at(self) -> datetime:
        """The end of the token."""
        return datetime.fromtimestamp(min(self.grant.expires_at, LAST_SECOND), UTC)

    @property
    def refusal(self) -> str:
        """The name of the refusal mode."""
        return self.grant.refusal.name

    @property
    def documents_only(self) -> bool:
        """Whether the client may send registered documents only."""
        return self.grant.documents_only

    @property
    def introspection(self) -> bool:
        """Whether the client may look at the schema."""
        return self.grant.introspection

    @property
    def max_page(self) -> int:
        """The most rows of a page."""
        return min(self.grant.max_page, LARGEST_INT)

    @property
    def budget(self) -> BudgetView:
        """The budget of operations."""
        return BudgetView.of(self.grant, self.context)

"""Values without a row: connections with their edges, and the caller's grant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from policy.grant import Grant
from schema.execution.arguments import Paging
from store.crypto.global_ids import GlobalIds


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
class GrantView:
    """The caller's token as the type `Grant`."""

    client: str
    purposes: list[str]
    scopes: list[str]
    session_id: str | None

    @classmethod
    def of(cls, grant: Grant, ids: GlobalIds) -> GrantView:
        """The view of a grant; purposes and scopes are sorted."""
        # The session as a global id, so that a client can find it with `node(id:)`.
        session = None
        if grant.session_id is not None and grant.subject is not None:
            session = ids("Session", grant.subject, grant.session_id)
        return cls(grant.client_id, sorted(each.name for each in grant.purposes), sorted(grant.scopes), session)

"""Relay: what every object with a global id shares, and the pages of connections."""

from __future__ import annotations

import strawberry

from schema.core.sources import Attribute
from schema.declare.fields import public
from schema.declare.records import described, plain_type


class Node:
    """Anything that can be found again by its global id."""

    id: strawberry.ID = public(
        None, "Globally unique and opaque; `node(id:)` finds the same object again.", "each type states its purposes"
    )


Node = strawberry.interface(Node, description=described(Node))

CURSOR = "the order of a page says no more than the page, which names its purposes"


@plain_type
class PageInfo:
    """Where a page stands in its list (Relay Cursor Connections)."""

    has_next_page: bool = public(Attribute("has_next_page"), "Whether more follow.", CURSOR)
    has_previous_page: bool = public(Attribute("has_previous_page"), "Whether the page starts after a cursor.", CURSOR)
    start_cursor: str | None = public(Attribute("start_cursor"), "The cursor of the first edge.", CURSOR)
    end_cursor: str | None = public(Attribute("end_cursor"), "Give it as `after` to read on.", CURSOR)

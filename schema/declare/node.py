"""The Relay interface `Node`, and `PageInfo`."""

from __future__ import annotations

import strawberry

from schema.declare.fields import public
from schema.declare.records import described, plain_type
from schema.sources.values import Attribute


class Node:
    """An object with a global id."""

    # Public on the interface; each object type declares the purposes of its own id.
    id: strawberry.ID = public(
        None, "The global id: opaque, and accepted by `node(id:)`.", "each type states its purposes"
    )


# Not as a decorator: the description is computed from the class itself.
Node = strawberry.interface(Node, description=described(Node))

CURSOR = "the order of a page says no more than the page, which names its purposes"


@plain_type
class PageInfo:
    """The position of a page in its list (Relay Cursor Connections)."""

    has_next_page: bool = public(
        Attribute("has_next_page"),
        "Whether edges follow the page; with `last`, whether it ends before a cursor.",
        CURSOR,
    )
    has_previous_page: bool = public(
        Attribute("has_previous_page"),
        "Whether edges precede the page; with `first`, whether it begins after a cursor.",
        CURSOR,
    )
    start_cursor: str | None = public(
        Attribute("start_cursor"), "The cursor of the first edge, for `before`; null if the page is empty.", CURSOR
    )
    end_cursor: str | None = public(
        Attribute("end_cursor"), "The cursor of the last edge, for `after`; null if the page is empty.", CURSOR
    )

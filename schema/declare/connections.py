"""Creates the connection and edge types of a node type (Relay Cursor Connections)."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from schema.declare.fields import positioned, public
from schema.declare.node import CURSOR, PageInfo
from schema.sources.values import Attribute

OF_NODES = "its nodes name their purposes"
First = Annotated[
    int | None,
    positioned(
        "The maximum number of edges from the beginning: 50 by default, never more than the client's limit.",
        "a page size",
    ),
]
After = Annotated[
    str | None, positioned("Return the edges after this cursor of the same connection.", "a position in a list")
]
Last = Annotated[
    int | None,
    positioned(
        "The maximum number of edges from the end, in the order of the list; instead of `first`.", "a page size"
    ),
]
Before = Annotated[
    str | None, positioned("Return the edges before this cursor of the same connection.", "a position in a list")
]


def connection(node: type[Any], name: str) -> type[Any]:
    """The type `<name>Connection` with edges `<name>Edge` of this node type."""
    # Created with type(): each connection needs annotations with its own concrete classes.
    edge = type(
        f"{name}Edge",
        (),
        {
            "__annotations__": {"node": node, "cursor": str},
            "node": public(
                Attribute("node"),
                f"The {name} that stands at this position.",
                OF_NODES,
            ),
            "cursor": public(Attribute("cursor"), "The position of the edge in the list.", CURSOR),
        },
    )
    edge_type = strawberry.type(edge, description=f"One {name} of a page, with its cursor.")
    whole = type(
        f"{name}Connection",
        (),
        {
            "__annotations__": {"edges": list[edge_type], "nodes": list[node], "page_info": PageInfo},
            "edges": public(Attribute("edges"), f"The {name} objects of the page, each with its cursor.", OF_NODES),
            "nodes": public(
                Attribute("nodes"),
                f"The {name} objects of the page, without cursors.",
                OF_NODES,
            ),
            "page_info": public(Attribute("page_info"), "The position of the page in the list.", CURSOR),
        },
    )
    return strawberry.type(whole, description=f"A page of {name} objects (Relay Cursor Connections).")

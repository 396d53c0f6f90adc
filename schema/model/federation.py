"""The printed schema as a subgraph of Apollo Federation 2: links, keys, and nothing that a router adds itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    parse,
)

LINKS: Final = (
    '@link(url: "https://specs.apollo.dev/link/v1.0")',
    '@link(url: "https://specs.apollo.dev/federation/v2.5",'
    ' import: ["@key", "@shareable", "@requiresScopes", "@composeDirective"])',
)
ADDED: Final = frozenset({"_entities", "_service", "_Any", "_Service", "link", "requiresScopes"})
"""Definitions that a router's composition has itself."""
OF_WORDS: Final = frozenset({"@definePurpose", "@defineRetention"})
"""Definitions of words stay in the subgraph: a supergraph has the enums with their sentences."""
SHARED: Final = frozenset({"PageInfo"})
"""Types that other subgraphs may define alike (Relay)."""


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


@cache
def own_subgraph() -> str:
    """The schema that this gateway serves, as a subgraph."""
    return subgraph(files("schema").joinpath("schema.graphql").read_text("utf-8"))


def subgraph(sdl: str) -> str:
    """A printed schema as a subgraph, otherwise unchanged.

    Every object with a global id is an entity; the purpose directives are composed into the supergraph.
    """
    parts, last = [], 0
    for edit in sorted(edit for node in parse(sdl).definitions for edit in _edits(sdl, node)):
        parts += [sdl[last : edit.start], edit.text]
        last = edit.end
    return "".join([*parts, sdl[last:]])


def _edits(sdl: str, node: DefinitionNode) -> Iterator[_Edit]:
    if isinstance(node, SchemaDefinitionNode):
        yield from _linked(node.directives or ())
    elif isinstance(node, DirectiveDefinitionNode | ScalarTypeDefinitionNode) and node.name.value in ADDED:
        yield _without(sdl, node)
    elif isinstance(node, ObjectTypeDefinitionNode):
        if node.name.value in ADDED:
            yield _without(sdl, node)
            return
        interfaces = node.interfaces or ()
        if any(each.name.value == "Node" for each in interfaces):
            yield _after(interfaces[-1], ' @key(fields: "id")')
        if node.name.value in SHARED:
            yield _after(node.name, " @shareable")
        yield from (_without(sdl, each) for each in node.fields or () if each.name.value in ADDED)


def _linked(directives: tuple[ConstDirectiveNode, ...]) -> Iterator[_Edit]:
    """The links of federation before those of the schema, and what of these is composed after them."""
    start, end = _place(directives[0])[0], _place(directives[-1])[1]
    yield _Edit(start, start, "".join(f"{link} " for link in LINKS))
    imported = [
        item.value
        for each in directives
        for argument in each.arguments or ()
        if argument.name.value == "import"
        for item in getattr(argument.value, "values", ())
        if item.value.startswith("@") and item.value not in OF_WORDS
    ]
    yield _Edit(end, end, "".join(f' @composeDirective(name: "{name}")' for name in imported))


def _after(node: Node, text: str) -> _Edit:
    end = _place(node)[1]
    return _Edit(end, end, text)


def _without(sdl: str, node: Node) -> _Edit:
    """Cut a definition with the empty lines and the indentation after it."""
    start, end = _place(node)
    return _Edit(start, end + len(sdl[end:]) - len(sdl[end:].lstrip()), "")


def _place(node: Node) -> tuple[int, int]:
    if node.loc is None:
        raise ValueError("the schema was parsed without places")
    return node.loc.start, node.loc.end

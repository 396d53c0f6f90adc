"""How large a document may be, measured before it is validated and in time linear in its length (G4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.errors import Code, Problem


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each; every excess has a message of its own."""

    tokens: int = 4_000
    depth: int = 15
    fields: int = 1_000
    """Fields once every fragment is written out."""
    aliases: int = 60
    root_fields: int = 20
    directives: int = 4
    """On one field."""
    cost: int = 20_000
    """Objects that an operation may read (`schema.costs`)."""
    seconds: float = 10.0
    """From the decision to the answer."""


@dataclass(slots=True)
class _Size:
    fields: int = 0
    aliases: int = 0
    depth: int = 0
    directives: int = 0

    def beside(self, other: _Size, deeper: int = 0) -> None:
        self.fields += other.fields
        self.aliases += other.aliases
        self.depth = max(self.depth, other.depth + deeper)
        self.directives = max(self.directives, other.directives)


class _Measure:
    """Each fragment is measured once, so that fragments that double one another cost no time."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self.known: dict[str, _Size] = {}
        self.open: set[str] = set()

    def of(self, selections: SelectionSetNode) -> _Size:
        size = _Size()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                inner = self.of(node.selection_set) if node.selection_set else _Size()
                inner.fields += 1
                inner.aliases += node.alias is not None
                inner.directives = max(inner.directives, len(node.directives or ()))
                size.beside(inner, deeper=1)
            elif isinstance(node, InlineFragmentNode):
                size.beside(self.of(node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                size.beside(self.fragment(node.name.value))
        return size

    def fragment(self, name: str) -> _Size:
        if name in self.open or name not in self.fragments:
            return _Size()  # A cycle or an unknown name: validation says so in its own words.
        if name not in self.known:
            self.open.add(name)
            self.known[name] = self.of(self.fragments[name].selection_set)
            self.open.discard(name)
        return self.known[name]


def exceeded(document: DocumentNode, limits: Limits) -> list[Problem]:
    """One problem for each limit that an operation of the document exceeds."""
    measure = _Measure(document)
    return [
        problem
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for problem in _operation(measure, operation, limits)
    ]


def _operation(measure: _Measure, operation: OperationDefinitionNode, limits: Limits) -> Iterator[Problem]:
    size = measure.of(operation.selection_set)
    roots = len(operation.selection_set.selections)
    found = (
        ("depth", size.depth, limits.depth, "levels deep"),
        ("fields", size.fields, limits.fields, "fields with its fragments written out"),
        ("aliases", size.aliases, limits.aliases, "aliases"),
        ("root_fields", roots, limits.root_fields, "root selections"),
        ("directives", size.directives, limits.directives, "directives on one field"),
    )
    for name, actual, most, words in found:
        if actual > most:
            yield too_large(name, f"The operation has {actual} {words}; the most is {most}.", most)


def too_large(name: str, message: str, most: int) -> Problem:
    """The typed error of a limit."""
    return Problem(Code.LIMIT_EXCEEDED, message, details={"limit": name, "most": most})

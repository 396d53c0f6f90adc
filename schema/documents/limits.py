"""Limits of documents, measured before validation and in time linear in the document's length (G4)."""

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

from schema.core.errors import ErrorCode, ResponseError


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum of each measure; each has an error of its own."""

    characters: int = 64_000
    """Characters of the text; it also bounds the memory of a cached document."""
    tokens: int = 4_000
    depth: int = 15
    """Levels of fields."""
    nesting: int = 60
    """Levels of selection sets with every fragment expanded, inline fragments included."""
    fragments: int = 100
    """Fragment definitions: validation compares them in pairs, which takes quadratic time."""
    fields: int = 1_000
    """Fields with every fragment expanded."""
    aliases: int = 60
    root_fields: int = 20
    """Root fields, those in fragments included."""
    directives: int = 4
    """On one field, fragment, variable or operation."""
    cost: int = 20_000
    """Objects that an operation may read (`schema.execution.costs`)."""
    seconds: float = 10.0
    """Seconds for the whole request, from the look-up of the document to the answer."""


@dataclass(slots=True)
class _Size:
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    depth: int = 0
    nesting: int = 0
    directives: int = 0

    def beside(self, other: _Size) -> None:
        self.fields += other.fields
        self.aliases += other.aliases
        self.roots += other.roots
        self.depth = max(self.depth, other.depth)
        self.nesting = max(self.nesting, other.nesting)
        self.directives = max(self.directives, other.directives)


class _Measure:
    """Measures selection sets. Each fragment is measured once: exponential expansion takes linear time."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self.known: dict[str, _Size] = {}
        self.open: set[str] = set()

    def of(self, selections: SelectionSetNode) -> _Size:
        """The size of a selection set with everything inside it."""
        size = _Size()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                inner = self.field(node)
            elif isinstance(node, InlineFragmentNode):
                inner = self.of(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                inner = self.fragment(node.name.value)
            # Sums for fields, aliases and roots, maxima for depths.
            size.beside(inner)
            size.directives = max(size.directives, len(node.directives or ()))
        size.nesting += 1
        return size

    def field(self, node: FieldNode) -> _Size:
        """The size of one field."""
        inner = self.of(node.selection_set) if node.selection_set else _Size()
        inner.fields += 1
        inner.aliases += node.alias is not None
        inner.roots = 1
        inner.depth += 1
        return inner

    def fragment(self, name: str) -> _Size:
        """The size of a fragment."""
        # A fragment that is still being measured is part of a cycle.
        if name in self.open or name not in self.fragments:
            return (
                _Size()
            )  # A cycle or an unknown name is an error of validation (NoFragmentCycles, KnownFragmentNames).
        if name not in self.known:
            self.open.add(name)
            self.known[name] = self.of(self.fragments[name].selection_set)
            self.open.discard(name)
        return self.known[name]


def exceeded(document: DocumentNode, limits: Limits) -> list[ResponseError]:
    """One error for each limit that the document or one of its operations exceeds."""
    measure = _Measure(document)
    if len(measure.fragments) > limits.fragments:
        most = limits.fragments
        return [
            too_large("fragments", f"The document has {len(measure.fragments)} fragments; the most is {most}.", most)
        ]
    # Fragments that no operation uses are measured too: validation walks them.
    if max((measure.fragment(name).nesting for name in measure.fragments), default=0) > limits.nesting:
        return [too_deep(limits)]
    return [
        problem
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for problem in _operation(measure, operation, limits)
    ]


def _operation(measure: _Measure, operation: OperationDefinitionNode, limits: Limits) -> Iterator[ResponseError]:
    size = measure.of(operation.selection_set)
    # Directives on the operation and its variables are in no selection set.
    own = max(
        len(operation.directives or ()),
        *(len(each.directives or ()) for each in operation.variable_definitions or ()),
        0,
    )
    if size.nesting > limits.nesting:
        yield too_deep(limits)
    found = (
        ("depth", size.depth, limits.depth, "levels of fields"),
        ("fields", size.fields, limits.fields, "fields with its fragments written out"),
        ("aliases", size.aliases, limits.aliases, "aliases"),
        ("root_fields", size.roots, limits.root_fields, "root fields"),
        ("directives", max(own, size.directives), limits.directives, "directives at one place"),
    )
    for name, actual, most, words in found:
        if actual > most:
            yield too_large(name, f"The operation has {actual} {words}; the most is {most}.", most)


def too_deep(limits: Limits) -> ResponseError:
    """The error of a document nested too deeply."""
    message = f"The document is nested more than {limits.nesting} levels deep, fragments included."
    return too_large("nesting", message, limits.nesting)


def too_repetitive(limits: Limits) -> ResponseError:
    """The error of a document whose fields overlap so often that graphql-core aborts OverlappingFieldsCanBeMerged."""
    return too_large("repetition", "The document repeats the same fields too often to be checked.", limits.fields)


def too_large(name: str, message: str, most: int) -> ResponseError:
    """The error LIMIT_EXCEEDED, with the name and value of the limit."""
    return ResponseError(ErrorCode.LIMIT_EXCEEDED, message, details={"limit": name, "most": most})

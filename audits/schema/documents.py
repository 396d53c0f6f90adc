"""Analyses the coordinates that a GraphQL document selects, with the schema's text, without executing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import GraphQLSyntaxError, parse
from graphql.language import ast

from audits.schema.checks import Check, Finding
from audits.schema.facts import Facts
from audits.schema.places import SourcePosition

DEEPEST = 100
"""Maximum depth of fields and fragments; no registered document is deeper (`schema.documents.limits`)."""


@dataclass(frozen=True, slots=True)
class RequestedCoordinate:
    """One coordinate, and its first position in the document."""

    coordinate: str
    place: SourcePosition


@dataclass(slots=True)
class DocumentFacts:
    """Every coordinate in a document, and findings for those that the schema does not have."""

    name: str
    asked: dict[str, RequestedCoordinate] = field(default_factory=dict)
    either: list[tuple[RequestedCoordinate, ...]] = field(default_factory=list)
    """Fields of an undeclared interface such as `Node.id`: one readable field of each group is sufficient."""
    findings: list[Finding] = field(default_factory=list)


def read_document(facts: Facts, name: str, text: str, operation: str | None = None) -> DocumentFacts:
    """Analyse a document, or one operation of it; coordinates that the schema does not have are findings."""
    found = DocumentFacts(name)
    try:
        # Bounds the parser, since a registered text may come from an earlier release without limits.
        document = parse(text, max_tokens=20_000, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        line, column = error.locations[0] if error.locations else (1, 1)
        place = SourcePosition(name, line, column)
        found.findings.append(Finding(Check.BAD_DOCUMENT, f"{name}: {error.message}", "", place))
        return found
    except RecursionError:
        found.findings.append(Finding(Check.BAD_DOCUMENT, f"{name} is nested too deeply.", "", SourcePosition(name)))
        return found
    _Walk(facts, found, document).all(operation)
    return found


class _Walk:
    def __init__(self, facts: Facts, found: DocumentFacts, document: ast.DocumentNode) -> None:
        self.facts, self.found, self.document = facts, found, document
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, ast.FragmentDefinitionNode)
        }
        self.seen: set[tuple[str, str]] = set()

    def all(self, only: str | None) -> None:
        """Process every operation of the document, or the one of that name (an empty name: the anonymous one)."""
        for node in self.document.definitions:
            named = isinstance(node, ast.OperationDefinitionNode) and (node.name.value if node.name else "")
            if isinstance(node, ast.OperationDefinitionNode) and only in (None, named):
                root = self.facts.sdl.roots.get(node.operation.value)
                if root is None:
                    self.gone(f"The schema has no {node.operation.value}.", "", node)
                else:
                    self.selections(root, node.selection_set, 0)

    def selections(self, type_name: str, node: ast.SelectionSetNode, depth: int) -> None:
        """Process the fields and fragments on a type."""
        if depth > DEEPEST:
            return
        for each in node.selections:
            if isinstance(each, ast.FieldNode):
                self.field(type_name, each, depth)
            elif isinstance(each, ast.InlineFragmentNode):
                target = each.type_condition.name.value if each.type_condition else type_name
                self.fragment(target, each, each.selection_set, depth)
            elif isinstance(each, ast.FragmentSpreadNode):
                self.spread(each, depth)

    def spread(self, node: ast.FragmentSpreadNode, depth: int) -> None:
        fragment = self.fragments.get(node.name.value)
        if fragment is None:
            self.gone(f"There is no fragment {node.name.value}.", "", node)
            return
        target = fragment.type_condition.name.value
        if (node.name.value, target) not in self.seen:  # Once is enough, and it ends cycles of fragments.
            self.seen.add((node.name.value, target))
            self.fragment(target, node, fragment.selection_set, depth)

    def fragment(self, target: str, node: ast.Node, selections: ast.SelectionSetNode, depth: int) -> None:
        if not self.facts.sdl.is_composite(target):
            self.gone(f"The schema has no type {target}.", target, node)
        else:
            self.selections(target, selections, depth + 1)

    def field(self, type_name: str, node: ast.FieldNode, depth: int) -> None:
        name = node.name.value
        if name.startswith("__"):
            return  # Introspection is allowed by the grant, not by a purpose.
        type_ = self.facts.sdl.types[type_name]
        field_ = type_.fields.get(name)
        coordinate = f"{type_name}.{name}"
        if field_ is None:
            self.gone(f"The schema has no {coordinate}.", coordinate, node)
            return
        self.ask(type_name, name, node)
        for argument in node.arguments or ():
            self.argument(coordinate, argument)
        if node.selection_set is not None and self.facts.sdl.is_composite(field_.named):
            self.selections(field_.named, node.selection_set, depth + 1)
        elif node.selection_set is not None:
            self.gone(f"{coordinate} is a {field_.named} and has no fields.", coordinate, node)

    def ask(self, type_name: str, name: str, node: ast.FieldNode) -> None:
        """Record a field; for an interface also those of its implementations: all if it is declared, else any of
        them."""
        place = self.place(node)
        behind = [
            RequestedCoordinate(f"{each}.{name}", place)
            for each in self.facts.structure.possible.get(type_name, ())
            if f"{each}.{name}" in self.facts.all
        ]
        own = RequestedCoordinate(f"{type_name}.{name}", place)
        self.found.asked.setdefault(own.coordinate, own)
        if self.facts.all[own.coordinate].governs:
            for each in behind:
                self.found.asked.setdefault(each.coordinate, each)
        elif behind:
            self.found.either.append(tuple(behind))

    def argument(self, coordinate: str, node: ast.ArgumentNode) -> None:
        """Record an argument, and the input fields in its literal."""
        name = f"{coordinate}({node.name.value}:)"
        fact = self.facts.all.get(name)
        if fact is None:
            self.gone(f"The schema has no {name}.", name, node)
            return
        self.found.asked.setdefault(name, RequestedCoordinate(name, self.place(node)))
        for target, given in self.written(fact.named, node.value):
            inner = f"{target}.{given.name.value}"
            if inner in self.facts.all:
                self.found.asked.setdefault(inner, RequestedCoordinate(inner, self.place(given)))
            else:
                self.gone(f"The schema has no {inner}.", inner, given)

    def written(self, named: str, value: ast.ValueNode) -> Iterator[tuple[str, ast.ObjectFieldNode]]:
        """Yield the fields of input objects in a literal, at any depth, without recursion."""
        waiting = [(named, value)]
        while waiting:
            name, node = waiting.pop()
            if isinstance(node, ast.ListValueNode):
                waiting += [(name, each) for each in node.values]
            elif isinstance(node, ast.ObjectValueNode) and self.facts.sdl.kind(name) == "INPUT":
                for each in node.fields:
                    yield name, each
                    inner = self.facts.sdl.types[name].fields.get(each.name.value)
                    if inner is not None:
                        waiting.append((inner.named, each.value))

    def gone(self, message: str, coordinate: str, node: ast.Node) -> None:
        self.found.findings.append(
            Finding(Check.FIELD_GONE, f"{self.found.name}: {message}", coordinate, self.place(node))
        )

    def place(self, node: ast.Node) -> SourcePosition:
        if node.loc is None:
            return SourcePosition(self.found.name)
        return SourcePosition(self.found.name, node.loc.start_token.line, node.loc.start_token.column)

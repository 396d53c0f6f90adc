"""Decides by the purpose directives (docs/spec/purpose-directives.md, v1.0) of any schema, with graphql-core alone.

Numbers in comments are rules of the specification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import build_ast_schema, parse, value_from_ast_untyped
from graphql.language import ast
from graphql.type import GraphQLInputObjectType, get_named_type, is_abstract_type, is_composite_type

SPEC = "https://specs.example.org/purpose/v1.0"
NAMES = ("purpose", "personalData", "public")


def local_names(document: ast.DocumentNode) -> dict[str, str]:
    """The directive that each local name means (1.1 to 1.5)."""
    nodes = (ast.SchemaDefinitionNode, ast.SchemaExtensionNode)
    applied = [each for node in document.definitions if isinstance(node, nodes) for each in node.directives or ()]
    links = [given for each in applied if "/purpose/v" in str((given := _arguments(each)).get("url"))]
    scopes = {"requiresScopes": "requiresScopes", "federation__requiresScopes": "requiresScopes"}
    if not links:
        return {name: name for name in NAMES} | scopes  # 1.4
    names: dict[str, str] = {}
    for given in (each for each in links if each["url"] == SPEC):  # 1.5
        prefix = given.get("as") or "purpose"
        names |= {prefix if each == "purpose" else f"{prefix}__{each}": each for each in NAMES}  # 1.3
        for item in given.get("import") or ():
            name, local = (item["name"], item.get("as") or item["name"]) if isinstance(item, dict) else (item, item)
            if name.lstrip("@") in NAMES:
                names[local.lstrip("@")] = name.lstrip("@")  # 1.2
    return names | scopes


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one coordinate declares."""

    purposes: Mapping[str, str | None] | None = None
    """Each purpose with its condition; None if the coordinate is not bound to purposes."""
    personal: bool = False
    public: bool = False
    scopes: tuple[frozenset[str], ...] = ()

    def allows(self, purpose: str, scopes: Set[str], conditions: Set[str]) -> bool:
        """Whether the purpose may use it, where its condition holds."""
        if self.purposes is None:
            bound = self.personal or (not self.public and not self.scopes)  # 3.1, 3.2
        else:
            bound = purpose not in self.purposes or (self.purposes[purpose] or "") not in conditions | {""}  # 9.3
        return not bound and (not self.scopes or any(needed <= scopes for needed in self.scopes))  # 2.4

    def within(self, type_: Declaration) -> Declaration:
        """The field's declaration, narrowing that of its type (section 4)."""
        both: Mapping[str, str | None] | None = self.purposes if type_.purposes is None else type_.purposes
        if self.purposes is not None and type_.purposes is not None:
            own, its = self.purposes, type_.purposes
            shared = {name: {own[name], its[name]} - {None} for name in own if name in its}
            both = {name: next(iter(when), None) for name, when in shared.items() if len(when) < 2}  # 4.3
        pairs = ((a, b) for a in self.scopes or (frozenset(),) for b in type_.scopes or (frozenset(),))
        scopes = tuple(a | b for a, b in pairs if a | b)
        return Declaration(both, self.personal or type_.personal, self.public or type_.public, scopes)


@dataclass
class PurposeDirectives:
    """The declarations of a schema, and what they refuse."""

    sdl: str
    conditions: Set[str] = frozenset()
    """The conditions that the server can evaluate."""
    found: dict[str, Declaration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        document = parse(self.sdl)
        self.schema = build_ast_schema(document, assume_valid_sdl=True)
        self._names = local_names(document)
        types: dict[str, list[Any]] = {}
        for node in document.definitions:
            if getattr(node, "fields", None) or getattr(node, "directives", None):
                types.setdefault(getattr(getattr(node, "name", None), "value", ""), []).append(node)
        for name, nodes in types.items():
            own = self._read([each for node in nodes for each in node.directives or ()])
            for each in (each for node in nodes for each in getattr(node, "fields", None) or ()):
                coordinate = f"{name}.{each.name.value}"
                self.found[coordinate] = self._read(each.directives or ()).within(own)
                for argument in getattr(each, "arguments", None) or ():  # 4.1: a type says nothing of arguments
                    self.found[f"{coordinate}({argument.name.value}:)"] = self._read(argument.directives or ())

    def _read(self, directives: Sequence[ast.ConstDirectiveNode]) -> Declaration:
        said = [(self._names.get(each.name.value), _arguments(each)) for each in directives]
        purposes: dict[str, str | None] = {}
        twice: set[str] = set()
        for given in (given for name, given in said if name == "purpose"):
            for word in _words(given.get("allows")):
                twice |= {word} & purposes.keys()
                purposes[word] = given.get("when")
        if twice:  # 3.3
            purposes = {}
        names = [name for name, _ in said]
        groups = next((given.get("scopes") for name, given in said if name == "requiresScopes"), None) or ()
        return Declaration(
            purposes if "purpose" in names else None,
            "personalData" in names,
            "public" in names,
            tuple(frozenset(_words(each) or ("",)) for each in groups),  # 3.4: no token has an empty scope
        )

    def __contains__(self, coordinate: str) -> bool:
        return self.found.get(coordinate, Declaration()) != Declaration()

    def refused(self, operation: Operation, purpose: str, scopes: Set[str]) -> list[str]:
        """The coordinates of an operation that the purpose may not use, each once (5.1)."""
        walk = _Walk(self, operation, lambda each: self.found[each].allows(purpose, scopes, self.conditions))
        root: Any = self.schema.get_root_type(operation.node.operation)
        walk.selections(operation.node.selection_set, root, (root.name,))
        return list(walk.refused)


class Operation(NamedTuple):
    """One operation of a valid document, with the variables of the request."""

    node: ast.OperationDefinitionNode
    document: ast.DocumentNode
    variables: Mapping[str, Any]


class _Walk:
    """Walks through one operation, and notes what is refused."""

    def __init__(self, rules: PurposeDirectives, operation: Operation, allows: Callable[[str], bool]) -> None:
        self.rules, self.schema, self.variables, self.allows = rules, rules.schema, operation.variables, allows
        definitions = operation.document.definitions
        self.fragments = {each.name.value: each for each in definitions if isinstance(each, ast.FragmentDefinitionNode)}
        self.refused: dict[str, None] = {}
        self.seen: set[tuple[str, tuple[str, ...]]] = set()

    def ask(self, coordinate: str) -> bool:
        if not self.allows(coordinate):
            self.refused[coordinate] = None
        return coordinate not in self.refused

    def selections(self, node: ast.SelectionSetNode, parent: Any, possible: tuple[str, ...]) -> None:
        for each in node.selections:  # 5.5: whatever @skip and @include say
            if isinstance(each, ast.FieldNode):
                self.field(each, parent, possible)
                continue
            fragment: Any = self.fragments[each.name.value] if isinstance(each, ast.FragmentSpreadNode) else each
            on = self.schema.type_map[fragment.type_condition.name.value] if fragment.type_condition else parent
            among = tuple(name for name in self.objects(on) if name in possible) or self.objects(on)
            key = (each.name.value if isinstance(each, ast.FragmentSpreadNode) else "", among)
            if not key[0] or key not in self.seen:
                self.seen.add(key)
                self.selections(fragment.selection_set, on, among)

    def field(self, node: ast.FieldNode, parent: Any, possible: tuple[str, ...]) -> None:
        name = node.name.value
        if name.startswith("__"):  # 5.4
            return
        if len(possible) == 1:  # 6.3
            self.ask(f"{possible[0]}.{name}")
        elif self.ask(f"{parent.name}.{name}"):  # 6.1
            for each in possible:
                self.ask(f"{each}.{name}")
        core = parent.fields[name]
        for argument in node.arguments or ():  # 7.1
            coordinate, type_ = f"{parent.name}.{name}({argument.name.value}:)", core.args[argument.name.value].type
            if not isinstance(get_named_type(type_), GraphQLInputObjectType) or coordinate in self.rules:
                self.ask(coordinate)
            self.value(get_named_type(type_), argument.value)
        inner = get_named_type(core.type)
        if node.selection_set is not None and is_composite_type(inner):
            self.selections(node.selection_set, inner, self.objects(inner))

    def objects(self, type_: Any) -> tuple[str, ...]:
        if not is_abstract_type(type_):
            return (type_.name,)
        return tuple(each.name for each in self.schema.get_possible_types(type_))

    def value(self, type_: Any, node: Any) -> None:
        """Ask for the input fields that a literal or a variable gives (7.2)."""
        if isinstance(node, ast.VariableNode):
            self.given(type_, self.variables.get(node.name.value))
        for each in getattr(node, "values", None) or ():
            self.value(type_, each)
        for each in getattr(node, "fields", None) or () if isinstance(type_, GraphQLInputObjectType) else ():
            self.ask(f"{type_.name}.{each.name.value}")
            self.value(get_named_type(type_.fields[each.name.value].type), each.value)

    def given(self, type_: Any, value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                self.given(type_, each)
        elif isinstance(value, Mapping) and isinstance(type_, GraphQLInputObjectType):
            for name in (name for name in value if name in type_.fields):
                self.ask(f"{type_.name}.{name}")
                self.given(get_named_type(type_.fields[name].type), value[name])


def _arguments(directive: ast.ConstDirectiveNode) -> dict[str, Any]:
    return {each.name.value: value_from_ast_untyped(each.value) for each in directive.arguments or ()}


def _words(given: Any) -> tuple[str, ...]:
    """The words of a list; a name and a string are the same (2.1), and one word is a list of one."""
    listed = [given] if isinstance(given, str) else given or ()
    return tuple(each for each in listed if isinstance(each, str))

"""Parses SDL with graphql-core's parser, without building a schema, so that invalid parts do not stop the audit."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from graphql import GraphQLSyntaxError, parse, print_ast, value_from_ast_untyped
from graphql.language import ast

from audits.directives.links import read_links
from audits.schema.places import SourcePosition
from audits.schema.sdl import Applied, Argument, EnumValue, Kind, Sdl, SdlField, SyntaxFault, Type
from audits.schema.sources import Text

KINDS: dict[type[ast.Node], Kind] = {
    ast.ObjectTypeDefinitionNode: "OBJECT",
    ast.ObjectTypeExtensionNode: "OBJECT",
    ast.InterfaceTypeDefinitionNode: "INTERFACE",
    ast.InterfaceTypeExtensionNode: "INTERFACE",
    ast.UnionTypeDefinitionNode: "UNION",
    ast.UnionTypeExtensionNode: "UNION",
    ast.InputObjectTypeDefinitionNode: "INPUT",
    ast.InputObjectTypeExtensionNode: "INPUT",
    ast.EnumTypeDefinitionNode: "ENUM",
    ast.EnumTypeExtensionNode: "ENUM",
    ast.ScalarTypeDefinitionNode: "SCALAR",
    ast.ScalarTypeExtensionNode: "SCALAR",
}
SCHEMA = (ast.SchemaDefinitionNode, ast.SchemaExtensionNode)


def read_sdl(text: Text) -> Sdl:
    """Parse a text; never raises. A text with a syntax error has no definitions and one fault."""
    sdl = Sdl(text.name, text.sha256)
    try:
        with _without_collector():
            document = parse(text.text)
    except GraphQLSyntaxError as error:
        line, column = error.locations[0] if error.locations else (1, 1)
        message = error.message.removeprefix("Syntax Error: ")
        sdl.errors.append(SyntaxFault("SYNTAX", message, "", SourcePosition(text.name, line, column)))
    except RecursionError:  # The parser of graphql-core is recursive.
        sdl.errors.append(SyntaxFault("SYNTAX", "It is nested too deeply to be read.", "", SourcePosition(text.name)))
    else:
        _Reader(sdl).all(document)
    return sdl


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the garbage collector: parsing makes no cycles, and its scans take half the time of a large file."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Reader:
    def __init__(self, sdl: Sdl) -> None:
        self.sdl = sdl
        self.defined: set[str] = set()

    def all(self, document: ast.DocumentNode) -> None:
        """Process every definition, and merge extensions into their type, wherever they are."""
        roots: dict[str, str] = {}
        schema = [each for each in document.definitions if isinstance(each, SCHEMA)]
        # Before everything else, since links say what the names of the directives mean.
        self.link(schema)
        for node in document.definitions:
            if isinstance(node, SCHEMA):
                self.sdl.applied += self.applied(node)
                roots |= {each.operation.value: each.type.name.value for each in node.operation_types or ()}
            elif isinstance(node, ast.DirectiveDefinitionNode):
                self.sdl.directives.add(self.sdl.names.directive(node.name.value))
            elif type(node) in KINDS:
                self.type(node)
        # Without a schema definition the root types have their default names (GraphQL, section 3.3.1).
        usual = {name.lower(): name for name in ("Query", "Mutation", "Subscription")}
        chosen = roots or usual
        self.sdl.roots = {operation: name for operation, name in chosen.items() if name in self.sdl.types}

    def link(self, schema: Sequence[ast.Node]) -> None:
        """Read the links of the schema definition and its extensions."""
        applied = [each for node in schema for each in self.applied(node)]
        self.sdl.names = read_links((each.name, each.arguments) for each in applied)
        for error in self.sdl.names.errors:
            self.fault("LINK", f"@link: {error.message}", "", applied[error.number].place)

    def type(self, node: Any) -> None:
        """Process one definition or extension of a type."""
        name, kind, place = node.name.value, KINDS[type(node)], self.place(node.name)
        if isinstance(node, ast.TypeDefinitionNode):
            if name in self.defined:
                self.fault("DUPLICATE", f"The type {name} is defined a second time.", name, place)
            self.defined.add(name)
        type_ = self.sdl.types.setdefault(name, Type(name, kind, place, _description(node)))
        if type_.kind != kind:
            self.fault("DUPLICATE", f"{name} is {type_.kind.lower()} and {kind.lower()} at once.", name, place)
            return
        type_.description = type_.description or _description(node)
        type_.applied += self.applied(node)
        type_.interfaces |= {each.name.value: self.place(each) for each in getattr(node, "interfaces", None) or ()}
        type_.members |= {each.name.value: self.place(each) for each in getattr(node, "types", None) or ()}
        self.values(type_, getattr(node, "values", None) or ())
        self.fields(type_, getattr(node, "fields", None) or ())

    def values(self, type_: Type, nodes: Sequence[Any]) -> None:
        """Add the values of an enum."""
        for node in nodes:
            name, place = node.name.value, self.place(node.name)
            if name in type_.values:
                self.fault("DUPLICATE", f"{type_.name} has the value {name} twice.", f"{type_.name}.{name}", place)
            type_.values[name] = EnumValue(name, _description(node), place)

    def fields(self, type_: Type, nodes: Sequence[Any]) -> None:
        """Add the fields of an object, interface or input object."""
        for node in nodes:
            name, place = node.name.value, self.place(node.name)
            coordinate = f"{type_.name}.{name}"
            if name in type_.fields:
                self.fault("DUPLICATE", f"{type_.name} has the field {name} twice.", coordinate, place)
            type_.fields[name] = SdlField(
                name,
                print_ast(node.type),
                _named(node.type),
                self.applied(node),
                place,
                _description(node),
                self.arguments(coordinate, getattr(node, "arguments", None) or ()),
                _deprecated(node),
            )

    def arguments(self, coordinate: str, nodes: Sequence[Any]) -> dict[str, Argument]:
        """Return the arguments of a field."""
        found: dict[str, Argument] = {}
        for node in nodes:
            name, place = node.name.value, self.place(node.name)
            if name in found:
                self.fault("DUPLICATE", f"{coordinate} has the argument {name} twice.", f"{coordinate}({name}:)", place)
            found[name] = Argument(
                name, print_ast(node.type), _named(node.type), self.applied(node), place, _description(node)
            )
        return found

    def applied(self, node: Any) -> tuple[Applied, ...]:
        """Return the directives on a node."""
        return tuple(
            Applied(
                self.sdl.names.directive(each.name.value),
                {argument.name.value: value_from_ast_untyped(argument.value) for argument in each.arguments or ()},
                self.place(each),
            )
            for each in node.directives or ()
        )

    def place(self, node: Any) -> SourcePosition:
        """Return the position at which a node begins."""
        token = node.loc.start_token
        return SourcePosition(self.sdl.name, token.line, token.column)

    def fault(self, check: str, message: str, coordinate: str, place: SourcePosition) -> None:
        """Record an error."""
        self.sdl.errors.append(SyntaxFault(check, message, coordinate, place))


def _named(node: Any) -> str:
    while not isinstance(node, ast.NamedTypeNode):
        node = node.type
    return node.name.value


def _description(node: Any) -> str:
    described = getattr(node, "description", None)  # an extension has none
    return " ".join(described.value.split()) if described else ""


def _deprecated(node: Any) -> str | None:
    for each in node.directives or ():
        if each.name.value == "deprecated":
            reason = next((a.value for a in each.arguments or () if a.name.value == "reason"), None)
            return str(getattr(reason, "value", None) or "No longer supported")
    return None

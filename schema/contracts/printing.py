"""Prints the part of a schema that is left, with the nullability that holds in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)

from policy.purposes import Purpose
from schema.contracts.pruning import Pruned

KEPT = frozenset(("deprecated", "specifiedBy", "oneOf", "stepUp", "semanticNonNull", "for"))
"""Directives that say something to clients; the others are the declarations that the contract follows from."""
PURPOSES = "Purpose"
"""The enum of the purposes."""
SEMANTIC_NON_NULL = parse(
    '"""Null only if the answer has an error at its path."""\n'
    "directive @semanticNonNull(levels: [Int] = [0]) on FIELD_DEFINITION"
).definitions[0]
SEMANTIC = ConstDirectiveNode(name=NameNode(value="semanticNonNull"), arguments=())

Node = TypeVar("Node")
Fielded = TypeVar("Fielded", ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)
IsNeverNull = Callable[[str, str], bool]
"""Whether a field, by type and name, is never null where it may be read."""


def printed_contract(sdl: str, pruned: Pruned, is_never_null: IsNeverNull, semantic: bool) -> str:
    """Return the SDL of what is left; with `semantic` types stay nullable, and `@semanticNonNull` says the same."""
    return _Printer(pruned, is_never_null, semantic).document(parse(sdl, no_location=True))


def printed_semantic(sdl: str, is_never_null: IsNeverNull) -> str:
    """Return the whole SDL with `@semanticNonNull` on fields that are null only where they are refused."""
    definitions: list[DefinitionNode] = []
    for node in parse(sdl, no_location=True).definitions:
        if isinstance(node, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
            fields = [_semantic(node.name.value, each, is_never_null) for each in node.fields or ()]
            definitions.append(_changed(node, fields=tuple(fields)))
        else:
            definitions.append(node)
    return print_ast(DocumentNode(definitions=(SEMANTIC_NON_NULL, *definitions))) + "\n"


def _semantic(owner: str, field: FieldDefinitionNode, is_never_null: IsNeverNull) -> FieldDefinitionNode:
    if isinstance(field.type, NonNullTypeNode) or not is_never_null(owner, field.name.value):
        return field
    return _changed(field, directives=(*(field.directives or ()), SEMANTIC))


class _Printer:
    def __init__(self, pruned: Pruned, is_never_null: IsNeverNull, semantic: bool) -> None:
        self.pruned, self.is_never_null, self.semantic = pruned, is_never_null, semantic

    def document(self, document: DocumentNode) -> str:
        found = [kept for each in document.definitions for kept in self.definition(each)]
        if self.semantic:
            found.insert(0, SEMANTIC_NON_NULL)
        return print_ast(DocumentNode(definitions=tuple(found))) + "\n"

    def definition(self, node: DefinitionNode) -> Iterator[DefinitionNode]:
        if isinstance(node, DirectiveDefinitionNode):
            if node.name.value in KEPT:
                yield node
        elif isinstance(node, EnumTypeDefinitionNode) and node.name.value == PURPOSES:
            yield self.purposes(node)
        elif isinstance(node, TypeDefinitionNode) and node.name.value in self.pruned.types:
            yield self.type(node)

    def type(self, node: TypeDefinitionNode) -> TypeDefinitionNode:
        plain = _changed(node, directives=_for_clients(node.directives))
        match plain:
            case ObjectTypeDefinitionNode():
                return self.fields(plain)
            case InterfaceTypeDefinitionNode():
                return self.fields(plain)
            case InputObjectTypeDefinitionNode():
                name = plain.name.value
                left = [each for each in plain.fields or () if self.pruned.has_field(name, each.name.value)]
                return _changed(
                    plain, fields=tuple(_changed(each, directives=_for_clients(each.directives)) for each in left)
                )
            case UnionTypeDefinitionNode():
                return _changed(plain, types=tuple(each for each in plain.types or () if self.stays(each.name.value)))
        return plain

    def stays(self, name: str) -> bool:
        return name in self.pruned.types

    def fields(self, node: Fielded) -> Fielded:
        name = node.name.value
        left = [each for each in node.fields or () if self.pruned.has_field(name, each.name.value)]
        above = [each for each in node.interfaces or () if self.pruned.implements(name, each.name.value)]
        return _changed(node, fields=tuple(self.field(name, each) for each in left), interfaces=tuple(above))

    def field(self, owner: str, node: FieldDefinitionNode) -> FieldDefinitionNode:
        name = node.name.value
        arguments = [each for each in node.arguments or () if self.pruned.has_argument(owner, name, each.name.value)]
        plain = _changed(
            node,
            directives=_for_clients(node.directives),
            arguments=tuple(_changed(each, directives=_for_clients(each.directives)) for each in arguments),
        )
        if self.semantic:
            return _semantic(owner, plain, self.is_never_null)
        if isinstance(plain.type, NonNullTypeNode) or not self.is_never_null(owner, name):
            return plain
        type_ = plain.type
        assert isinstance(type_, (NamedTypeNode, ListTypeNode))
        return _changed(plain, type=NonNullTypeNode(type=type_))

    def purposes(self, node: EnumTypeDefinitionNode) -> EnumTypeDefinitionNode:
        """All purposes if a field can return one; otherwise those that the contract's documents may state."""
        plain = _changed(node, directives=_for_clients(node.directives))
        if self.stays(PURPOSES):
            return plain
        own = {each.purpose.name for each in self.pruned.verdicts if each.purpose is not None} or set(
            Purpose.__members__
        )
        return _changed(plain, values=tuple(each for each in plain.values or () if each.name.value in own))


def _for_clients(directives: Sequence[ConstDirectiveNode] | None) -> tuple[ConstDirectiveNode, ...]:
    return tuple(each for each in directives or () if each.name.value in KEPT)


def _changed(node: Node, **changes: Any) -> Node:
    """Return a copy of a syntax node with other children."""
    keys = node.keys  # type: ignore[attr-defined]
    return type(node)(**({key: getattr(node, key, None) for key in keys} | changes))

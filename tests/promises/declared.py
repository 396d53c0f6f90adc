"""What the committed `schema.graphql` says of every coordinate, read without the engine that enforces it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    ConstDirectiveNode,
    ConstValueNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
    value_from_ast_untyped,
)

from schema.api.build import sdl

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"


@dataclass(frozen=True, slots=True)
class Declared:
    """The directives of one field, argument or input field."""

    coordinate: str
    category: str | None
    allows: tuple[tuple[str, str | None], ...]
    """Each purpose with its condition."""
    retention: str | None
    sources: tuple[str, ...]
    """The columns, as table.column: one, or those of which an object is made; the public schema does not name them."""
    disclosed_to: tuple[str, ...]
    scopes: tuple[frozenset[str], ...]
    first_party: bool
    third_party: frozenset[str]
    """The scopes with which an app of somebody else may ask for it."""

    @property
    def purposes(self) -> frozenset[str]:
        """Every purpose that may read it."""
        return frozenset(purpose for purpose, _ in self.allows)

    def open_to(self, purpose: str, held: frozenset[str] = frozenset()) -> bool:
        """Whether the purpose, with these scopes, may read it; what names neither is for everyone."""
        enough = not self.scopes or any(needed <= held for needed in self.scopes)
        return enough and (not self.allows or purpose in self.purposes)

    def condition(self, purpose: str) -> str | None:
        """What must hold for this purpose."""
        return dict(self.allows).get(purpose)


@cache
def document() -> DocumentNode:
    """The committed schema."""
    return parse(SDL.read_text())


@cache
def declarations() -> dict[str, Declared]:
    """Every field, argument and input field, by coordinate."""
    found: dict[str, Declared] = {}
    for type_ in document().definitions:
        if not isinstance(
            type_, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode, InputObjectTypeDefinitionNode)
        ):
            continue
        kept = _of(type_.name.value, type_.directives).retention
        for field in type_.fields or ():
            coordinate = f"{type_.name.value}.{field.name.value}"
            found[coordinate] = _of(coordinate, field.directives, kept)
            for argument in getattr(field, "arguments", None) or ():
                name = f"{coordinate}({argument.name.value}:)"
                found[name] = _of(name, argument.directives)
    return found


@cache
def columns() -> dict[str, tuple[str, ...]]:
    """The columns of each field that shows some, from the print that auditors get."""
    return {
        f"{type_.name.value}.{field.name.value}": _listed(argument.value)
        for type_ in parse(sdl(with_columns=True)).definitions
        if isinstance(type_, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode))
        for field in type_.fields or ()
        for directive in field.directives or ()
        for argument in directive.arguments or ()
        if argument.name.value == "source"
    }


def _listed(node: ConstValueNode) -> tuple[str, ...]:
    value = value_from_ast_untyped(node)
    return (value,) if isinstance(value, str) else tuple(value)


def enums() -> dict[str, dict[str, str | None]]:
    """Every enum with the description of each of its values."""
    return {
        each.name.value: {
            value.name.value: value.description.value if value.description else None for value in each.values or ()
        }
        for each in document().definitions
        if isinstance(each, EnumTypeDefinitionNode)
    }


def _of(coordinate: str, directives: tuple[ConstDirectiveNode, ...] | None, kept: str | None = None) -> Declared:
    said: dict[str, list[dict[str, Any]]] = {}
    for each in directives or ():
        arguments = {one.name.value: value_from_ast_untyped(one.value) for one in each.arguments or ()}
        said.setdefault(each.name.value, []).append(arguments)
    data = (said.get("personalData") or [{}])[0]
    return Declared(
        coordinate,
        data.get("category"),
        tuple((purpose, each.get("when")) for each in said.get("purpose", ()) for purpose in each["allows"]),
        (said.get("retention") or [{}])[0].get("rule") or (kept if data else None),
        columns().get(coordinate, ()),
        tuple((said.get("disclosedTo") or [{}])[0].get("recipients", ())),
        tuple(frozenset(group) for group in (said.get("requiresScopes") or [{}])[0].get("scopes", ())),
        "firstParty" in said,
        frozenset((said.get("thirdParty") or [{}])[0].get("scopes", ())),
    )

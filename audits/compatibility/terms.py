"""Changes of the terms on which clients are answered: purposes, scopes, step-up, one-of inputs and deprecations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
)

from audits.compatibility.changes import ClientChange, Impact
from audits.schema.changes import ChangeKind, SchemaChange
from audits.schema.places import SourcePosition

TERMS: Mapping[ChangeKind, tuple[Impact, str]] = {
    ChangeKind.PURPOSE_REMOVED: (Impact.BREAKING, "Documents that read it for this purpose are refused."),
    ChangeKind.DECLARED: (Impact.BREAKING, "Documents that read it for any other purpose are refused."),
    ChangeKind.SCOPE_TIGHTENED: (Impact.BREAKING, "Documents of tokens without these scopes are refused."),
    ChangeKind.THIRD_PARTY_CLOSED: (Impact.BREAKING, "Documents of apps of others that read it are refused."),
    ChangeKind.STEP_UP_ADDED: (Impact.BREAKING, "It is refused until the customer signs in again."),
    ChangeKind.CONDITION_ADDED: (Impact.DANGEROUS, "Rows and values where the condition fails are absent."),
    ChangeKind.CONDITION_CHANGED: (Impact.DANGEROUS, "Rows and values where the condition fails are absent."),
}
"""The meaning for clients of a change for privacy; the other kinds mean nothing to them."""

Deprecable = GraphQLField | GraphQLArgument | GraphQLInputField | GraphQLEnumValue


def term_changes(privacy: Iterable[SchemaChange]) -> Iterator[ClientChange]:
    """Yield what the changes for privacy mean for clients."""
    for each in privacy:
        if each.kind in TERMS:
            impact, text = TERMS[each.kind]
            message = f"{each.message}. {text}"
            yield ClientChange(each.kind.id, impact, each.coordinate, each.value, message, each.place)


def marker_changes(
    old: GraphQLSchema, new: GraphQLSchema, places: Mapping[str, SourcePosition]
) -> Iterator[ClientChange]:
    """Yield changes of `@deprecated`, `@oneOf` and `@specifiedBy`, and of the root types."""
    nowhere = SourcePosition("")
    before = dict(_deprecable(old))
    for coordinate, element in _deprecable(new):
        if coordinate in before:
            place = places.get(coordinate, nowhere)
            yield from _deprecation(before[coordinate], element, coordinate, place)
    for name, type_ in new.type_map.items():
        yield from _type_markers(old, name, type_, places.get(name, nowhere))
    for operation in ("query", "mutation", "subscription"):
        was, now = (getattr(each, f"{operation}_type") for each in (old, new))
        if was is not None and now is not None and was.name != now.name:
            message = f"The root type of {operation} is {now.name}, no longer {was.name}."
            yield ClientChange(
                "root-changed", Impact.BREAKING, now.name, operation, message, places.get(now.name, nowhere)
            )


def deprecations(schema: GraphQLSchema) -> dict[str, str]:
    """Return the reason of every deprecated coordinate."""
    return {
        coordinate: each.deprecation_reason
        for coordinate, each in _deprecable(schema)
        if each.deprecation_reason is not None
    }


def _deprecation(
    before: Deprecable, after: Deprecable, coordinate: str, place: SourcePosition
) -> Iterator[ClientChange]:
    was, now = before.deprecation_reason, after.deprecation_reason
    if was is None and now is not None:
        yield ClientChange("deprecated", Impact.SAFE, coordinate, now, f"{coordinate} is deprecated: {now}", place)
    elif was is not None and now is None:
        message = f"{coordinate} is no longer deprecated."
        yield ClientChange("deprecation-removed", Impact.SAFE, coordinate, was, message, place)


def _type_markers(old: GraphQLSchema, name: str, type_: object, place: SourcePosition) -> Iterator[ClientChange]:
    before = old.type_map.get(name)
    if isinstance(type_, GraphQLInputObjectType) and isinstance(before, GraphQLInputObjectType):
        if type_.is_one_of and not before.is_one_of:
            message = f"{name} takes exactly one field, which must not be null."
            yield ClientChange("one-of-added", Impact.BREAKING, name, "", message, place)
        elif before.is_one_of and not type_.is_one_of:
            yield ClientChange("one-of-removed", Impact.SAFE, name, "", f"{name} takes several fields.", place)
    if isinstance(type_, GraphQLScalarType) and isinstance(before, GraphQLScalarType):
        was, now = before.specified_by_url, type_.specified_by_url
        if was != now:
            message = f"{name} is specified by {now or 'nothing'}, no longer by {was or 'nothing'}."
            yield ClientChange("specification-changed", Impact.DANGEROUS, name, now or "", message, place)


def _deprecable(schema: GraphQLSchema) -> Iterator[tuple[str, Deprecable]]:
    for name, type_ in schema.type_map.items():
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
            for field_name, field in type_.fields.items():
                yield f"{name}.{field_name}", field
                yield from ((f"{name}.{field_name}({each}:)", argument) for each, argument in field.args.items())
        elif isinstance(type_, GraphQLInputObjectType):
            yield from ((f"{name}.{each}", field) for each, field in type_.fields.items())
        elif isinstance(type_, GraphQLEnumType):
            yield from ((f"{name}.{each}", value) for each, value in type_.values.items())

"""Changes of types, fields, arguments and directives, by the rules of graphql-core."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphql import DirectiveLocation, GraphQLError, GraphQLSchema, build_ast_schema, parse
from graphql.utilities import (
    BreakingChangeType,
    DangerousChangeType,
    SafeChangeType,
    find_schema_changes,
)

from audits.compatibility.changes import ClientChange, Impact
from audits.schema.places import SourcePosition
from audits.schema.sources import Text, UnreadableError

KINDS = (*BreakingChangeType, *DangerousChangeType, *SafeChangeType)
"""Every kind of change that graphql-core knows."""
MENTIONED = re.compile(r"@?\w+(?:\.\w+)?(?:\(\w+:\))?")
SUBJECT_LAST = frozenset(
    (
        BreakingChangeType.TYPE_REMOVED_FROM_UNION,
        DangerousChangeType.TYPE_ADDED_TO_UNION,
        DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED,
        BreakingChangeType.DIRECTIVE_LOCATION_REMOVED,
        SafeChangeType.DIRECTIVE_LOCATION_ADDED,
    )
)
"""Kinds whose sentence names the changed coordinate last: "Card was added to union type PaymentMethod."."""
EXECUTABLE = frozenset(
    (
        DirectiveLocation.QUERY,
        DirectiveLocation.MUTATION,
        DirectiveLocation.SUBSCRIPTION,
        DirectiveLocation.FIELD,
        DirectiveLocation.FRAGMENT_DEFINITION,
        DirectiveLocation.FRAGMENT_SPREAD,
        DirectiveLocation.INLINE_FRAGMENT,
        DirectiveLocation.VARIABLE_DEFINITION,
    )
)
"""Where documents can write a directive; the other locations are those of schemas."""


def built(text: Text) -> GraphQLSchema:
    """Return the schema of a text; UnreadableError if it is incomplete, such as for a type that is not defined."""
    try:
        # Directives of others, such as those of a federation, need no definition.
        return build_ast_schema(parse(text.text), assume_valid_sdl=True)
    except (GraphQLError, TypeError, RecursionError) as error:
        raise UnreadableError(f"{text.name}: {error}") from error


def shape_changes(
    old: GraphQLSchema,
    new: GraphQLSchema,
    before: Mapping[str, SourcePosition],
    after: Mapping[str, SourcePosition],
) -> Iterator[ClientChange]:
    """Yield the changes with their coordinates; `before` and `after` are the places of all coordinates."""
    for each in find_schema_changes(old, new):
        # A description changes no document, and its text would fill the report.
        if each.type is SafeChangeType.DESCRIPTION_CHANGED:
            continue
        coordinate = _subject(each.description, each.type in SUBJECT_LAST, before.keys() | after.keys())
        # An argument of a directive stands where its directive does.
        name = coordinate if coordinate in after.keys() | before.keys() else coordinate.partition("(")[0]
        place = after.get(name) or before.get(name) or SourcePosition("")
        impact = _impact(each.type, coordinate, old)
        yield ClientChange(_id(each.type), impact, coordinate, "", each.description, place)


def _id(kind: BreakingChangeType | DangerousChangeType | SafeChangeType) -> str:
    return kind.name.lower().replace("_", "-")


def _impact(
    kind: BreakingChangeType | DangerousChangeType | SafeChangeType, coordinate: str, old: GraphQLSchema
) -> Impact:
    if isinstance(kind, DangerousChangeType):
        return Impact.DANGEROUS
    if isinstance(kind, SafeChangeType):
        return Impact.SAFE
    directive = old.get_directive(coordinate.removeprefix("@").partition("(")[0]) if coordinate[:1] == "@" else None
    # No document can contain a directive of the schema language; tools that read the schema may miss it.
    if directive is not None and not EXECUTABLE & set(directive.locations):
        return Impact.DANGEROUS
    return Impact.BREAKING


def _subject(description: str, last: bool, known: set[str]) -> str:
    """Return the coordinate that a sentence of graphql-core is about: the most specific one, else the first or last."""
    found = [each for each in MENTIONED.findall(description) if _is_known(each, known)]
    specific = max((_depth(each) for each in found), default=0)
    found = [each for each in found if _depth(each) == specific]
    return (found[-1] if last else found[0]) if found else ""


def _is_known(coordinate: str, known: set[str]) -> bool:
    # Arguments of directives have no place of their own.
    return coordinate in known or (coordinate[0] == "@" and coordinate.partition("(")[0] in known)


def _depth(coordinate: str) -> int:
    return coordinate.count(".") + 2 * coordinate.count("(")

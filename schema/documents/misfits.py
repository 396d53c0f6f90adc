"""Says what is wrong with the variables of a request: path, type and whether it is missing, and never a value (G5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    get_location,
    is_required_input_field,
    type_from_ast,
)
from graphql.pyutils import did_you_mean, suggestion_list

from schema.core.errors import ErrorCode, ResponseError

MOST = 10
"""Errors of one request: a list can have a misfit at each of its elements."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """One part of a variable that does not fit."""

    path: Path
    type_name: str
    message: str
    hint: str = ""
    """A suggestion of names of the schema, for those who may introspect."""
    missing: bool = False

    def problem(self, definition: VariableDefinitionNode, hints: bool) -> ResponseError:
        """The error as it is sent."""
        details: dict[str, Any] = {"path": list(self.path), "type": self.type_name}
        if self.missing:
            details["missing"] = True
        places = [_place(definition)] if definition.loc else []
        message = self.message + (self.hint if hints else "")
        return ResponseError(ErrorCode.BAD_USER_INPUT, message, places, details=details)


def misfits(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode], given: Mapping[str, Any], hints: bool
) -> list[ResponseError]:
    """The errors of these variables, at most ten; suggestions of names only if `hints`."""
    found = (
        misfit.problem(definition, hints)
        for definition in definitions
        for misfit in _of_variable(schema, definition, given)
    )
    return list(islice(found, MOST))


def _of_variable(
    schema: GraphQLSchema, definition: VariableDefinitionNode, given: Mapping[str, Any]
) -> Iterator[Misfit]:
    name = definition.variable.name.value
    value = given.get(name, Undefined)
    # A default was validated with the document.
    if value is not Undefined or definition.default_value is None:
        yield from _of(value, type_from_ast(schema, definition.type), (name,))


def _of(value: Any, type_: Any, path: Path) -> Iterator[Misfit]:
    if isinstance(type_, GraphQLNonNull):
        if value is Undefined or value is None:
            yield _absent(type_, path, value is Undefined)
        else:
            yield from _of(value, type_.of_type, path)
    elif value is None or value is Undefined:
        return
    elif isinstance(type_, GraphQLList):
        # A value that is no list stands for a list of one (GraphQL, List, Input Coercion).
        if not isinstance(value, list):
            yield from _of(value, type_.of_type, path)
            return
        for index, each in enumerate(value):
            yield from _of(each, type_.of_type, (*path, index))
    elif isinstance(type_, GraphQLInputObjectType):
        yield from _of_object(value, type_, path)
    elif not _fits(value, type_):
        yield Misfit(path, type_.name, f"`{_written(path)}` is not of type {type_.name}.", _enum_hint(value, type_))


def _absent(type_: GraphQLInputType, path: Path, missing: bool) -> Misfit:
    how = "missing" if missing else "null"
    message = f"`{_written(path)}` is {how}: it must be of type {type_}."
    return Misfit(path, str(type_), message, missing=missing)


def _of_object(value: Any, type_: GraphQLInputObjectType, path: Path) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        yield Misfit(path, type_.name, f"`{_written(path)}` is not of type {type_.name}.")
        return
    for name, field in type_.fields.items():
        if name in value:
            yield from _of(value[name], field.type, (*path, name))
        elif is_required_input_field(field):
            yield _absent(field.type, (*path, name), missing=True)
    for name in value:
        if name not in type_.fields:
            # The name is the caller's own text, and may be anything.
            message = f"`{_written(path)}` has a field that {type_.name} does not have."
            yield Misfit(path, type_.name, message, did_you_mean(suggestion_list(name, list(type_.fields))))
    if type_.is_one_of and value.keys() <= type_.fields.keys() and (len(value) != 1 or None in value.values()):
        message = f"`{_written(path)}` must have exactly one of the fields of {type_.name}, and not null."
        yield Misfit(path, type_.name, message)


def _fits(value: Any, type_: GraphQLScalarType | GraphQLEnumType) -> bool:
    try:
        return type_.coerce_input_value(value) is not Undefined
    except Exception:  # noqa: BLE001  (whatever a scalar raises means that it refuses the value, which may be anything)
        return False


def _enum_hint(value: Any, type_: Any) -> str:
    if not isinstance(type_, GraphQLEnumType) or not isinstance(value, str):
        return ""
    return did_you_mean(suggestion_list(value, list(type_.values)), "the enum value")


def _written(path: Path) -> str:
    """The path as `$input.addresses[1].country`."""
    first, *rest = path
    return f"${first}" + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in rest)


def _place(definition: VariableDefinitionNode) -> Mapping[str, int]:
    assert definition.loc is not None
    at = get_location(definition.loc.source, definition.loc.start)
    return {"line": at.line, "column": at.column}

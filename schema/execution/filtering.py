"""The filters of a plan: a plan is made for the filter fields that a request gives, as for its `@skip` and `@include`.

So the statement has exactly the clauses that are needed, and the ledger entry exactly the fields that were compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    EnumValueNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from resolvers.reads.criteria import Comparison, Criterion
from schema.documents.documents import Operation
from schema.documents.filters import FILTER
from schema.model.model import SchemaModel, declared_of

GIVEN: Any = True
"""The shape of a value that is not written into the statement."""
ANYTHING: Any = object()
"""The shape of a variable whose value is not known yet: everything that it could give."""

Shapes = Mapping[str, Any]
"""For each variable used in filters the shape of its value: what a plan depends on."""
NOTHING_KNOWN: Shapes = {}


def shapes_of(core: GraphQLSchema, operation: Operation, variables: Mapping[str, Any]) -> Shapes:
    """The shapes of the variables that the operation uses in filters."""
    return {name: _shape(core, type_, variables.get(name)) for name, type_ in operation.filters.items()}


def _shape(core: GraphQLSchema, type_name: str, value: Any) -> Any:
    """Null and absent are one; Booleans and enum values are themselves; anything else is only given."""
    if value is None:
        return None
    type_ = core.type_map[type_name]
    if isinstance(type_, GraphQLInputObjectType):
        inner = ((name, get_named_type(each.type).name, value.get(name)) for name, each in type_.fields.items())
        return tuple((name, found) for name, of, one in inner if (found := _shape(core, of, one)) is not None)
    if isinstance(type_, GraphQLEnumType):
        return tuple(_word(each) for each in value) if isinstance(value, list) else (_word(value),)
    return value if isinstance(value, bool) else GIVEN


def _word(value: Any) -> Any:
    # Coerced enum values are members of the Python enum.
    return getattr(value, "value", value)


def comparisons_of(type_: Any) -> Mapping[str, Comparison]:
    """The comparisons of a filter type by field."""
    named = get_named_type(type_)
    assert isinstance(named, GraphQLInputObjectType)
    found = ((name, declared_of(each)) for name, each in named.fields.items())
    return {name: declared.compares for name, declared in found if declared is not None and declared.compares}


def criteria_of(core: Any, node: ArgumentNode | None, shapes: Shapes) -> tuple[Criterion, ...]:
    """The criteria that the argument `filter` gives, in the order of its type."""
    if node is None:
        return ()
    given = dict(_given(node.value, shapes))
    comparisons = comparisons_of(core.args[FILTER].type)
    if ANYTHING in given:
        given = {name: () if each.fixed else GIVEN for name, each in comparisons.items()}
    return tuple(
        Criterion(name, each, given[name] if each.fixed else None)
        for name, each in comparisons.items()
        if given.get(name) is not None
    )


def _given(node: ValueNode, shapes: Shapes) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, VariableNode):
        shape = shapes.get(node.name.value, ANYTHING)
        yield from [(ANYTHING, True)] if shape is ANYTHING else (shape or ())
    elif isinstance(node, ObjectValueNode):
        for each in node.fields:
            yield each.name.value, _value(each.value, shapes)


def _value(node: ValueNode, shapes: Shapes) -> Any:
    match node:
        case NullValueNode():
            return None
        case VariableNode():
            shape = shapes.get(node.name.value, ANYTHING)
            return () if shape is ANYTHING else shape
        case BooleanValueNode():
            return node.value
        case EnumValueNode():
            return (node.value,)
        case ListValueNode():
            return tuple(word for each in node.values for word in _value(each, shapes) or ())
        case _:
            return GIVEN


def compared_fields(model: SchemaModel, types: Sequence[str], criteria: Sequence[Criterion]) -> Iterator[str]:
    """The fields whose columns the criteria compare: comparing a value is reading it."""
    for each in criteria:
        for type_name in types:
            if name := _showing(model, type_name, each.comparison):
                yield name


def _showing(model: SchemaModel, type_name: str, comparison: Comparison) -> str | None:
    """The coordinate of the type's first field that shows the compared columns."""
    for (owner, _), field in model.fields.items():
        if owner == type_name and field.source is not None and field.source.shown == comparison.columns:
            return field.coordinate
    return None

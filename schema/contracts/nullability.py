"""When a field that may be read is never null: its source always has a value, and no condition leaves it out."""

from __future__ import annotations

from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
)

from policy.conditions import Condition
from policy.purposes import Purpose
from schema.model.model import FieldModel, SchemaModel


def never_null(model: SchemaModel, field: FieldModel, purpose: Purpose | None) -> bool:
    """Return whether a field that this purpose may read has a value on every row that the purpose may read.

    A field that may be null for another reason than withholding, such as an unknown id, is nullable.
    """
    type_ = model.core.type_map[field.coordinate.partition(".")[0]]
    if isinstance(field.core.type, GraphQLNonNull):
        return True
    # An interface promises what each of its object types keeps.
    if isinstance(type_, GraphQLInterfaceType):
        behind = [model.field(each.name, field.name) for each in model.core.get_possible_types(type_)]
        return bool(behind) and all(never_null(model, each, purpose) for each in behind)
    if field.source is None or not field.source.always or _has(field, purpose, "VALUE"):
        return False
    return not _is_one_row(field) or not _may_be_left_out(model, field, purpose)


def _is_one_row(field: FieldModel) -> bool:
    source = field.source
    leads = source is not None and source.leads_to is not None and not source.connects
    return leads and not isinstance(field.core.type, GraphQLList)


def _may_be_left_out(model: SchemaModel, field: FieldModel, purpose: Purpose | None) -> bool:
    """Return whether a condition of the purpose on the row that a field leads to can leave that row out."""
    target = get_named_type(field.core.type)
    types = list(model.core.get_possible_types(target)) if is_abstract_type(target) else [target]
    below = [
        model.field(each.name, name) for each in types if isinstance(each, GraphQLObjectType) for name in each.fields
    ]
    return any(_has(each, purpose, "ROW") for each in (field, *below))


def _has(field: FieldModel, purpose: Purpose | None, scope: str) -> bool:
    conditions: frozenset[Condition] = frozenset()
    if field.rule is not None and purpose is not None:
        conditions = field.rule.conditions(purpose)
    return any(each.scope == scope for each in conditions)

"""Structural checks of the lint: each field can be resolved from its source, and its conditions are enforced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLNonNull, get_named_type
from sqlalchemy import Column

from policy.conditions import Condition
from policy.purposes import Purpose
from policy.rules import Rule
from policy.statements import circular, never_null, of_column, unrepeated
from resolvers.reads.filters import HOMES
from schema.core.source import Home
from schema.model.model import FieldModel, SchemaModel, declared_of, holds_rows

Found = tuple[str, str]
"""A coordinate and its problem."""


def of_field(model: SchemaModel, field: FieldModel, rule: Rule) -> Iterator[str]:
    """Structural problems of one field."""
    yield from _column(field, rule)
    yield from _document(model, field)
    if problem := _misplaced(model, field):
        yield problem
    if field.public is not None and _reads_rows(model, field):
        yield "is called public, but it is read from customers' rows or leads to them"
    yield from _beyond_its_rows(model, field, rule)
    for condition in sorted({each.when for each in rule.allowances if each.when}, key=lambda each: each.name):
        if not enforceable(model, field, condition):
            yield f"depends on {condition.name}, which no statement for it would enforce"
    identifies = field.source is not None and field.source.identifies
    yield from (text for _, text in never_null(rule, isinstance(field.core.type, GraphQLNonNull), identifies))


def of_schema(model: SchemaModel) -> Iterator[Found]:
    """Problems that concern several fields or types."""
    for field in model.fields.values():
        yield from _redeclared(model, field)
    yield from _comparisons(model)
    yield from _recursive_inputs(model)
    yield from _ambiguous_rows(model)


def _column(field: FieldModel, rule: Rule) -> Iterator[str]:
    for column in field.source.shown if field.source is not None else ():
        # Columns such as card numbers and password hashes have no output, whatever a field declares (D4, R16).
        output, name = column.info.get("output", False), f"{column.table.name}.{column.name}"
        yield from (text for _, text in of_column(rule, name, column.info["category"], output))


def _document(model: SchemaModel, field: FieldModel) -> Iterator[str]:
    """Check that a rendered document contains only columns that fields of the schema return, for their rules apply."""
    document = field.source.contents if field.source is not None else None
    if document is None:
        return
    for column, coordinate in document.fields.items():
        type_name, _, name = coordinate.partition(".")
        shown = model.fields.get((type_name, name))
        if shown is None or shown.rule is None or not _shows(shown, column):
            yield f"tells {column.table.name}.{column.name}, which {coordinate} does not show"
        elif not shown.rule.when(document.reads_as):
            yield f"tells {coordinate}, which may not be read for {document.reads_as.name}"


def _shows(field: FieldModel, column: Column[Any]) -> bool:
    return field.source is not None and any(each is column for each in field.source.shown)


def _misplaced(model: SchemaModel, field: FieldModel) -> str | None:
    """The reason why the field's type cannot provide its source; None if it can."""
    type_name = field.coordinate.partition(".")[0]
    # Its object types declare the same, and are checked.
    if isinstance(model.core.type_map[type_name], GraphQLInterfaceType):
        return None
    if field.source is None:
        return "has no source and can not be answered"
    return field.source.misplaced(_home(model, type_name))


def _home(model: SchemaModel, type_name: str) -> Home:
    within = model.details.get(type_name)
    table = model.rows[type_name].table if type_name in model.rows else within
    attributes = table is None and type_name not in _without_attributes(model)
    return Home(table, type_name in model.embedded, within is not None, attributes)


def _reads_rows(model: SchemaModel, field: FieldModel) -> bool:
    return field.source is not None and field.source.reads_rows(holds_rows(model.core, field.core.type))


def _without_attributes(model: SchemaModel) -> frozenset[str]:
    """Types whose values have no attributes: embedded objects are lists, and root types have no value."""
    roots = (model.core.query_type, model.core.mutation_type)
    return model.embedded | {root.name for root in roots if root is not None}


def _beyond_its_rows(model: SchemaModel, field: FieldModel, rule: Rule) -> Iterator[str]:
    """Check that each purpose that reaches a row may read its id: `id` is non-null, so a refusal would null the row."""
    table = field.source.leads_to if field.source is not None else None
    for name in model.types_of_table.get(table, ()) if table is not None else ():
        identity = model.fields.get((name, "id"))
        known = identity.rule if identity is not None else None
        beyond = [each.name for each in Purpose if rule.when(each) and not (known is not None and known.when(each))]
        if beyond:
            yield f"leads to {name} for {', '.join(beyond)}, which may not see {name}.id"


def enforceable(model: SchemaModel, field: FieldModel, condition: Condition) -> bool:
    """True if the field's statement enforces the condition: it can for rows and columns of its own table only."""
    table, source, type_name = HOMES[condition], field.source, field.coordinate.partition(".")[0]
    # The object types of an interface declare the same, and are checked.
    if isinstance(model.core.type_map[type_name], GraphQLInterfaceType):
        return True
    if source is None:
        return False
    if condition.scope == "VALUE":
        return any(column.table is table for column in source.shown)
    return source.filters(table, _home(model, type_name))


def _redeclared(model: SchemaModel, field: FieldModel) -> Iterator[Found]:
    """Check that each object type declares the same purposes as the interface, for fields and arguments."""
    type_name = field.coordinate.partition(".")[0]
    type_ = model.core.type_map[type_name]
    if not isinstance(type_, GraphQLInterfaceType) or field.public is not None or field.rule is None:
        return
    for possible in model.core.get_possible_types(type_):
        other = model.field(possible.name, field.name)
        yield from _repeats(field.rule, other.rule, field.coordinate, other.coordinate)
        for argument in field.core.args:
            mine, theirs = (model.argument(each, field.name, argument) for each in (type_name, possible.name))
            of, where = (f"{each.coordinate}({argument}:)" for each in (field, other))
            if mine is not None:  # An undeclared one is a finding of its own.
                yield from _repeats(mine, theirs, of, where)


def _repeats(promised: Rule, own: Rule | None, of: str, coordinate: str) -> Iterator[Found]:
    return ((coordinate, text) for _, text in unrepeated(promised, own, of))


def _comparisons(model: SchemaModel) -> Iterator[Found]:
    """Check that each field of a filter has the rule of the field whose column it compares: comparing is reading.

    A value that is shown under a condition of its own may not be compared: the statement would compare it unmasked.
    """
    for coordinate, core in model.inputs():
        declared = declared_of(core)
        if declared is None or declared.compares is None:
            continue
        columns = declared.compares.columns
        shown = [
            each.rule for each in model.fields.values() if each.source is not None and each.source.shown == columns
        ]
        if not any(rule is not None and rule.allowances == declared.allowances for rule in shown):
            of = ", ".join(f"{each.table.name}.{each.name}" for each in columns)
            yield coordinate, f"compares {of} for other purposes than a field that shows it"
        if any(each.when is not None and each.when.scope == "VALUE" for each in declared.allowances):
            yield coordinate, "compares a value that is shown under a condition"


def _recursive_inputs(model: SchemaModel) -> Iterator[Found]:
    """Refuse recursive input types: the decision lists every path into a variable, so their number must be finite."""
    types = [each for each in model.core.type_map.values() if isinstance(each, GraphQLInputObjectType)]
    inner = {each.name: {get_named_type(one.type).name for one in each.fields.values()} for each in types}
    for name in circular(inner):
        yield name, "contains itself: an input of any depth can not be judged before it comes"


def _ambiguous_rows(model: SchemaModel) -> Iterator[Found]:
    """Check that several types of one table are distinct variants, so that each row has exactly one type."""
    for names in model.types_of_table.values():
        kinds = [model.rows[name] for name in names]
        # One type without a kind would match the rows of all others.
        if len(names) > 1 and len({each.value for each in kinds if each.kind is not None}) < len(names):
            yield names[-1], f"stands for the same rows as {', '.join(names[:-1])}: give each a variant"

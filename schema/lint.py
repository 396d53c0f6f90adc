"""Default deny at the start: a schema with an undeclared or contradictory field does not load (G9, R1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)
from sqlalchemy import Column, Table

from policy.conditions import Condition
from policy.decision import gaps
from policy.hard_rules import violations
from policy.purposes import Purpose
from policy.rules import Rule
from resolvers.filters import CLAUSES
from schema.model import FieldModel, SchemaModel, declared_of, holds_rows
from schema.sources import (
    Affected,
    Attribute,
    Command,
    Embedded,
    Entry,
    GlobalId,
    GrantFacts,
    Paged,
    Related,
    Source,
    Value,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend, and where."""

    coordinate: str
    problem: str

    def __str__(self) -> str:
        """The coordinate, then what to do."""
        return f"{self.coordinate}: {self.problem}"


class SchemaRefused(Exception):  # noqa: N818  (it says what happened, as the policy's Refused does)
    """The schema does not load; it lists every finding."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        lines = "\n".join(f"  - {finding}" for finding in findings)
        super().__init__(f"the schema is not safe to serve ({len(findings)} findings):\n{lines}")


def require_clean(model: SchemaModel) -> None:
    """Raise SchemaRefused unless every field, argument and input field is declared and lawful."""
    if found := list(findings(model)):
        raise SchemaRefused(found)


def findings(model: SchemaModel) -> Iterator[Finding]:
    """Everything that must be mended, in the order of the schema."""
    for field in model.fields.values():
        yield from _field(model, field)
    for coordinate, core in model.inputs():
        yield from _input(coordinate, core, model.rules.get(coordinate))
    yield from _recursive_inputs(model)
    yield from _ambiguous_rows(model)


def _field(model: SchemaModel, field: FieldModel) -> Iterator[Finding]:
    rule = field.rule
    if rule is None:
        yield Finding(field.coordinate, "declares nothing: write it with datum(), related(), … or public()")
        return
    for problem in (
        *_declaration(rule, field.public, field.source),
        *_source(model, field),
        *_reach(model, field, rule),
    ):
        yield Finding(field.coordinate, problem)
    for condition in sorted((each.when for each in rule.allowances if each.when), key=lambda each: each.name):
        if not enforceable(model, field, condition):
            yield Finding(field.coordinate, f"depends on {condition.name}, which no statement for it would enforce")
    yield from _redeclared(model, field)


def _input(coordinate: str, core: GraphQLArgument | GraphQLInputField, rule: Rule | None) -> Iterator[Finding]:
    if rule is None:
        yield Finding(coordinate, "says neither its category and purposes nor that it is public")
        return
    declared = declared_of(core)
    public = declared.public if declared is not None else "it says nothing itself, and its type is an input object"
    for problem in _declaration(rule, public, None):
        yield Finding(coordinate, problem)


def _declaration(rule: Rule, public: str | None, source: Source | None) -> Iterator[str]:
    """What is missing in what was declared, or breaks a hard rule."""
    yield from (f"names no {missing}" for missing in gaps(rule))
    yield from violations(rule)
    if public is None and not rule.allowances and rule.category is None:
        yield "names no purposes"
    if public is None and rule.category is None and not isinstance(source, Command):
        yield "names no category"
    if public is not None and rule.category is not None:
        yield "is called public and personal at once"


def _source(model: SchemaModel, field: FieldModel) -> Iterator[str]:
    """Whether the field may be answered from where it says."""
    rule, column = field.rule, _column(field)
    assert rule is not None
    if field.public is not None and (problem := _not_public(model, field)):
        yield problem
    if column is not None and not column.info.get("output", False):
        yield f"shows {column.table.name}.{column.name}, which no API may give out"
    resting = column.info["category"] if column is not None else None
    if column is not None and resting is not None and rule.category is not resting:
        yield f"calls {column.table.name}.{column.name} {_named(rule)}, which holds {resting.name}"
    if rule.category is not None and isinstance(field.core.type, GraphQLNonNull) and not _is_id(field.source):
        yield "is personal data and must be nullable, or withholding it would take its parent"


def _named(rule: Rule) -> str:
    return "not personal" if rule.category is None else rule.category.name


def _not_public(model: SchemaModel, field: FieldModel) -> str | None:
    type_ = model.core.type_map[field.coordinate.partition(".")[0]]
    match field.source:
        case None:
            return None if isinstance(type_, GraphQLInterfaceType) else "has no source and can not be answered"
        case GrantFacts():
            leads = holds_rows(model.core, field.core.type)
        case Attribute():
            # What the executor makes for itself has attributes to show; a row and its parts have none.
            leads = type_.name in model.rows or type_.name in _of_rows(model)
        case _:
            leads = True
    return "is called public, but it is read from customers' rows or leads to them" if leads else None


def _of_rows(model: SchemaModel) -> set[str]:
    """The types whose values are parts of a row, or no value at all."""
    roots = (model.core.query_type, model.core.mutation_type)
    embedded = {
        get_named_type(each.core.type).name for each in model.fields.values() if isinstance(each.source, Embedded)
    }
    return embedded | {root.name for root in roots if root is not None}


def _reach(model: SchemaModel, field: FieldModel, rule: Rule) -> Iterator[str]:
    """Whoever is led to a row may know its id: it can not be null, so that refusing it would take the row with it."""
    table = leads_to(field)
    for name in model.types_of_table.get(table, ()) if table is not None else ():
        identity = model.fields.get((name, "id"))
        known = identity.rule if identity is not None else None
        beyond = [each.name for each in Purpose if rule.when(each) and not (known is not None and known.when(each))]
        if beyond:
            yield f"leads to {name} for {', '.join(beyond)}, which may not see {name}.id"


def enforceable(model: SchemaModel, field: FieldModel, condition: Condition) -> bool:
    """Whether the statements of this field hold the condition: only rows and columns of its own table can be judged."""
    home, source = CLAUSES[condition][0], field.source
    type_ = model.core.type_map[field.coordinate.partition(".")[0]]
    if isinstance(type_, GraphQLInterfaceType):  # The types behind it say the same, and are judged themselves.
        return True
    if condition.scope == "VALUE":
        return isinstance(source, (Value, Embedded)) and source.column.table is home
    if isinstance(source, Entry) and source.table is None:  # `node`: the ids of the rows hold their own conditions.
        return True
    if (table := leads_to(field)) is not None:
        return table is home
    return isinstance(source, (Value, Embedded, GlobalId)) and model.rows[type_.name].table is home


def leads_to(field: FieldModel) -> Table | None:
    """The table of the rows that a field leads to; None for one that leads to none, or to any."""
    match field.source:
        case Related(relation):
            return relation.table
        case Paged(table, _) | Entry(_, table) | Affected(_, table):
            return table
        case _:
            return None


def _redeclared(model: SchemaModel, field: FieldModel) -> Iterator[Finding]:
    """An interface may not promise what a type that stands behind it refuses, its arguments included."""
    type_name = field.coordinate.partition(".")[0]
    type_ = model.core.type_map[type_name]
    if not isinstance(type_, GraphQLInterfaceType) or field.public is not None or field.rule is None:
        return
    for possible in model.core.get_possible_types(type_):
        assert isinstance(possible, GraphQLObjectType)
        other = model.field(possible.name, field.name)
        if other.rule is None or _terms(other.rule) != _terms(field.rule):
            yield Finding(other.coordinate, f"does not repeat the purposes of {field.coordinate}")
        for argument in field.core.args:
            mine, theirs = (model.argument(each, field.name, argument) for each in (type_name, possible.name))
            if mine is None or theirs is None or _terms(mine) != _terms(theirs):
                yield Finding(f"{other.coordinate}({argument}:)", f"does not repeat that of {field.coordinate}")


def _terms(rule: Rule) -> tuple[object, ...]:
    return rule.category, rule.allowances, rule.scopes


def _recursive_inputs(model: SchemaModel) -> Iterator[Finding]:
    """A variable brings as many levels as it likes; the decision names every path, so there must be an end to them."""
    types = [each for each in model.core.type_map.values() if isinstance(each, GraphQLInputObjectType)]
    inner = {each.name: {get_named_type(one.type).name for one in each.fields.values()} for each in types}
    for type_ in types:
        reached, waiting = set[str](), [type_.name]
        while waiting:
            new = inner.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        if type_.name in reached:
            yield Finding(type_.name, "contains itself: an input of any depth can not be judged before it comes")


def _ambiguous_rows(model: SchemaModel) -> Iterator[Finding]:
    """Of several types over one table each needs a kind of rows of its own, or nobody knows which one a row is."""
    for names in model.types_of_table.values():
        kinds = [model.rows[name] for name in names]
        if len(names) > 1 and len({each.value for each in kinds if each.kind is not None}) < len(names):
            yield Finding(names[-1], f"stands for the same rows as {', '.join(names[:-1])}: give each a variant")


def _column(field: FieldModel) -> Column[Any] | None:
    return field.source.column if isinstance(field.source, (Value, Embedded)) else None


def _is_id(source: Source | None) -> bool:
    return isinstance(source, GlobalId)

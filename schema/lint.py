"""Default deny at the start: a schema with an undeclared or contradictory field does not load (G9, R1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLInterfaceType, GraphQLNonNull, GraphQLObjectType
from sqlalchemy import Column

from policy.decision import gaps
from policy.hard_rules import violations
from schema.model import FieldModel, SchemaModel, holds_rows
from schema.sources import Attribute, Embedded, Entry, GlobalId, GrantFacts, Paged, Part, Related, Value


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend, and where."""

    coordinate: str
    problem: str

    def __str__(self) -> str:
        """The coordinate, then what to do."""
        return f"{self.coordinate}: {self.problem}"


class SchemaRefused(Exception):
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
    for coordinate, rule in model.inbound():
        if rule is None:
            yield Finding(coordinate, "says neither its category and purposes nor that it is public")
            continue
        for missing in gaps(rule):
            yield Finding(coordinate, f"names no {missing}")
        for violation in violations(rule):
            yield Finding(coordinate, violation)


def _field(model: SchemaModel, field: FieldModel) -> Iterator[Finding]:
    rule = field.rule
    if rule is None:
        yield Finding(field.coordinate, "declares nothing: write it with datum(), related(), … or public()")
        return
    yield from (Finding(field.coordinate, f"names no {missing}") for missing in gaps(rule))
    yield from (Finding(field.coordinate, violation) for violation in violations(rule))
    if field.public is None and not rule.allowances:
        yield Finding(field.coordinate, "names no purposes")
    if field.public is not None and (problem := _not_public(model, field)):
        yield Finding(field.coordinate, problem)
    column = _column(field)
    if column is not None and not column.info["output"]:
        yield Finding(field.coordinate, f"shows {column.table.name}.{column.name}, which no API may give out")
    if rule.category is not None and isinstance(field.core.type, GraphQLNonNull) and not _is_id(field):
        yield Finding(field.coordinate, "is personal data and must be nullable, or withholding it would take its parent")
    yield from _redeclared(model, field)


def _not_public(model: SchemaModel, field: FieldModel) -> str | None:
    if _column(field) is not None:
        return "is called public, but it is read from a customer's row"
    structural = isinstance(field.source, (Attribute, GrantFacts)) or field.source is None
    if not structural or (field.source is None and not _is_id(field)):
        return "is called public, but it leads to customers' rows"
    if isinstance(field.source, GrantFacts) and holds_rows(model.core, field.core.type):
        return "is called public, but it leads to customers' rows"
    return None


def _redeclared(model: SchemaModel, field: FieldModel) -> Iterator[Finding]:
    """An interface may not promise a purpose that a type that stands behind it refuses."""
    type_name = field.coordinate.partition(".")[0]
    type_ = model.core.type_map[type_name]
    if not isinstance(type_, GraphQLInterfaceType) or field.public is not None or field.rule is None:
        return
    for possible in model.core.get_possible_types(type_):
        assert isinstance(possible, GraphQLObjectType)
        other = model.field(possible.name, field.name).rule
        if other is None or other.allowances != field.rule.allowances or other.category != field.rule.category:
            yield Finding(f"{possible.name}.{field.name}", f"does not repeat the purposes of {field.coordinate}")


def _column(field: FieldModel) -> Column[object] | None:
    match field.source:
        case Value(column, _) | Embedded(column):
            return column
        case GlobalId() | Part() | Related() | Paged() | Entry() | Attribute() | GrantFacts() | None:
            return None


def _is_id(field: FieldModel) -> bool:
    return field.name == "id"

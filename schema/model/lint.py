"""Default deny at start: a schema with an undeclared or contradictory field does not load (G9, R1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLArgument, GraphQLInputField

from policy.hard_rules import violations
from policy.rules import Rule
from policy.statements import unfinished
from schema.core.source import Source
from schema.model import structure
from schema.model.model import FieldModel, SchemaModel, declared_of


@dataclass(frozen=True, slots=True)
class SchemaFinding:
    """One finding with its coordinate."""

    coordinate: str
    problem: str

    def __str__(self) -> str:
        """The coordinate, then the problem."""
        return f"{self.coordinate}: {self.problem}"


class SchemaError(Exception):
    """The schema does not load; the message lists every finding."""

    def __init__(self, findings: list[SchemaFinding]) -> None:
        self.findings = findings
        lines = "\n".join(f"  - {finding}" for finding in findings)
        super().__init__(f"the schema is not safe to serve ({len(findings)} findings):\n{lines}")


def require_clean(model: SchemaModel) -> None:
    """Raise SchemaError unless every field, argument and input field is declared and keeps the hard rules."""
    # All findings at once, so that a schema is corrected in one go.
    if found := list(findings(model)):
        raise SchemaError(found)


def findings(model: SchemaModel) -> Iterator[SchemaFinding]:
    """All findings, in the order of the schema."""
    for field in model.fields.values():
        yield from (SchemaFinding(field.coordinate, problem) for problem in _field(model, field))
    for coordinate, core in model.inputs():
        yield from (SchemaFinding(coordinate, problem) for problem in _input(core, model.rules.get(coordinate)))
    yield from (SchemaFinding(coordinate, problem) for coordinate, problem in structure.of_schema(model))


def _field(model: SchemaModel, field: FieldModel) -> Iterator[str]:
    if field.rule is None:
        yield "declares nothing: write it with datum(), related(), … or public()"
        return
    yield from _declaration(field.rule, field.public, field.source)
    yield from structure.of_field(model, field, field.rule)


def _input(core: GraphQLArgument | GraphQLInputField, rule: Rule | None) -> Iterator[str]:
    if rule is None:
        yield "says neither its category and purposes nor that it is public"
        return
    declared = declared_of(core)
    public = declared.public if declared is not None else "it says nothing itself, and its type is an input object"
    yield from _declaration(rule, public, None)


def _declaration(rule: Rule, public: str | None, source: Source | None) -> Iterator[str]:
    """Gaps of a declaration, and violations of hard rules."""
    yield from (problem for _, problem in unfinished(rule))
    yield from violations(rule)
    if public is None and not rule.allowances and rule.category is None:
        yield "names no purposes"
    if public is None and rule.category is None and not (source is not None and source.commands):
        yield "names no category"
    # A contradiction: it is unclear which of the two the author meant.
    if public is not None and rule.category is not None:
        yield "is called public and personal at once"

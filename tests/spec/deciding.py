"""Decisions of both implementations on a foreign SDL: the gateway's own, and the one of examples/plain_strawberry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from graphql import GraphQLSchema, build_ast_schema, get_operation_ast, parse

from audits.schema.facts import Fact, Facts
from audits.schema.sources import Text
from examples.plain_strawberry.purpose_rules import Operation as Asked
from examples.plain_strawberry.purpose_rules import PurposeDirectives
from policy.purposes import Purpose
from schema.core.declared import DECLARED, Declared
from schema.decision.decision import decide_operation
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.model.model import STRAWBERRY, SchemaModel
from tests.promises.gate import grant

Decided = tuple[set[str], dict[str, set[str]]]
"""The refused coordinates, and the conditions of those that are granted under one."""
Decide = Callable[[str, str, str, Iterable[str], Mapping[str, Any]], Decided]


def gateway(sdl: str, document: str, purpose: str, scopes: Iterable[str], variables: Mapping[str, Any]) -> Decided:
    """The decision of `schema.decision`, on the rules that the audits read of the schema."""
    model = SchemaModel(_declared(Facts.of(Text("example", sdl)), build_ast_schema(parse(sdl), assume_valid_sdl=True)))
    read = Documents(model.core, Limits()).read(document).operation(None)
    assert isinstance(read, Operation), read
    held = grant(Purpose[purpose], scopes=sorted(scopes))
    decision = decide_operation(model, read, held, Purpose[purpose])
    refused = {each.coordinate for each in (*decision.refused, *decision.unwithholdable)}
    refused |= {str(each.details["coordinate"]) for each in decision.brought(variables)}
    return refused, {name: {each.name for each in when} for name, when in decision.conditions.items()}


def _declared(facts: Facts, core: GraphQLSchema) -> GraphQLSchema:
    """The schema with the declarations where the gateway's own has them."""
    for type_ in core.type_map.values():
        for name, field in getattr(type_, "fields", {}).items():
            _declare(field, facts.all.get(f"{type_.name}.{name}"))
            for argument, core_argument in getattr(field, "args", {}).items():
                _declare(core_argument, facts.all.get(f"{type_.name}.{name}({argument}:)"))
    return core


def _declare(core: Any, fact: Fact | None) -> None:
    if fact is None or not (fact.governs or fact.declared.public):
        return
    rule = fact.rule()
    declared = Declared(
        None, rule.category, rule.allowances, rule.retention, rule.disclosed_to, rule.scopes, fact.declared.public
    )
    core.extensions = {STRAWBERRY: SimpleNamespace(metadata={DECLARED: declared})}


def plain(conditions: Iterable[str]) -> Decide:
    """The decision of the example for plain Strawberry."""

    def decide(sdl: str, document: str, purpose: str, scopes: Iterable[str], variables: Mapping[str, Any]) -> Decided:
        rules, tree = PurposeDirectives(sdl, frozenset(conditions)), parse(document)
        node = get_operation_ast(tree)
        assert node is not None
        refused = set(rules.refused(Asked(node, tree, variables), purpose, frozenset(scopes)))
        when = {name: (each.purposes or {}).get(purpose) for name, each in rules.found.items()}
        return refused, {name: {each} for name, each in when.items() if each is not None}

    return decide

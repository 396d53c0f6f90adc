"""Whatever an argument is given, the caller is told what is wrong with it, and never that the fault is ours (G5)."""

from __future__ import annotations

import pytest
from graphql import GraphQLInputObjectType, GraphQLScalarType, is_specified_scalar_type, parse_value
from graphql.utilities import validate_input_literal, validate_input_value

from policy.purposes import Purpose
from policy.rules import Rule
from schema.api.build import core_schema
from schema.core.forms import FORMS
from schema.documents.requests import RequestOutcome
from tests.promises.gate import TODAY, Gate, grant
from tests.promises.wrong_inputs import literal, wrong_inputs

pytestmark = pytest.mark.anyio
ANSWERED = {RequestOutcome.OK, RequestOutcome.REQUEST_ERROR}
CUSTOM = sorted(
    each.name
    for each in core_schema().type_map.values()
    if isinstance(each, GraphQLScalarType) and not is_specified_scalar_type(each)
)
LOOKED_UP = "query {0} {{ customer(by: {1}) {{ id }} }}"


def purpose_of(*rules: Rule | None) -> Purpose | None:
    """A purpose for which a root field may be asked, with these inputs if there is one; None if it needs none."""
    asked = [rule for rule in rules if rule is not None]
    found = [each for each in Purpose if each.enabled and asked and asked[0].when(each)]
    return next((each for each in found if all(rule.when(each) for rule in asked)), next(iter(found), None))


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("executor", ["compiled"], indirect=True)
async def test_no_input_is_our_fault(changing: Gate) -> None:
    """One executor: whatever the compiled plan cannot answer is answered by the other."""
    model = changing.api.model
    scopes = sorted({scope for rule in model.rules.values() for each in rule.scopes for scope in each})
    faults = []
    for wrong in wrong_inputs(model.core):
        by = [each for each in core_schema().type_map["CustomerBy"].fields if each in f"{wrong.text} {wrong.variables}"]
        inputs = [model.rules[f"CustomerBy.{each}"] for each in by if wrong.coordinate == "Query.customer"]
        purpose = purpose_of(model.rules.get(wrong.coordinate), *inputs)
        who = grant(
            *([purpose] if purpose else ()),
            subject=changing.ids[0] if purpose is Purpose.SELF_SERVICE else None,
            scopes=scopes,
            authenticated_at=int(TODAY.timestamp()),
        )
        reference = "INC-1" if "reference" not in wrong.text else None
        answer = await changing.ask(wrong.text, who, variables=wrong.variables, reference=reference)
        if answer.kind not in ANSWERED or "INTERNAL" in answer.codes:
            faults.append((wrong.text, wrong.variables, answer.raw))
    assert not faults, (len(faults), faults[:8])


def test_the_sweep_reaches_every_input() -> None:
    core = core_schema()
    swept = " ".join(each.text for each in wrong_inputs(core))
    inputs = [each for each in core.type_map.values() if isinstance(each, GraphQLInputObjectType)]
    assert len(inputs) > 30
    assert not [f"{each.name}.{name}" for each in inputs for name in each.fields if f"{name}: " not in swept]


@pytest.mark.parametrize("gate", ["sqlite-compiled", "sqlite-graphql-core"], indirect=True)
@pytest.mark.parametrize("by", ["{}", "{email: null}", '{email: "a@b.example", domain: "b.example"}', "null", "[]"])
async def test_one_key_exactly_whatever_it_is_written_as(gate: Gate, by: str) -> None:
    who = grant(Purpose.INVOICING)
    for head, argument in (("", by), (f"($v: CustomerBy = {by})", "$v")):
        answer = await gate.ask(LOOKED_UP.format(head, argument), who)
        assert (answer.kind, answer.codes) == (RequestOutcome.REQUEST_ERROR, ["GRAPHQL_VALIDATION_FAILED"]), answer.raw
        assert answer.statements == ()


@pytest.mark.parametrize("name", CUSTOM)
@pytest.mark.parametrize("value", [1, True, 1.5, [], ["CH"], {}, {"a": 1}, "2026-13-45"])
def test_a_custom_scalar_refuses_what_it_is_not(name: str, value: object) -> None:
    """As a literal and as a variable, by the library's own functions; no argument has every one of them today."""
    scalar = core_schema().type_map[name]
    assert isinstance(scalar, GraphQLScalarType)
    found: list[str] = []
    validate_input_value(value, scalar, lambda error, path: found.append(error.message))
    validate_input_literal(parse_value(literal(value)), scalar, lambda error, path: found.append(error.message))
    refused = not isinstance(value, str) or name not in FORMS
    if (name, value) == ("BigInt", 1) and value is not True:
        refused = False
    assert len(found) == (2 if refused else 0), found

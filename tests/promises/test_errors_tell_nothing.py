"""No error repeats a value that was sent, a statement, a path or a stack (G5, D1)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import ON_SQLITE, Gate, grant

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("gate", ON_SQLITE, indirect=True)]

WHO = grant(Purpose.INVOICING, Purpose.EMERGENCY_CONTACT, introspection=True)
CANARIES = (
    "Quarkenbusch",
    "zoe.quarkenbusch@example.com",
    "+41 79 000 12 34",
    'O\'Quarkenbusch says "hi"',
    "079000123456",
)
"""A word that could be a name of the schema, an address, a number, quotes of both kinds, digits only."""

LITERALS = [
    "query @for(purpose: INVOICING) {{ customer(by: {{id: {0}}}) {{ id }} }}",
    "query @for(purpose: INVOICING) {{ node(id: {0}) {{ id }} }}",
    "query @for(purpose: INVOICING) {{ customers(first: {0}) {{ nodes {{ id }} }} }}",
    "query @for(purpose: INVOICING) {{ customers(first: [{0}]) {{ nodes {{ id }} }} }}",
    "query @for(purpose: INVOICING) {{ customers(after: {0}) {{ nodes {{ id }} }} }}",
    "query @for(purpose: INVOICING) {{ customers(after: {{a: {0}}}) {{ nodes {{ id }} }} }}",
    "query @for(purpose: INVOICING) {{ customer(by: {0}) {{ id }} }}",
    "query @for(purpose: INVOICING) {{ customer(by: [{0}]) {{ id }} }}",
    "query @for(purpose: INVOICING) {{ customer(by: {{email: [{0}]}}) {{ id }} }}",
    "query @for(purpose: INVOICING) {{ customer(by: {{email: {0}, domain: {0}}}) {{ id }} }}",
    "query @for(purpose: INVOICING) {{ customer(by: {{email: {{a: {0}}}}}) {{ id }} }}",
    "query @for(purpose: {0}) {{ customers {{ nodes {{ id }} }} }}",
    "query @for(purpose: INVOICING, reference: {0}) {{ customers {{ nodes {{ id }} }} }}",
    "query @for(purpose: EMERGENCY_CONTACT, reference: [{0}]) {{ customers {{ nodes {{ id }} }} }}",
    "{{ grant @include(if: {0}) {{ client }} }}",
    "{{ grant @skip(if: [{0}]) {{ client }} }}",
    "query ($n: Int = {0}) {{ customers(first: $n) {{ nodes {{ id }} }} }}",
    "query ($p: Purpose = {0}) @for(purpose: $p) {{ grant {{ client }} }}",
    "query ($b: CustomerBy = {{email: {0}, domain: {0}}}) {{ customer(by: $b) {{ id }} }}",
    "{{ __type(name: {0}) {{ name }} customers(first: {0}) {{ nodes {{ id }} }} }}",
    # syntax errors
    "{{ grant {{ client }} {0} }}",
    "{{ grant {{ client }} }} {0}",
    "{0} {{ grant }}",
    "{{ a({0}) }}",
    "{{ a(b: ) {0} }}",
    "{{ a(b: $c {0}) }}",
    "query ({0}) {{ a }}",
    "fragment on on {0} {{ a }}",
    '{{ a(b: "\\u12{0}") }}',
    '{{ a(b: "\\q{0}") }}',
    '{{ a(b: "{0}',
    "{{ a(b: 1{0}) }}",
    "{{ a(b: .{0}) }}",
    "{{ a(b: 0{0}) }}",
]


def literals(canary: str) -> list[str]:
    """The canary as a string, a block string, and bare where it can stand so."""
    quoted = '"' + canary.replace("\\", "\\\\").replace('"', '\\"') + '"'
    forms = [quoted, f'"""{canary} """']
    if canary.isalnum():
        forms.append(canary)
    return forms


def tells(text: str, canary: str) -> bool:
    return any(word in text for word in (canary, canary.lower(), *canary.replace("'", " ").split()) if len(word) > 4)


@pytest.mark.parametrize("canary", CANARIES)
async def test_no_literal_is_repeated(gate: Gate, canary: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refused = 0
    for template in LITERALS:
        for literal in literals(canary):
            query = template.format(literal)
            answer = await gate.ask(query, WHO)
            assert answer.kind is not RequestOutcome.INTERNAL, query
            refused += bool(answer.errors)
            # A name that is asked for is no value: `{{ grant {{ client Quarkenbusch }} }}` may be told of.
            if literal == canary and _stands_as_a_name(template):
                continue
            assert not tells(answer.raw.decode(), canary), (query, answer.raw)
            assert not any(at in answer.raw.decode() for at in ("Traceback", "SELECT", ".py")), query
    assert refused > len(LITERALS)
    assert not tells(caplog.text, canary)


def _stands_as_a_name(template: str) -> bool:
    return template in ("{{ grant {{ client }} {0} }}",) or "on on {0}" in template or "({0})" in template


VARIABLES: list[tuple[str, Any]] = [
    ("query ($v: ID!) @for(purpose: INVOICING) { customer(by: {id: $v}) { id } }", "{0}"),
    ("query ($v: ID!) @for(purpose: INVOICING) { node(id: $v) { id } }", "{0}"),
    ("query ($v: ID!) @for(purpose: INVOICING) { node(id: $v) { id } }", ["{0}"]),
    ("query ($v: Int) @for(purpose: INVOICING) { customers(first: $v) { nodes { id } } }", "{0}"),
    ("query ($v: Int) @for(purpose: INVOICING) { customers(first: $v) { nodes { id } } }", ["{0}"]),
    ("query ($v: String) @for(purpose: INVOICING) { customers(after: $v) { nodes { id } } }", "{0}"),
    ("query ($v: String) @for(purpose: INVOICING) { customers(after: $v) { nodes { id } } }", {"{0}": "{0}"}),
    ("query ($v: CustomerBy!) @for(purpose: INVOICING) { customer(by: $v) { id } }", "{0}"),
    ("query ($v: CustomerBy!) @for(purpose: INVOICING) { customer(by: $v) { id } }", {"{0}": "{0}"}),
    ("query ($v: CustomerBy!) @for(purpose: INVOICING) { customer(by: $v) { id } }", {"email": ["{0}"]}),
    ("query ($v: CustomerBy!) @for(purpose: INVOICING) { customer(by: $v) { id } }", {"email": {"a": "{0}"}}),
    (
        "query ($v: CustomerBy!) @for(purpose: INVOICING) { customer(by: $v) { id } }",
        {"email": "{0}", "domain": "{0}"},
    ),
    (
        "query ($v: CustomerBy!) @for(purpose: EMERGENCY_CONTACT) { customer(by: $v) { id } }",
        {"email": "{0}"},
    ),
    ("query ($v: Boolean!) { grant @include(if: $v) { client } }", "{0}"),
    ("query ($v: [Int]) { grant { client } customers(first: $v) { nodes { id } } }", ["{0}"]),
    ("query ($v: String) @for(purpose: EMERGENCY_CONTACT, reference: $v) { customers { nodes { id } } }", "{0}"),
    ("query ($v: Purpose) { __typename @include(if: $v) }", "{0}"),
    ("query ($v: String!) @for(purpose: INVOICING) { customer(by: {email: $v}) { id } }", "{0}"),
    ("query ($v: String!) @for(purpose: INVOICING) { customer(by: {email: $v}) { id } }", None),
    ("query ($v: DateTime) { grant { client } }", "{0}"),
]


def put(value: Any, canary: str) -> Any:
    match value:
        case str():
            return value.replace("{0}", canary)
        case list():
            return [put(each, canary) for each in value]
        case dict():
            return {put(key, canary): put(each, canary) for key, each in value.items()}
        case _:
            return value


@pytest.mark.parametrize("canary", CANARIES)
async def test_no_variable_is_repeated(gate: Gate, canary: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for query, value in VARIABLES:
        answer = await gate.ask(query, WHO, variables={"v": put(value, canary), canary: canary})
        assert answer.kind is not RequestOutcome.INTERNAL, (query, value)
        assert not tells(answer.raw.decode(), canary), (query, answer.raw)
    assert not tells(caplog.text, canary)


@pytest.mark.parametrize("canary", CANARIES)
async def test_nothing_else_of_a_request_is_repeated(gate: Gate, canary: str) -> None:
    query = "{ customers { nodes { id } } }"
    for request in (
        {"operation_name": canary},
        {"purpose": canary},
        {"reference": canary},
        {"purpose": "EMERGENCY_CONTACT", "reference": canary},
        {"document_id": canary},
        {"extensions": {canary: canary}, "dry_run": True, "purpose": "INVOICING", "reference": canary},
    ):
        answer = await gate.ask(query, WHO, **request)
        assert answer.kind is not RequestOutcome.INTERNAL
        assert not tells(answer.raw.decode(), canary), (request, answer.raw)


@settings(max_examples=200, deadline=None)
@given(
    noise=st.text(max_size=12),
    template=st.sampled_from(LITERALS),
    form=st.sampled_from(['"{}"', '"""{}"""', "{}", "[{}]", "'{}'", '{{a: "{}"}}', "${}", "@{}", "#{}", "...{}"]),
)
async def test_no_noise_around_a_value_makes_it_told(gate: Gate, noise: str, template: str, form: str) -> None:
    """A value is cut out of the message whatever stands beside it: quotes, braces, escapes, line ends."""
    canary = "0Quarkenbusch" if form in ("{}", "${}", "@{}", "...{}", "[{}]") else "Quarkenbusch"
    query = template.format(form.format(f"{noise}{canary}{noise}"))
    answer = await gate.ask(query, WHO)
    assert answer.kind is not RequestOutcome.INTERNAL, query
    if form in ('"{}"', '"""{}"""', "'{}'", '{{a: "{}"}}', "#{}") and not set(noise) & set("\"'\\#\n\r"):
        assert "Quarkenbusch" not in answer.raw.decode(), (query, answer.raw)


async def test_ids_that_are_not_ids_are_all_alike(gate: Gate) -> None:
    """Each gets the same words, and no statement is run."""
    told = set()
    for id_ in (
        "", "x", "Q3VzdG9tZXI6", "Q3VzdG9tZXI6MDE=", gate.outside("Customer", 0), gate.outside("Customer", 5, 0),
        gate.outside("Customer", 2**63), gate.outside("Customer", 5, 2**63), gate.outside("Nothing", 1),
        gate.outside("Query", 1), gate.outside("PageInfo", 1), gate.outside("customers", 1), gate.id(0).upper(),
        gate.id(0) + " ", gate.id(0)[:-1], gate.id(0) + "0", gate.id(0).replace("_1", "_z"), "é", "Customer:1", "\0",
        "=" * 200, gate.outside("PaymentMethod", 1), gate.outside("__Type", 1), gate.outside("PostalAddress", 1),
    ):  # fmt: skip
        for field in ("customer(by: {id: $id})", "node(id: $id)", "nodes(ids: [$id])"):
            answer = await gate.ask(
                f"query ($id: ID!) @for(purpose: INVOICING) {{ {field} {{ id }} }}", WHO, variables={"id": id_}
            )
            assert (answer.codes, answer.statements) == (["INVALID_ID"], ()), (id_, answer.raw)
            told.add(answer.body["errors"][0]["message"])
    assert len(told) == 1

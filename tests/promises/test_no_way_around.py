"""No way of writing a document returns a field that the purpose does not allow (G8, R58).

What is allowed is read from the committed `schema.graphql`, not from the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from policy.purposes import Purpose
from schema.api.federation import ROUTER
from schema.documents.requests import RequestOutcome
from tests.promises.declared import declarations
from tests.promises.gate import ON_SQLITE, OWN, REFUSING, Gate, grant
from tests.promises.routes import Attempt, attempts

pytestmark = pytest.mark.anyio

both_executors = pytest.mark.parametrize("gate", ON_SQLITE, indirect=True)
refused = pytest.mark.parametrize("gate", REFUSING, indirect=True)

PURPOSES = [each for each in Purpose if each.enabled]


def who(purpose: Purpose, gate: Gate, **facts: Any) -> Any:
    facts.setdefault("scopes", sorted(ROUTER))
    return grant(purpose, subject=gate.ids[0] if purpose is OWN else None, max_page=5, **facts)


async def ask(gate: Gate, attempt: Attempt, purpose: Purpose, **facts: Any) -> Any:
    return await gate.ask(
        attempt.text, who(purpose, gate, **facts), operation_name=attempt.operation, reference="INC-1"
    )


def closed(attempt: Attempt, purpose: Purpose) -> bool:
    return not declarations()[attempt.coordinate].open_to(purpose.name)


def open_way(attempt: Attempt, purpose: Purpose) -> bool:
    """Whether the purpose may go where the field stands."""
    return all(declarations()[each].open_to(purpose.name, ROUTER) for each in attempt.way)


@refused
async def test_every_field_is_refused_to_every_purpose_that_may_not_read_it(
    gate: Gate, request: pytest.FixtureRequest
) -> None:
    """Plainly to all of them; in disguise to those that may go where the field stands, so that it alone is refused.

    How a field is written and where it stands does not depend on the purpose: each disguise is tried at each place of
    each field, with the purposes in turn, and with all of them by `--thorough`.
    """
    tried, told, thorough, plainly = 0, set(), request.config.getoption("--thorough"), set()
    for number, attempt in enumerate(attempts(gate.api.model.core, gate)):
        refused_to = [each for each in PURPOSES if closed(attempt, each)]
        if attempt.name != "plain":
            refused_to = [each for each in refused_to if open_way(attempt, each)]
        if not thorough and refused_to and (attempt.name != "plain" or attempt.coordinate in plainly):
            refused_to = [refused_to[number % len(refused_to)]]
        plainly.add(attempt.coordinate)
        for purpose in refused_to:
            answer = await ask(gate, attempt, purpose)
            tried += 1
            assert answer.kind is RequestOutcome.REFUSED, (purpose, attempt)
            assert attempt.coordinate in [each["coordinate"] for each in answer.errors], (purpose, attempt)
            assert answer.statements == answer.key_statements == (), (purpose, attempt)
            told.update(each["message"] for each in answer.body["errors"])
    assert tried > (10_000 if thorough else 4_000)
    assert not any(value in message for value in gate.values() for message in told)


@both_executors
async def test_the_attempts_do_reach_the_fields_where_they_are_allowed(gate: Gate) -> None:
    """Else the test above would prove nothing."""
    reached: set[str] = set()
    for attempt in attempts(gate.api.model.core, gate):
        if attempt.coordinate in reached or attempt.name not in ("plain", "interface"):
            continue
        for purpose in PURPOSES:
            if not closed(attempt, purpose) and open_way(attempt, purpose):
                answer = await ask(gate, attempt, purpose)
                if answer.kind is RequestOutcome.OK and not answer.errors:
                    reached.add(attempt.coordinate)
                    break
    rows = {*gate.api.model.rows, "PostalAddress"}
    everything = {each for each, said in declarations().items() if said.allows and each.split(".")[0] in rows}
    assert {each for each in everything if "(" not in each} - reached == set()


@both_executors
async def test_withheld_fields_are_null_and_their_columns_not_read(gate: Gate) -> None:
    """For a client that is registered to have them withheld (DESIGN §2 rule 4)."""
    tried: set[tuple[str, Purpose]] = set()
    for attempt in attempts(gate.api.model.core, gate):
        said = declarations()[attempt.coordinate]
        if attempt.name != "plain" or said.allows == ():
            continue
        for purpose in PURPOSES:
            if not closed(attempt, purpose) or not open_way(attempt, purpose) or (attempt.coordinate, purpose) in tried:
                continue
            tried.add((attempt.coordinate, purpose))
            answer = await ask(gate, attempt, purpose, withhold=True)
            assert answer.kind is RequestOutcome.OK and not answer.errors, (purpose, attempt, answer.raw)
            assert attempt.coordinate in [each["coordinate"] for each in answer.body["extensions"]["withheld"]]
            assert set(_leaves(answer.data)) <= {None}, (purpose, attempt, answer.raw)
            assert not any(set(said.sources) & set(_selected(sql)) for sql in answer.statements), (
                purpose,
                attempt,
            )
    assert len(tried) > 200


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each)
    else:
        yield value


def _selected(sql: str) -> list[str]:
    """The columns that a statement selects, the keys that rows are matched by left out."""
    found = re.findall(r"\b[a-z_]+\.[a-z_0-9]+", sql.partition("FROM")[0])
    return [each for each in found if not each.endswith((".id", ".customer_id", ".kind"))]


LOOKUPS = {"email": "a@example.com", "customerNumber": "C-100000", "domain": "example.com",
           "invoiceNumber": "R-2026-0001", "externalId": "crm:1", "phone": "+41213200000",
           "serviceName": "Pro"}  # fmt: skip


@refused
@pytest.mark.parametrize("field", LOOKUPS)
async def test_input_fields_are_refused_however_they_are_brought(gate: Gate, field: str) -> None:
    value = LOOKUPS[field]
    said, type_ = declarations()[f"CustomerBy.{field}"], "PhoneNumber" if field == "phone" else "String"
    ways: list[tuple[str, dict[str, Any]]] = [
        ('{ customer(by: {%s: "%s"}) { id } }' % (field, value), {}),
        ("query ($v: %s!) { customer(by: {%s: $v}) { id } }" % (type_, field), {"v": value}),
        ('query ($v: %s! = "%s") { customer(by: {%s: $v}) { id } }' % (type_, value, field), {}),
        ("query ($by: CustomerBy!) { customer(by: $by) { id } }", {"by": {field: value}}),
        ('query ($by: CustomerBy! = {%s: "%s"}) { customer(by: $by) { id } }' % (field, value), {}),
        ('{ ...F } fragment F on Query { customer(by: {%s: "%s"}) { id } }' % (field, value), {}),
        ('{ x: customer(by: {%s: """%s"""}) { id } }' % (field, value), {}),
        (
            'query ($no: Boolean = false) { customer(by: {%s: "%s"}) @include(if: $no) { id } }' % (field, value),
            {},
        ),
    ]
    for purpose in PURPOSES:
        for query, variables in ways:
            for withhold in (False, True):
                token = who(purpose, gate, withhold=withhold)
                answer = await gate.ask(query, token, variables=variables, reference="INC-1")
                if not said.open_to(purpose.name):
                    assert answer.kind is RequestOutcome.REFUSED, (purpose, query)
                    assert answer.statements == ()
                    assert value not in answer.raw.decode()
                    if declarations()["Query.customer"].open_to(purpose.name):
                        assert f"CustomerBy.{field}" in [each["coordinate"] for each in answer.errors], query
                elif declarations()["Query.customer"].open_to(purpose.name):
                    assert answer.kind is RequestOutcome.OK, (purpose, query, answer.raw)


@refused
async def test_arguments_are_refused_with_the_field(gate: Gate) -> None:
    for query, coordinate in (
        ("query ($id: ID!) { customer(by: {id: $id}) { __typename } }", "CustomerBy.id"),
        ("query ($id: ID!) { node(id: $id) { __typename } }", "Query.node(id:)"),
    ):
        for purpose in PURPOSES:
            answer = await gate.ask(query, who(purpose, gate), variables={"id": gate.id(0)}, reference="INC-1")
            if declarations()[coordinate].open_to(purpose.name):
                assert answer.data is not None
            else:
                assert coordinate in [each["coordinate"] for each in answer.errors]


@both_executors
async def test_node_shows_only_what_the_purpose_may_know_of(gate: Gate) -> None:
    """An id of anything else is as if it did not exist, whether it does or not."""
    ids: dict[str, list[str]] = {}
    every = "services { nodes { id } } domains { nodes { id } } paymentMethods { id } "
    every += "invoices { nodes { id } } credentials { id secondFactors { id } } "
    every += "signIns { nodes { id } } sessions { nodes { id } } consents { nodes { id } } "
    every += "cookieChoice { id } disclosures { nodes { id } } "
    answer = await gate.ask("{ me { id %s erasures { nodes { id } } } }" % every, who(OWN, gate))

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                collect(each)
        elif isinstance(value, list):
            for each in value:
                collect(each)
        elif isinstance(value, str):
            parsed = gate.store.keys.system.ids.decode(value)
            assert parsed is not None
            ids.setdefault(parsed.type_name, []).append(value)

    collect(answer.data)
    assert len(ids) >= 11
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    for type_name, existing in ids.items():
        missing = gate.outside(type_name, 2**61)
        for purpose in PURPOSES:
            if not declarations()["Query.node"].open_to(purpose.name):
                continue
            found = await gate.ask(query, who(purpose, gate), variables={"id": existing[0]}, reference="INC-1")
            absent = await gate.ask(query, who(purpose, gate), variables={"id": missing}, reference="INC-1")
            said = declarations()[f"{type_name}.id"]
            if said.open_to(purpose.name) and said.condition(purpose.name) is None:
                assert found.data == {"node": {"__typename": type_name, "id": existing[0]}}, (purpose, type_name)
            elif not said.open_to(purpose.name):
                assert found.raw == absent.raw and found.statements == absent.statements == (), (purpose, type_name)
            assert absent.data == {"node": None}


@refused
async def test_a_second_operation_does_not_lend_its_permission(gate: Gate) -> None:
    """Each operation is judged alone, and by the purpose that it states itself."""
    query = """query Emergency @for(purpose: EMERGENCY_CONTACT, reference: "INC-1") { customers { nodes { phone } } }
               query Billing @for(purpose: INVOICING) { customers { nodes { ...F } } }
               fragment F on Customer { fullName phone }"""
    both = grant(Purpose.EMERGENCY_CONTACT, Purpose.INVOICING)
    assert (await gate.ask(query, both, operation_name="Emergency")).data
    answer = await gate.ask(query, both, operation_name="Billing")
    assert [each["coordinate"] for each in answer.errors] == ["Customer.phone"]
    assert (await gate.ask(query, both)).codes == ["OPERATION_RESOLUTION_FAILURE"], "G2"
    assert (await gate.ask(query, both, operation_name="Neither")).codes == ["OPERATION_RESOLUTION_FAILURE"]

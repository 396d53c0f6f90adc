"""What an operation may read is decided for the types that can stand there, and for every way an input comes."""

from typing import Annotated, Any

import pytest
import strawberry
from graphql import validate

from policy.categories import Category
from policy.grant import Grant
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.reads import customers as reads
from schema.core.sources import Entry
from schema.decision.decision import Decision, decide_operation
from schema.declare.fields import (
    DECLARED,
    Declared,
    allowances,
    datum,
    declare,
    entry,
    identity,
    related,
    searched_input,
)
from schema.declare.node import Node
from schema.declare.records import record
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.model.model import SchemaModel
from store.tables.customers import customers
from store.tables.services import services
from tests.promises.gate import grant

BILLING, SUPPORT = Purpose.INVOICING, Purpose.SERVICE_COMMUNICATION
BOTH = (BILLING, SUPPORT)


@record(services)
class Service(Node):
    """Its id is for billing only, against the lint's advice: the engine must hold all the same."""

    id: strawberry.ID = identity(services, (BILLING,))
    name: str | None = datum(services.c.name, "Name.", BOTH)


@record(customers)
class Customer(Node):
    """Its id is for both."""

    id: strawberry.ID = identity(customers, BOTH)
    services: list[Service] | None = related(reads.services_of, "Services.", Category.SUBSCRIPTION, BOTH)


@strawberry.input
class Inner:
    """What is nested."""

    email: str | None = searched_input(Category.EMAIL, "For billing.", (BILLING,))
    domain: str | None = searched_input(Category.SUBSCRIPTION, "For both.", BOTH)


@strawberry.input
class Outer:
    """Nested in lists and objects."""

    one: Inner | None = strawberry.UNSET
    many: list[list[Inner]] | None = strawberry.UNSET


def _key() -> Any:
    declared = Declared(None, Category.EMAIL, allowances((BILLING,)), RetentionRule.NOT_STORED)
    return strawberry.argument(metadata={DECLARED: declared})


@strawberry.type
class Query:
    """The ways in."""

    node: Node | None = declare(
        Declared(Entry("node", None), Category.CUSTOMER_ID, allowances(BOTH), RetentionRule.CUSTOMER_LIFE), "Any."
    )

    @entry("lookup", customers, Category.CUSTOMER_ID, BOTH)
    def customer(
        self, key: Annotated[str | None, _key()] = None, by: Outer | None = None, or_by: list[Inner] | None = None
    ) -> Customer | None:
        """A customer."""


MODEL = SchemaModel(strawberry.Schema(query=Query, types=[Service])._schema)
DOCUMENTS = Documents(MODEL.core, Limits())


def operation(text: str) -> Operation:
    document = DOCUMENTS.read(text)
    assert not document.problems(hints=True), document.problems(hints=True)
    assert document.ast is not None and not validate(MODEL.core, document.ast)
    found = document.operation(None)
    assert isinstance(found, Operation)
    return found


def decided(text: str, purpose: Purpose | None = SUPPORT, **facts: Any) -> Decision:
    who = facts.pop("who", None) or grant(*([purpose] if purpose else []), **facts)
    assert isinstance(who, Grant)
    return decide_operation(MODEL, operation(text), who, purpose)


def refused(decision: Decision) -> set[str]:
    return {each.coordinate for each in (*decision.refused, *decision.unwithholdable)}


@pytest.mark.parametrize(
    "selection",
    [
        "services { id }",
        "services { ... on Node { id } }",
        "services { ... on Node { ... on Node { x: id } } }",
        "services { ...N }",
        "... on Node { ... on Customer { services { ...N } } }",
        "... on Node { id ... on Customer { services { ... on Node { ...N } } } }",
    ],
)
def test_an_interface_is_no_cloak(selection: str) -> None:
    """The schema's own lint makes this harmless; should it ever let one pass, the decision does not."""
    text = f"{{ customer {{ {selection} }} }}" + (" fragment N on Node { id }" if "...N" in selection else "")
    decision = decided(text)
    assert refused(decision) == {"Service.id"}
    assert "Service.id" in decision.withheld
    assert not refused(decided(text, BILLING))


def test_a_fragment_is_judged_wherever_it_is_spread() -> None:
    text = "{ customer { ...N services { name } } } fragment N on Node { id }"
    assert not refused(decided(text))
    text = "{ customer { ...N services { ...N } } } fragment N on Node { id }"
    assert refused(decided(text)) == {"Service.id"}


def test_any_node_may_be_asked_for_its_id_and_shows_it_where_it_may() -> None:
    decision = decided("{ node { id ... on Service { name } } }")
    assert not refused(decision)
    assert decision.withheld == {"Service.id"}
    decision = decided("{ node { id } }", None)
    assert refused(decision) == {"Query.node", "Node.id"}
    assert decision.refused[1].refused.allowed == (SUPPORT, BILLING), "whoever may see one of them"


def test_what_can_never_stand_there_is_judged_all_the_same() -> None:
    text = "{ customer { ... on Node { ... on Service { id } } } }"
    assert refused(decided(text)) == {"Service.id"}


@pytest.mark.parametrize(
    "text",
    [
        '{ customer(by: {one: {email: "x"}}) { id } }',
        '{ customer(by: {many: [[{domain: "x"}, {email: "x"}]]}) { id } }',
        "{ customer(by: {one: {email: null}}) { id } }",
        '{ customer(orBy: [{email: "x"}]) { id } }',
        '{ customer(orBy: {email: "x"}) { id } }',
        "query ($e: String) { customer(by: {one: {email: $e}}) { id } }",
        "query ($e: String) { customer(by: {many: [[{email: $e}]]}) { id } }",
        'query ($e: String = "x") { customer(orBy: [{email: $e}]) { id } }',
        'query ($b: Outer = {one: {email: "x"}}) { customer(by: $b) { id } }',
        'query ($i: Inner = {email: "x"}) { customer(by: {one: $i}) { id } }',
        'query ($i: [Inner!] = [{email: "x"}]) { customer(orBy: $i) { id } }',
        '{ ...F } fragment F on Query { customer(by: {one: {email: "x"}}) { id } }',
        '{ customer(by: {one: {email: "x"}}) @include(if: false) { id } }',
    ],
)
def test_an_input_field_in_the_document_is_refused(text: str) -> None:
    decision = decided(text)
    assert {each.coordinate for each in decision.unwithholdable} == {"Inner.email"}
    assert not decision.permits(grant(SUPPORT, withhold=True)), "it can not be withheld"
    assert not refused(decided(text, BILLING))


VARIABLES = [
    ("query ($v: Outer) { customer(by: $v) { id } }", {"one": {"email": "x"}}, True),
    ("query ($v: Outer) { customer(by: $v) { id } }", {"one": {"email": None}}, True),
    ("query ($v: Outer) { customer(by: $v) { id } }", {"many": [[{"domain": "x"}], [{"email": "x"}]]}, True),
    ("query ($v: Outer) { customer(by: $v) { id } }", {"many": {"email": "x"}}, True),
    ("query ($v: Outer) { customer(by: $v) { id } }", {"one": {"domain": "x"}}, False),
    ("query ($v: Outer) { customer(by: $v) { id } }", {"many": []}, False),
    ("query ($v: Outer) { customer(by: $v) { id } }", None, False),
    ("query ($v: Inner) { customer(by: {one: $v}) { id } }", {"email": "x"}, True),
    ("query ($v: Inner!) { customer(by: {many: [[$v]]}) { id } }", {"email": "x"}, True),
    ("query ($v: [Inner!]) { customer(orBy: $v) { id } }", [{"domain": "x"}, {"email": "x"}], True),
    ("query ($v: [Inner!]) { customer(orBy: $v) { id } }", {"email": "x"}, True),
    ("query ($v: [Inner!]) { customer(orBy: $v) { id } }", [{"domain": "x"}], False),
    ("query ($v: Inner!) { ...F } fragment F on Query { customer(orBy: [$v]) { id } }", {"email": "x"}, True),
]


@pytest.mark.parametrize(("text", "value", "brought"), VARIABLES)
def test_an_input_field_in_a_variable_is_refused_when_it_is_brought(text: str, value: Any, brought: bool) -> None:
    decision = decided(text)
    assert not refused(decision), "the document itself does not name it"
    told = decision.brought({"v": value})
    assert [each.details["coordinate"] for each in told] == (["Inner.email"] if brought else [])
    assert not decided(text, BILLING).brought({"v": value})


@pytest.mark.parametrize("text", ['{ customer(key: "x") { id } }', "query ($k: String) { customer(key: $k) { id } }"])
def test_an_argument_is_refused_by_its_coordinate(text: str) -> None:
    assert refused(decided(text)) == {"Query.customer(key:)"}
    assert not refused(decided(text, BILLING))


def test_arguments_of_directives_are_none_of_the_schemas() -> None:
    text = "query ($yes: Boolean!) { customer @include(if: $yes) { id @skip(if: false) } }"
    assert not refused(decided(text))


def test_a_bound_token_reads_its_own_only() -> None:
    assert decided("{ customer { id } }").own_only is False
    assert decided("{ customer { id } }", who=grant(SUPPORT, subject=7)).own_only is True
    assert decided("{ customer { id } }", Purpose.SELF_SERVICE, subject=7).own_only is True


def test_places_are_told_once_each() -> None:
    decision = decided("{ customer { services { a: id b: id ...N ...N } } } fragment N on Service { id }")
    (one,) = decision.refused
    assert len(one.locations) == 3

"""What an operation may read is decided for the types that can stand there, and for every way an input comes."""

from dataclasses import replace
from typing import Annotated, Any

import pytest
import strawberry
from graphql import validate

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.conditions import Condition
from policy.decision import Reason
from policy.grant import Grant, Partner
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.reads import customers as reads
from schema.core.declared import DECLARED, Declared
from schema.core.errors import ErrorCode
from schema.decision.decision import Decision, decide_operation
from schema.declare.fields import (
    allowances,
    computed,
    datum,
    declare,
    entry,
    identity,
    public,
    related,
    rendered,
    searched,
    searched_input,
    shared,
    when,
)
from schema.declare.node import Node
from schema.declare.records import interface, record
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.model.model import SchemaModel
from schema.sources.columns import ColumnValue
from schema.sources.documents import RenderedDocument
from schema.sources.entries import AnyRow, RowBy
from schema.sources.values import GrantFacts
from store.crypto.blind_index import Lookup
from store.tables.customers import customers
from store.tables.payments import payment_methods
from store.tables.services import services
from tests.promises.gate import grant

BILLING, SUPPORT = Purpose.INVOICING, Purpose.SERVICE_COMMUNICATION
NEWS, PAYING, OWN = Purpose.PRODUCT_NEWS, Purpose.PAYMENT_EXECUTION, Purpose.SELF_SERVICE
BOTH = (BILLING, SUPPORT)


@record(services)
class Service(Node):
    """Its id is for billing only, against the lint's advice: the engine must hold all the same."""

    id: strawberry.ID = identity(services, (BILLING,))
    name: str | None = datum(services.c.name, "Name.", BOTH)
    card: str | None = declare(
        Declared(ColumnValue(services.c.name), Category.CARD_BRAND, allowances((PAYING,)), RetentionRule.CUSTOMER_LIFE),
        "Paid with.",
    )


@interface(payment_methods)
class Method(Node):
    """Two kinds of rows of one table."""

    id: strawberry.ID = identity(payment_methods, BOTH)
    kind: str | None = datum(payment_methods.c.kind, "Kind.", BOTH)
    is_default: bool | None = datum(payment_methods.c.is_default, "Used first.", (BILLING,))


@record(payment_methods, variant=(payment_methods.c.kind, "CARD"))
class Card(Method):
    """Its kind is for billing only, though the interface's is for both."""

    id: strawberry.ID = identity(payment_methods, BOTH)
    kind: str | None = datum(payment_methods.c.kind, "Kind.", (BILLING,))
    is_default: bool | None = datum(payment_methods.c.is_default, "Used first.", (BILLING,))


@record(payment_methods, variant=(payment_methods.c.kind, "PAYPAL"))
class PayPal(Method):
    """As the interface says."""

    id: strawberry.ID = identity(payment_methods, BOTH)
    kind: str | None = datum(payment_methods.c.kind, "Kind.", BOTH)
    is_default: bool | None = datum(payment_methods.c.is_default, "Used first.", (BILLING,))


async def _none(*_: Any) -> None:
    """What no test here asks for."""


@record(customers)
class Customer(Node):
    """Its id is for both."""

    id: strawberry.ID = identity(customers, BOTH)
    services: list[Service] | None = related(reads.services_of, "Services.", Category.SUBSCRIPTION, BOTH)
    methods: list[Method] | None = related(reads.payment_methods_of, "Methods.", Category.PAYMENT_METHOD, BOTH)
    email: str | None = datum(
        customers.c.email, "News goes there.", (when(Condition.NEWS_NOT_DECLINED, NEWS), shared(AppScope.EMAIL_READ))
    )

    silent: str | None = strawberry.field(description="It declares nothing.")
    kept: str | None = declare(
        Declared(ColumnValue(customers.c.email), Category.EMAIL, allowances(BOTH)), "It does not say for how long."
    )

    @computed(_none, Category.SUBSCRIPTION, RetentionRule.NOT_STORED, BOTH)
    def uses(self, of: Annotated[str | None, searched(Category.SUBSCRIPTION, "For both.", BOTH)] = None) -> int | None:
        """How often something was used."""


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
        Declared(AnyRow(), Category.CUSTOMER_ID, allowances(BOTH), RetentionRule.CUSTOMER_LIFE), "Any."
    )

    @entry(RowBy(customers), Category.CUSTOMER_ID, BOTH)
    def customer(
        self, key: Annotated[str | None, _key()] = None, by: Outer | None = None, or_by: list[Inner] | None = None
    ) -> Customer | None:
        """A customer."""

    @rendered(
        RenderedDocument(
            "email", Lookup.EMAIL, {customers.c.email: "Customer.email"}, NEWS, str, lambda record, now: str(record)
        ),
        Category.CUSTOMER_ID,
        (SUPPORT, when(Condition.NEWS_NOT_DECLINED, NEWS)),
    )
    def card_of(self, email: Annotated[str, searched(Category.EMAIL, "Whose.", (SUPPORT, NEWS))]) -> str | None:
        """A document that tells the e-mail address."""

    audit: str | None = declare(Declared(GrantFacts(), scopes=(frozenset({"audit:read", "audit:all"}),)), "Reports.")
    version: str | None = public(GrantFacts(), "Of the release.", "It is of no person.")
    keys: str | None = public(GrantFacts(), "Of the operator.", "They are of no person.", first_party=True)


MODEL = SchemaModel(strawberry.Schema(query=Query, types=[Service, Card, PayPal])._schema)
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
    assert decision.withheld.keys() == {"Service.id"}
    decision = decided("{ node { id } }", None)
    assert refused(decision) == {"Query.node", "Node.id"}
    assert decision.refused[1].refused.allowed == (SUPPORT, BILLING), "whoever may see one of them"
    assert decision.refused[1].refused.reason is Reason.PURPOSE_NOT_ALLOWED


def test_types_of_one_table_are_judged_each_beside_their_interface() -> None:
    """Unlike `node`, where one type that may be seen is enough: here every row may be of either type."""
    decision = decided("{ customer { methods { id kind } } }")
    assert [each.coordinate for each in decision.refused] == ["Card.kind"] and decision.withheld.keys() == {"Card.kind"}
    decision = decided("{ customer { methods { isDefault } } }")
    assert [each.coordinate for each in decision.refused] == ["Method.isDefault"]
    assert decision.withheld.keys() == {"Method.isDefault", "Card.isDefault", "PayPal.isDefault"}
    assert not refused(decided("{ customer { methods { id kind isDefault } } }", BILLING))


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
    assert [(each["line"], each["column"]) for each in one.locations] == [(1, 25), (1, 31), (1, 77)]
    (told,) = decision.problems()
    assert told.formatted()["locations"] == list(one.locations)


def problem(decision: Decision) -> tuple[str, dict[str, Any]]:
    """The sentence and the details of the only error."""
    (told,) = decision.problems()
    assert told.code is ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE
    return told.message, dict(told.details)


def test_a_refusal_says_what_is_refused_why_and_what_would_be_allowed() -> None:
    sentence, details = problem(decided("{ customer { services { id } } }"))
    assert sentence == "Service.id may not be read for SERVICE_COMMUNICATION. It may be read for INVOICING."
    assert details == {
        "reason": "PURPOSE_NOT_ALLOWED", "coordinate": "Service.id", "purpose": "SERVICE_COMMUNICATION",
        "allowedPurposes": ["INVOICING"],
    }  # fmt: skip


def test_without_a_purpose_whatever_names_purposes_is_refused_with_those_that_are_allowed() -> None:
    """An auditor's token: no person is read for its purpose, because it has none."""
    sentence, details = problem(decided("{ node { __typename } }", None))
    assert (
        sentence == "Query.node may not be read without a purpose. It may be read for SERVICE_COMMUNICATION, INVOICING."
    )
    assert (details["reason"], details["purpose"]) == ("PURPOSE_NOT_ALLOWED", None)
    assert details["allowedPurposes"] == ["SERVICE_COMMUNICATION", "INVOICING"]


@pytest.mark.parametrize("purpose", [None, SUPPORT])
@pytest.mark.parametrize(
    ("scopes", "enough"),
    [
        ((), False),
        (("audit:read",), False),
        (("audit:read", "audit:all"), True),
        (("audit:read", "audit:all", "x"), True),
    ],
)
def test_what_is_for_a_scope_needs_all_of_one_alternative(
    purpose: Purpose | None, scopes: tuple[str, ...], enough: bool
) -> None:
    decision = decided("{ audit }", purpose, scopes=scopes)
    assert decision.permits(grant(SUPPORT)) is enough
    if not enough:
        sentence, details = problem(decision)
        assert sentence == "Query.audit needs a scope that the token does not have: audit:all audit:read."
        assert (details["reason"], details["allowedPurposes"]) == ("SCOPE_MISSING", [])


def test_what_is_of_no_person_is_open_to_everybody_and_what_is_ours_to_no_app() -> None:
    assert not refused(decided("{ version keys }", None))
    decision = decided("{ version keys }", OWN, subject=7, third_party=True)
    sentence, details = problem(decision)
    assert sentence == "Query.keys is for the company's own clients, whatever a customer has allowed this app."
    assert (details["coordinate"], details["reason"]) == ("Query.keys", "FIRST_PARTY_ONLY")
    for purpose in (OWN, None):  # An app's token without a purpose has the scopes that it has, and no more.
        decision = decided("{ audit }", purpose, subject=7, third_party=True, scopes=["audit:read", "audit:all"])
        assert [each.details["reason"] for each in decision.problems()] == ["FIRST_PARTY_ONLY"]


@pytest.mark.parametrize(("scopes", "enough"), [(("email:read",), True), (("profile:read",), False)])
def test_an_app_reads_what_its_customer_allowed(scopes: tuple[str, ...], enough: bool) -> None:
    """(O10) An app and a client of ours with the same scopes and purpose are two, whichever asks first."""
    ours = refused(decided("{ customer { email } }", OWN, subject=7, scopes=scopes))
    theirs = refused(decided("{ customer { email } }", OWN, subject=7, scopes=scopes, third_party=True))
    assert ("Customer.email" in ours, "Customer.email" in theirs) == (False, not enough)


def test_a_partner_gets_what_its_register_names_and_no_card_whatever_it_names() -> None:
    """(R7, R22) A hard rule holds beside any register."""
    partner = Partner("Printers", "CH", frozenset({"Customer.services", "Service.card"}))
    text = "{ customer { services { name card } } }"
    for purpose in (BILLING, PAYING):
        decision = decided(text, purpose, who=replace(grant(purpose), partner=partner))
        told = {each.details["coordinate"]: (each.message, each.details["reason"]) for each in decision.problems()}
        for coordinate in ("Service.name", "Service.card"):
            sentence = f"{coordinate} is not among the fields that this partner may get."
            assert told[coordinate] == (sentence, "NOT_IN_UNDERTAKING")
        assert "Service.card" not in refused(decided(text, PAYING))


def test_a_partner_says_whom_it_asks_for_and_searches_by_what_its_register_names() -> None:
    """(R7) The ways in and arguments are none of its fields; what an input object can hold has to be named."""
    bound = Partner("Printers", "CH", frozenset({"Customer.uses"}))
    who = replace(grant(BILLING), partner=bound)
    assert not refused(decided('{ customer(key: "x") { uses(of: "x") } }', BILLING, who=who))
    by_email = '{ customer(by: {one: {email: "x"}}) { __typename } }'
    assert refused(decided(by_email, BILLING, who=who)) == {"Inner.email"}
    named = replace(who, partner=replace(bound, fields=bound.fields | {"Inner.email"}))
    assert not refused(decided(by_email, BILLING, who=named))
    text, value = "query ($v: Outer) { customer(by: $v) { __typename } }", {"v": {"one": {"email": "x"}}}
    assert not decided(text, BILLING, who=named).brought(value)
    assert [each.details["coordinate"] for each in decided(text, BILLING, who=who).brought(value)] == ["Inner.email"]


def test_a_condition_of_the_purpose_comes_with_its_coordinate() -> None:
    """(R12) Whoever fetches must know of it."""
    decision = decided("{ customer { email } }", NEWS)
    assert "Customer.email" not in refused(decision)
    assert decision.conditions == {"Customer.email": frozenset({Condition.NEWS_NOT_DECLINED})}
    assert decided("{ customer { email } }", OWN, subject=7).conditions == {}


@pytest.mark.parametrize("coordinate", ["Customer.silent", "Customer.kept"])
@pytest.mark.parametrize("purpose", [BILLING, SUPPORT])
def test_what_declares_too_little_is_closed_to_everybody(coordinate: str, purpose: Purpose) -> None:
    """(G9) The start refuses such a schema; the decision refuses it as well."""
    decision = decided("{ customer { %s } }" % coordinate.partition(".")[2], purpose)
    assert refused(decision) == {coordinate}
    assert [each.details["reason"] for each in decision.problems()] == ["UNDECLARED"]


def test_a_document_is_read_where_all_that_it_tells_may_be() -> None:
    """(R58) Its own declaration alone would open it."""
    sentence, details = problem(decided('{ cardOf(email: "x") }'))
    assert sentence.startswith("Query.cardOf may not be read for SERVICE_COMMUNICATION.")
    assert details["allowedPurposes"] == ["PRODUCT_NEWS", "SELF_SERVICE"]
    decision = decided('{ cardOf(email: "x") }', NEWS)
    assert not refused(decision)
    assert decision.conditions["Customer.email"] == {Condition.NEWS_NOT_DECLINED}


def test_a_client_has_withheld_what_may_be_left_out_and_another_is_refused() -> None:
    decision = decided("{ customer { services { id name } } }")
    assert decision.permits(grant(SUPPORT, withhold=True)) and not decision.permits(grant(SUPPORT))
    assert decision.withheld.keys() == {"Service.id"} and decision.purpose is SUPPORT


def test_an_input_is_told_at_each_place_where_it_stands() -> None:
    decision = decided('{ a: customer(key: "x") { id } b: customer(key: "y") { id } }')
    (told,) = decision.problems()
    assert [(each["line"], each["column"]) for each in told.locations] == [(1, 15), (1, 44)]


def test_asking_for_the_schema_is_noted() -> None:
    assert decided("{ __schema { types { name } } version }").introspects is True
    assert decided("{ __typename version }").introspects is False


def test_a_field_that_a_variable_must_not_bring_is_told_with_its_place_once() -> None:
    decision = decided("query ($v: Inner!) { a: customer(by: {one: $v}) { id } b: customer(orBy: [$v]) { id } }")
    (told,) = decision.brought({"v": {"email": "x"}})
    assert list(told.locations) == [{"line": 1, "column": 75}]
    assert told.details["coordinate"] == "Inner.email" and told.details["purpose"] == "SERVICE_COMMUNICATION"
    assert decision.brought({}) == [] == decision.brought({"w": {"email": "x"}})

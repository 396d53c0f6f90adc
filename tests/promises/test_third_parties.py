"""What customers allow an app of somebody else never opens credentials, factors, sessions, cards or rights (O10)."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLNonNull, get_named_type, is_input_object_type

from messages.catalogue import translate
from policy.app_scopes import APP_SCOPES, AppScope
from policy.categories import Category
from policy.decision import Granted, Reason, Refused, decide
from policy.grant import Grant
from policy.hard_rules import violations
from policy.purposes import Purpose
from policy.retention import RetentionRule
from policy.rules import Allowance, Rule
from schema.api.build import core_schema
from schema.documents.requests import RequestOutcome
from schema.model.model import SchemaModel
from tests.promises.declared import declarations
from tests.promises.gate import ON_SQLITE, OWN, REFUSING, TODAY, Gate, grant
from tests.promises.routes import attempts

MODEL = SchemaModel(core_schema())
OPEN = {
    "Mutation.chooseCookies": "choices:write",
    "Mutation.setProductNews": "choices:write",
    "Mutation.setWhoisVisibility": "whois:write",
    "Mutation.updateProfile": "profile:write",
}
"""Every change that an app of somebody else can be allowed. Whoever adds one says so here, and why it is harmless."""
OPEN_TYPES = {
    "ChooseCookiesInput", "ChooseCookiesPayload", "Consent", "ConsentFilter", "CookieChoice", "CustomerBy",
    "Domain", "DomainFilter",
    "Invoice", "InvoiceFilter", "InvoiceLine", "PostalAddress", "ServiceFilter",
    "PostalAddressInput", "Service", "SetProductNewsInput", "SetProductNewsPayload", "SetWhoisVisibilityInput",
    "SetWhoisVisibilityPayload", "UpdateProfileInput", "UpdateProfilePayload",
}  # fmt: skip
"""Every type with something in it that such an app may ask for, beside the customer and the ways in."""
OPEN_OF_CUSTOMER = {
    "id", "customerNumber", "fullName", "givenName", "familyName", "postalAddress", "email", "phone", "locale",
    "productNews", "createdAt", "updatedAt", "version", "services", "domains", "invoices", "consents", "cookieChoice",
}  # fmt: skip
ALL = sorted(APP_SCOPES)


def app(gate: Gate, *scopes: str, **facts: Any) -> Grant:
    """The token of an app of somebody else, for the first customer, signed in just now."""
    fresh = {"authenticated_at": int(TODAY.timestamp())}
    return grant(OWN, subject=gate.ids[0], scopes=scopes, third_party=True, max_page=5, **fresh | facts)


def test_every_field_and_change_of_ones_own_says_which_side_it_is_on() -> None:
    """Printed and enforced alike; what says nothing is closed."""
    for coordinate, said in declarations().items():
        if OWN.name in said.purposes:
            assert said.first_party != bool(said.third_party), coordinate
        rule = MODEL.rules.get(coordinate)
        opened = rule.opened(OWN) if rule else frozenset()
        assert said.third_party == frozenset(each.scope for each in opened), coordinate
        assert said.third_party <= APP_SCOPES
    assert declarations()["Grant.sessionId"].first_party


def test_what_is_open_is_this_and_nothing_else() -> None:
    opened = {coordinate: said.third_party for coordinate, said in declarations().items() if said.third_party}
    changes = {each: " ".join(scopes) for each, scopes in opened.items() if each.startswith("Mutation.")}
    assert changes == OPEN
    types = {each.partition(".")[0] for each in opened} - {"Mutation", "Query", "Customer"}
    assert types == OPEN_TYPES
    assert {each.removeprefix("Customer.") for each in opened if each.startswith("Customer.")} == OPEN_OF_CUSTOMER
    ways = {each for each in opened if each.startswith("Query.") and "(" not in each}
    assert ways == {"Query.me", "Query.customer", "Query.customers", "Query.domain", "Query.node", "Query.nodes"}


@pytest.mark.parametrize("scope", AppScope)
def test_each_scope_opens_something_and_has_a_sentence_in_two_languages(scope: AppScope) -> None:
    assert any(scope.scope in said.third_party for said in declarations().values())
    assert scope.text.endswith(".") and translate(scope.text, "fr") != scope.text
    assert AppScope.of_scope(scope.scope) is scope


def test_scopes_of_apps_are_no_actions_and_no_purposes() -> None:
    """One word never means two things: what opens a field to tools opens none to apps."""
    actions = {one for rule in MODEL.rules.values() for choice in rule.scopes for one in choice}
    assert not actions & APP_SCOPES
    assert not any(Purpose.of_scope(each) for each in APP_SCOPES)


def test_sensitive_changes_are_never_open() -> None:
    """What needs a fresh sign-in is for first parties (S7)."""
    sensitive = [each for each in MODEL.fields.values() if getattr(each.source, "step_up", False)]
    assert sensitive and all(declarations()[each.coordinate].first_party or OWN.name not in
                             declarations()[each.coordinate].purposes for each in sensitive)  # fmt: skip


@pytest.mark.parametrize(
    ("category", "inbound"),
    [
        *((each, False) for each in (
            Category.AUTH_FACTOR, Category.LOGIN_NAME, Category.CARD_NUMBER, Category.PAYMENT_METHOD,
            Category.ACCESS_HISTORY, Category.IP_ADDRESS, Category.SUBJECT_PSEUDONYM)),
        (Category.EMAIL, True),
    ],
)  # fmt: skip
def test_a_schema_that_opened_them_would_not_start(category: Category, inbound: bool) -> None:
    opened = (Allowance(frozenset({OWN}), None, frozenset({AppScope.PROFILE_READ})),)
    rule = Rule("X.y", category, opened, RetentionRule.CUSTOMER_LIFE, inbound=inbound)
    assert any("O10" in each for each in violations(rule))
    assert decide(rule, OWN, APP_SCOPES, third_party=True) == Refused(Reason.FIRST_PARTY_ONLY)
    assert isinstance(decide(rule, OWN, APP_SCOPES), Granted)


refused = pytest.mark.parametrize("gate", REFUSING, indirect=True)
both_executors = pytest.mark.parametrize("gate", ON_SQLITE, indirect=True)


@pytest.mark.anyio
@refused
async def test_no_way_of_writing_a_document_reads_what_is_closed(gate: Gate) -> None:
    """By every route and in every disguise, with every scope that there is, before a row is read."""
    tried = 0
    for attempt in attempts(gate.api.model.core, gate):
        said = declarations()[attempt.coordinate]
        if not said.first_party:
            continue
        answer = await gate.ask(attempt.text, app(gate, *ALL), operation_name=attempt.operation)
        tried += 1
        assert answer.kind is RequestOutcome.REFUSED, attempt
        assert answer.statements == answer.key_statements == (), attempt
        assert "FIRST_PARTY_ONLY" in [each["reason"] for each in answer.errors], attempt
    assert tried > 1_000


@pytest.mark.anyio
@refused
@pytest.mark.parametrize("withhold", [False, True])
async def test_no_closed_change_is_carried_out(gate: Gate, withhold: bool) -> None:
    """Refused, or nothing of it done, for a client that has refused fields withheld; tried out too."""
    mutation: Any = gate.api.model.core.mutation_type
    closed = [name for name in mutation.fields if f"Mutation.{name}" not in OPEN]
    assert len(closed) > 25
    for name in closed:
        text, variables = call(mutation.fields[name], name)
        for dry_run in (False, True):
            who = app(gate, *ALL, withhold=withhold)
            answer = await gate.ask(text, who, variables=variables, dry_run=dry_run)
            assert not (answer.body.get("data") or {}).get(name), name
            assert answer.statements == answer.key_statements == (), name


def call(field: Any, name: str) -> tuple[str, dict[str, Any]]:
    """A mutation with the least of its input."""
    type_ = field.args["input"].type
    text = f"mutation ($in: {type_}) {{ {name}(input: $in) {{ __typename }} }}"
    return text, {"in": least(type_)}


def least(type_: Any) -> Any:
    """The least that an input type takes."""
    named = get_named_type(type_)
    if is_input_object_type(named):
        return {name: least(each.type) for name, each in named.fields.items() if isinstance(each.type, GraphQLNonNull)}
    if hasattr(named, "values"):
        return next(iter(named.values))
    return {"Boolean": True, "Int": 1, "DateTime": "2026-01-01T00:00:00Z"}.get(named.name, "1")


@pytest.mark.anyio
@both_executors
async def test_a_scope_opens_what_it_says_and_nothing_else(gate: Gate) -> None:
    for question, scope in (
        ("{ me { fullName phone customerNumber postalAddress { city } } }", "profile:read"),
        ("{ me { email } }", "email:read"),
        ("{ me { services { nodes { name } } } }", "services:read"),
        ("{ me { invoices { nodes { number billedAddress { city } } } } }", "invoices:read"),
        ("{ me { domains { nodes { name hideName } } } }", "domains:read"),
        ("{ me { consents { nodes { kind } } cookieChoice { measurement } } }", "choices:read"),
    ):
        answer = await gate.ask(question, app(gate, scope))
        assert answer.data["me"], question
        for other in APP_SCOPES - {scope}:
            refused = await gate.ask(question, app(gate, other))
            if refused.kind is RequestOutcome.OK:  # An address is in a profile and on an invoice.
                assert "postalAddress" not in question and "invoices" not in question, (question, other)
            assert refused.kind is RequestOutcome.REFUSED and refused.statements == (), (question, other)
            assert {each["reason"] for each in refused.errors} == {"SCOPE_MISSING"}
    nothing = await gate.ask("{ me { id } }", app(gate))
    assert nothing.kind is RequestOutcome.REFUSED


@pytest.mark.anyio
async def test_an_app_changes_what_it_was_allowed_to(changing: Gate) -> None:
    text = (
        "mutation ($in: UpdateProfileInput!) { updateProfile(input: $in) { customer { locale } userErrors { code } } }"
    )
    change = {"in": {"locale": "fr"}}
    done = await changing.ask(text, app(changing, "profile:write", "profile:read"), variables=change)
    assert done.data["updateProfile"]["customer"]["locale"] == "fr"
    for scopes in (("profile:read",), ("choices:write", "whois:write")):
        assert (await changing.ask(text, app(changing, *scopes), variables=change)).kind is RequestOutcome.REFUSED


@pytest.mark.anyio
@both_executors
async def test_first_parties_are_asked_for_no_such_scope(gate: Gate) -> None:
    who = grant(OWN, subject=gate.ids[0])
    answer = await gate.ask(
        "{ me { email sessions { nodes { id } } authorizedApps { name } } grant { sessionId } }", who
    )
    assert answer.data["me"]["email"]

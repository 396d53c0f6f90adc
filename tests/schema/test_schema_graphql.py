"""`schema/schema.graphql` is current, parses, and says in print what the engine enforces (TRAPS 5, 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from graphql import (
    DirectiveDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    build_schema,
)

from audits.schema.facts import Facts
from audits.schema.sources import Text
from audits.schema.vocabulary import definitions
from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.rules import Rule
from schema.api.build import core_schema, sdl
from schema.declare.fields import Declared as Declaration
from schema.model.model import SchemaModel, declared_of
from tests.promises.declared import SDL, Declared, declarations, document, enums
from tests.tables import hold_for_all

MODEL = SchemaModel(core_schema())


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert SDL.read_text() == sdl(), "renew it: gateway schema print > schema/schema.graphql"


def test_it_builds_and_every_directive_stands_where_it_may() -> None:
    build_schema(SDL.read_text())  # validates locations, repetition and arguments of directives
    names = [each.name.value for each in document().definitions if hasattr(each, "name")]
    assert len(names) == len(set(names)), "a definition is printed twice"
    locations = {
        each.name.value: {one.value for one in each.locations}
        for each in document().definitions
        if isinstance(each, DirectiveDefinitionNode)
    }
    data = {"FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INPUT_FIELD_DEFINITION"}
    types = {"OBJECT", "INTERFACE", "INPUT_OBJECT"}
    for name in ("personalData", "purpose", "retention", "public"):
        assert locations[name] == data | types, name
    assert locations["for"] == {"QUERY", "MUTATION"}


def test_the_directives_say_what_is_enforced() -> None:
    def check(coordinate: str, said: Declared) -> None:
        assert _printed(said) == _enforced(MODEL.rules[coordinate])

    hold_for_all(check, declarations().items())


def test_nothing_is_enforced_that_is_not_printed() -> None:
    assert MODEL.rules.keys() == declarations().keys()


def _printed(said: Declared) -> tuple[object, ...]:
    allows = {(purpose, when) for purpose, when in said.allows}
    return said.category, allows, said.retention, set(said.disclosed_to), set(said.scopes)


def _enforced(rule: Rule) -> tuple[object, ...]:
    allows = {
        (purpose.name, each.when.name if each.when else None) for each in rule.allowances for purpose in each.purposes
    }
    category = rule.category.name if rule.category else None
    kept = rule.retention.name if rule.retention else None
    return category, allows, kept, {each.name for each in rule.disclosed_to}, set(rule.scopes)


def test_the_source_is_the_column_that_is_read() -> None:
    for field in MODEL.fields.values():
        if columns := field.source.shown if field.source is not None else ():
            assert declarations()[field.coordinate].sources == tuple(
                f"{each.table.name}.{each.name}" for each in columns
            )


def test_the_public_schema_names_no_column_of_the_store() -> None:
    """What rests where is of use to attackers, and changes without the API."""
    assert not re.search(r', source: ["\[](?!String)', SDL.read_text())
    audited = sdl(with_columns=True)
    assert re.sub(r', source: (?:"[a-z0-9_.]+"|\[[a-z0-9_.", ]+\])', "", audited) == sdl(), "nothing else differs"
    assert audited.count("source: ") > 100


def test_what_needs_no_purpose_says_why() -> None:
    """Each declaration that is public in the engine is public in print, with the same reason, and nothing else is."""
    printed = Facts.of(Text("printed", sdl())).all
    assert not Facts.of(Text("printed", sdl())).sdl.errors

    def check(coordinate: str, declared: Declaration) -> None:
        bound = declared.category or declared.allowances or declared.scopes
        assert printed[coordinate].declared.public == (None if bound else declared.public)

    inbound = {coordinate: declared for coordinate, core in MODEL.inputs() if (declared := declared_of(core))}
    fields = {each.coordinate: declared for each in MODEL.fields.values() if (declared := declared_of(each.core))}
    hold_for_all(check, (fields | inbound).items())


def test_a_type_whose_fields_are_public_for_one_reason_says_it_once() -> None:
    assert 'type PageInfo @public(why: "' in SDL.read_text()


def _described() -> Iterator[tuple[str, str | None]]:
    for type_ in MODEL.core.type_map.values():
        if type_.name.startswith("__") or type_.name in ("ID", "String", "Int", "Boolean", "Float"):
            continue
        yield type_.name, type_.description
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            for name, field in type_.fields.items():
                yield f"{type_.name}.{name}", field.description
                for argument, core in getattr(field, "args", {}).items():
                    yield f"{type_.name}.{name}({argument}:)", core.description
    for directive in MODEL.core.directives:
        yield f"@{directive.name}", directive.description


def test_every_type_field_and_argument_is_described() -> None:
    def check(coordinate: str, description: str | None) -> None:
        assert description and description.strip(), "says nothing: descriptions become the notice"
        assert description[0].isupper() and description.rstrip()[-1] in ".?…"

    hold_for_all(check, _described())


@pytest.mark.parametrize(
    ("name", "catalogue", "attribute"),
    [
        ("Purpose", Purpose, "why"),
        ("DataCategory", Category, "text"),
        ("Condition", Condition, "text"),
        ("Recipient", Recipient, "text"),
        ("RetentionRule", RetentionRule, "text"),
    ],
)
def test_the_catalogues_of_the_policy_are_enums_with_its_words(name: str, catalogue: type, attribute: str) -> None:
    assert enums()[name] == {member.name: getattr(member, attribute) for member in catalogue}  # type: ignore[attr-defined]


def test_enums_hold_their_own_names() -> None:
    """What rests in the database is the name of a member, and goes out as it rests."""
    for type_ in MODEL.core.type_map.values():
        if isinstance(type_, GraphQLEnumType) and not type_.name.startswith("__"):
            for name in type_.values:
                assert type_.serialize(name) == name


def test_personal_fields_are_nullable_so_that_one_can_be_withheld_alone() -> None:
    """TRAPS 12; an id is not: whoever is led to a row may see its id, which the lint demands."""
    for field in MODEL.fields.values():
        if field.rule is not None and field.rule.category is not None and field.name != "id":
            assert not isinstance(field.core.type, GraphQLNonNull), field.coordinate


def test_what_the_brief_names_is_there() -> None:
    """Issue 2, item 3."""
    assert {
        "Query.me", "CustomerBy.id", "Query.customers(first:)", "Query.customers(after:)", "Query.node(id:)",
        "Customer.fullName", "Customer.email", "Customer.phone", "Customer.locale", "Customer.postalAddress",
        "PostalAddress.street", "PostalAddress.city", "PostalAddress.postalCode", "PostalAddress.country",
        "Customer.services", "Customer.paymentMethods", "Customer.domains", "Customer.credentials",
        "Customer.signIns", "Customer.sessions", "Customer.consents", "Customer.cookieChoice", "Customer.disclosures",
        "Customer.erasures", "Customer.productNews", "Domain.hidePhone", "Credential.changedAt", "SignIn.ipAddress",
    } <= declarations().keys()  # fmt: skip
    answers = [field for field in MODEL.fields.values() if not field.coordinate.startswith("Mutation.")]
    assert {each.coordinate for each in answers if "password" in each.name.lower()} == {"Credential.passwordStrength"}
    assert {each.coordinate for each in answers if "secret" in each.name.lower()} <= {"EnrolTotpPayload.secret"}, (
        "R16: a secret is shown once, when it is made"
    )
    assert not any("cardnumber" in each.lower() for each in declarations()), "R20"


def test_purposes_and_periods_have_their_terms_bases_and_lengths() -> None:
    """2.2 of the specification, read by the reader of the audits."""
    words = definitions(Facts.of(Text("printed", sdl())).sdl)
    purposes, rules = words["Purpose"], words["RetentionRule"]
    assert {name: (each.text, each.basis) for name, each in purposes.items()} == {
        each.name: (each.text, tuple(basis.name for basis in each.bases)) for each in Purpose
    }
    assert all(each.iri.startswith("https://w3id.org/dpv#") for each in purposes.values())
    assert {name: each.period for name, each in rules.items()} == {
        each.name: each.period or "" for each in RetentionRule
    }

"""Contracts of purposes and clients: valid schemas, without what may not be read, with the nullability that holds."""

from __future__ import annotations

import pytest
from graphql import (
    DirectiveLocation,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_required_argument,
    validate_schema,
)

from policy.decision import Granted, decide
from policy.grant import Partner
from policy.purposes import Purpose
from policy.rules import Rule
from schema.api.build import core_schema, sdl
from schema.contracts.contracts import contract_of_grant, contract_of_purpose, semantic_sdl
from schema.model.model import SchemaModel, object_types
from tests.promises.gate import grant

MODEL = SchemaModel(core_schema())
EVERY_SCOPE = frozenset(
    word for rule in MODEL.rules.values() if rule.allowances for needed in rule.scopes for word in needed
)


def contract(purpose: Purpose) -> GraphQLSchema:
    """The contract of a purpose, as a code generator reads it."""
    built = build_schema(contract_of_purpose(purpose))
    assert validate_schema(built) == []
    return built


def type_of(schema: GraphQLSchema, coordinate: str) -> str:
    """The type of a field as written."""
    owner, _, name = coordinate.partition(".")
    return str(schema.type_map[owner].fields[name].type)  # type: ignore[attr-defined]


@pytest.mark.parametrize("purpose", Purpose, ids=lambda each: each.name)
def test_a_contract_is_a_valid_schema_without_anything_refused(purpose: Purpose) -> None:
    schema = contract(purpose)
    kept = {f"{type_.name}.{name}" for type_ in object_types(schema) for name in type_.fields}
    refused = {
        rule.coordinate
        for rule in MODEL.rules.values()
        if rule.allowances and not isinstance(decide(rule, purpose, EVERY_SCOPE), Granted)
    }
    arguments = {
        f"{type_.name}.{name}({argument}:)"
        for type_ in object_types(schema)
        for name, field in type_.fields.items()
        for argument in field.args
    }
    inputs = {
        f"{type_.name}.{name}"
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLInputObjectType)
        for name in type_.fields
    }
    assert refused and not refused & (kept | arguments | inputs)


@pytest.mark.parametrize("purpose", [each for each in Purpose if each.enabled], ids=lambda each: each.name)
def test_everything_that_may_be_read_and_reached_is_there(purpose: Purpose) -> None:
    """Of a type that stays, each field that the purpose may read and that leads somewhere stays."""
    schema = contract(purpose)
    for type_ in object_types(schema):
        whole = core_schema().type_map[type_.name].fields  # type: ignore[attr-defined]
        for name in whole.keys() - type_.fields.keys():
            assert not may_be_asked(schema, type_.name, name, purpose), f"{type_.name}.{name}"


def may_be_asked(schema: GraphQLSchema, type_name: str, name: str, purpose: Purpose) -> bool:
    """Whether the purpose may read a field, which has somewhere to lead to and arguments that it may give."""
    field = MODEL.field(type_name, name)
    assert field.rule is not None
    needed = [each for each, core in field.core.args.items() if is_required_argument(core)]
    rules = [field.rule, *(MODEL.argument(type_name, name, each) for each in needed)]
    types = [field.core.type, *(field.core.args[each].type for each in needed)]
    return (
        all(rule is None or _may(rule, purpose) for rule in rules)
        and not (field.rule.scopes and not field.rule.allowances)
        and all(get_named_type(each).name in schema.type_map for each in types)
    )


def _may(rule: Rule, purpose: Purpose) -> bool:
    return not rule.allowances or isinstance(decide(rule, purpose, EVERY_SCOPE), Granted)


def test_no_type_is_left_that_nothing_reaches() -> None:
    for purpose in (Purpose.INVOICING, Purpose.PRODUCT_NEWS, Purpose.SELF_SERVICE):
        schema = contract(purpose)
        roots = [each for each in (schema.query_type, schema.mutation_type) if each is not None]
        reached: set[str] = set()
        waiting: list[str] = [each.name for each in roots]
        while waiting:
            type_ = schema.type_map[waiting.pop()]
            if type_.name in reached:
                continue
            reached.add(type_.name)
            if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
                for field in type_.fields.values():
                    waiting.append(get_named_type(field.type).name)
                    waiting += [get_named_type(each.type).name for each in field.args.values()]
                waiting += [each.name for each in type_.interfaces]
            if is_abstract_type(type_):
                waiting += [each.name for each in schema.get_possible_types(type_)]
            if isinstance(type_, GraphQLInputObjectType):
                waiting += [get_named_type(each.type).name for each in type_.fields.values()]
        executable = {DirectiveLocation.QUERY, DirectiveLocation.MUTATION}
        for directive in schema.directives:
            if executable & set(directive.locations):
                reached |= {get_named_type(each.type).name for each in directive.args.values()}
        left = {name for name in schema.type_map if name[:2] != "__"} - reached
        assert left <= {"String", "Boolean", "Int", "Float", "ID"}


def test_what_the_store_always_has_is_not_null() -> None:
    invoicing, whole = contract(Purpose.INVOICING), core_schema()
    for coordinate, written in {
        "Invoice.number": "String!",
        "Invoice.dueAt": "DateTime",
        "Service.kind": "ServiceKind!",
        "Invoice.customer": "Customer!",
        "Customer.email": "EmailAddress",
    }.items():
        assert type_of(invoicing, coordinate) == written
        assert not type_of(whole, coordinate).endswith("!")
    assert "phone" not in invoicing.type_map["Customer"].fields  # type: ignore[attr-defined]
    assert "Domain" not in invoicing.type_map
    changes = invoicing.mutation_type
    assert changes is not None and changes.fields.keys() == {"recordInvoice", "recordPayment", "cancelInvoice"}


def test_a_row_that_a_condition_may_leave_out_is_nullable() -> None:
    """A news tool reads nobody who declined, so nothing leads to a customer for certain."""
    conditional = [
        (purpose, field.coordinate)
        for field in MODEL.fields.values()
        for purpose in Purpose
        if field.rule is not None and any(each.scope == "VALUE" for each in field.rule.conditions(purpose))
    ]
    assert conditional
    for purpose, coordinate in conditional:
        schema = contract(purpose)
        if coordinate.partition(".")[0] in schema.type_map:
            assert not type_of(schema, coordinate).endswith("!"), (purpose, coordinate)


def test_purposes_of_the_contract_are_those_that_its_documents_may_state() -> None:
    text = contract_of_grant(grant(Purpose.INVOICING, Purpose.EMERGENCY_CONTACT))
    schema = build_schema(text)
    assert validate_schema(schema) == []
    enum = schema.type_map["Purpose"]
    assert isinstance(enum, GraphQLEnumType)
    fields = schema.type_map["Customer"].fields  # type: ignore[attr-defined]
    assert {"phone", "invoices"} <= fields.keys(), "either purpose may read it"


def test_a_client_sees_what_its_scopes_and_its_undertaking_open() -> None:
    both = frozenset({"customers:write", "services:write"})
    without = build_schema(contract_of_grant(grant(Purpose.SERVICE_PROVISION)))
    with_scopes = build_schema(contract_of_grant(grant(Purpose.SERVICE_PROVISION, scopes=sorted(both))))
    assert without.mutation_type is None
    assert with_scopes.mutation_type is not None
    bound = grant(Purpose.INVOICING)
    object.__setattr__(bound, "partner", Partner("printer", "CH", frozenset({"Customer.id", "Customer.fullName"})))
    partner = build_schema(contract_of_grant(bound))
    assert set(partner.type_map["Customer"].fields) == {"id", "fullName"}  # type: ignore[attr-defined]
    assert "Invoice" not in partner.type_map


def test_apps_of_others_see_what_customers_can_allow() -> None:
    app = build_schema(
        contract_of_grant(grant(Purpose.SELF_SERVICE, subject=1, scopes=("invoices:read",), third_party=True))
    )
    customer = app.type_map["Customer"].fields  # type: ignore[attr-defined]
    assert "invoices" in customer and not {"phone", "consents", "paymentMethods", "accesses"} & customer.keys()


def test_semantic_nullability_changes_no_type() -> None:
    text = semantic_sdl()
    whole = build_schema(text)
    assert validate_schema(whole) == []
    plain = build_schema(sdl())
    for type_ in object_types(plain):
        for name, field in type_.fields.items():
            assert type_of(whole, f"{type_.name}.{name}") == str(field.type)
    marked = {
        f"{type_.name}.{name}"
        for type_ in object_types(whole)
        for name, field in type_.fields.items()
        if field.ast_node and any(each.name.value == "semanticNonNull" for each in field.ast_node.directives or ())
    }
    assert {"Invoice.number", "Customer.invoices", "Service.kind"} <= marked
    assert not {"Invoice.dueAt", "Customer.email", "Query.me", "Customer.id"} & marked
    contract_text = contract_of_purpose(Purpose.INVOICING, semantic=True)
    assert "number: String @semanticNonNull" in contract_text and "type Domain" not in contract_text

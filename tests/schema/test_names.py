"""One name for one idea: each mutation has an input and a payload of its own, and ids say what they are of."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_input_object_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
)

from schema.api.build import core_schema


def mutations() -> dict[str, tuple[GraphQLInputObjectType, GraphQLObjectType]]:
    """The input and the payload of each mutation."""
    root = core_schema().mutation_type
    assert root is not None and len(root.fields) > 30
    found = {}
    for name, field in root.fields.items():
        assert list(field.args) == ["input"], f"{name} takes one argument, its input"
        type_ = field.args["input"].type
        assert isinstance(type_, GraphQLNonNull), f"the input of {name} is never null"
        found[name] = (type_.of_type, field.type)
    return found


def output_fields() -> Iterator[tuple[str, str]]:
    for name, type_ in core_schema().type_map.items():
        if (is_object_type(type_) or is_interface_type(type_)) and not is_introspection_type(type_):
            yield from ((name, each) for each in type_.fields)


def test_each_mutation_has_an_input_and_a_payload_of_its_own() -> None:
    for name, (given, payload) in mutations().items():
        title = name[0].upper() + name[1:]
        assert (given.name, payload.name) == (f"{title}Input", f"{title}Payload")


def test_no_payload_is_without_a_mutation() -> None:
    payloads = {name for name in core_schema().type_map if name.endswith("Payload")}
    assert payloads == {payload.name for _, payload in mutations().values()}


def test_every_input_ends_with_the_idempotency_key_and_every_payload_with_the_errors() -> None:
    for name, (given, payload) in mutations().items():
        assert [*given.fields][-1] == "idempotencyKey", name
        assert str(given.fields["idempotencyKey"].type) == "String", name
        assert [*payload.fields][-1] == "userErrors" and str(payload.fields["userErrors"].type) == "[UserError!]!", name


def test_an_id_in_an_input_says_what_it_is_of() -> None:
    inputs = [each for each in core_schema().type_map.values() if is_input_object_type(each)]
    ids = [
        f"{each.name}.{name}"
        for each in inputs
        for name, field in each.fields.items()
        if get_named_type(field.type).name == "ID"
    ]
    assert len(ids) > 15
    # A search by id stands beside searches by other values.
    assert [each for each in ids if not each.endswith(("Id", "Ids")) and not each.startswith("CustomerBy.")] == []


def test_what_becomes_of_a_thing_is_its_state() -> None:
    assert [each for each in core_schema().type_map if each.endswith("Status")] == []
    assert [each for each in output_fields() if each[1] == "status" or each[1].endswith("Status")] == []


def test_fields_are_named_in_words() -> None:
    assert [each for each in output_fields() if len(each[1]) < 2] == []


def test_a_sign_in_and_an_access_to_data_are_two_things() -> None:
    types = core_schema().type_map
    assert "Access" not in types and "DataAccess" in types
    assert "recordSignIn" in mutations() and not any("access" in name.lower() for name in mutations())

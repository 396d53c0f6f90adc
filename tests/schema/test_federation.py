"""The schema as a subgraph: keys and links are added, a router's own fields are left out, and nothing else changes."""

from __future__ import annotations

from click.testing import CliRunner
from graphql import InterfaceTypeDefinitionNode, ObjectTypeDefinitionNode, SchemaDefinitionNode, parse, print_ast

from audits.schema.facts import Facts
from audits.schema.sources import Text
from gateway.cli import gateway
from schema.api.build import own_model, sdl
from schema.model.federation import ADDED, own_subgraph, subgraph

OURS, THEIRS = sdl(), subgraph(sdl())
TYPES = {each.name.value: each for each in parse(THEIRS).definitions if isinstance(each, ObjectTypeDefinitionNode)}


def test_the_service_tells_what_the_command_prints() -> None:
    assert own_subgraph() == THEIRS


def test_the_command_prints_it_whole() -> None:
    done = CliRunner().invoke(gateway, ["schema", "print", "--federation"])
    assert (done.exit_code, done.stdout) == (0, THEIRS)
    for other in (["--storage"], ["--purpose", "INVOICING"], ["--semantic-non-null"]):
        assert CliRunner().invoke(gateway, ["schema", "print", "--federation", *other]).exit_code == 2
    audited = CliRunner().invoke(gateway, ["schema", "print", "--storage"])
    assert audited.stdout == sdl(with_columns=True) != OURS


def test_every_type_with_rows_is_an_entity_and_no_other() -> None:
    keyed = {name for name, type_ in TYPES.items() if '@key(fields: "id")' in print_ast(type_).partition("{\n")[0]}
    assert keyed == own_model().rows.keys()


def test_what_a_router_adds_itself_is_left_out() -> None:
    names = {each.name.value for each in parse(THEIRS).definitions if hasattr(each, "name")}
    assert not ADDED & names
    assert not ADDED & {field.name.value for field in TYPES["Query"].fields or ()}
    assert {field.name.value for field in TYPES["Query"].fields or ()} == {
        name
        for name in own_model().core.type_map["Query"].fields
        if name not in ADDED  # type: ignore[attr-defined]
    }


def test_each_directive_that_is_composed_is_imported() -> None:
    (schema,) = [each for each in parse(THEIRS).definitions if isinstance(each, SchemaDefinitionNode)]
    applied = [print_ast(each) for each in schema.directives or ()]
    composed = {each.split('"')[1] for each in applied if each.startswith("@composeDirective")}
    assert composed == {"@personalData", "@purpose", "@retention", "@disclosedTo", "@public"}
    (link,) = [each for each in applied if "specs.example.org/purpose" in each]
    assert all(f'"{name}"' in link for name in composed)


def test_the_facts_are_those_of_the_public_schema() -> None:
    """Whoever audits the subgraph finds what whoever audits the API finds."""
    ours, theirs = (Facts.of(Text("schema", text)) for text in (OURS, THEIRS))
    assert not theirs.sdl.errors
    left_out = {name for name in ours.all if any(f"{each}" in name for each in ("_entities", "_service", "_Service"))}
    assert theirs.all.keys() == ours.all.keys() - left_out
    for coordinate, fact in theirs.all.items():
        assert fact.rule() == ours.all[coordinate].rule()
        assert fact.scopes == ours.all[coordinate].scopes


def test_interfaces_have_no_key() -> None:
    """A key on an interface asks other subgraphs to know every type of it."""
    interfaces = [each for each in parse(THEIRS).definitions if isinstance(each, InterfaceTypeDefinitionNode)]
    assert interfaces
    assert not any("@key" in print_ast(each).partition("{")[0] for each in interfaces)

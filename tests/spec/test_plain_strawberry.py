"""The shop of examples/plain_strawberry: the same directives, enforced by an extension in plain Strawberry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from strawberry.extensions import SchemaExtension

from audits.schema.facts import Facts
from audits.schema.lint import lint
from audits.schema.sources import Text
from audits.schema.vocabulary import Vocabulary
from examples.plain_strawberry.purpose_extension import Token, enforce
from examples.plain_strawberry.shop import Query, schema, served_by

EXAMPLE = Path(__file__).parents[2] / "examples" / "plain_strawberry"
EVERYTHING = frozenset(("DELIVERY", "SUPPORT", "NEWSLETTER"))


def ask(document: str, *purposes: str, stated: str | None = None, **variables: Any) -> Any:
    token = Token(frozenset(purposes), stated=stated)
    return schema.execute_sync(document, context_value={"token": token}, variable_values=variables)


def refused(document: str, *purposes: str, **given: Any) -> list[str]:
    result = ask(document, *purposes, **given)
    assert result.data is None
    assert {each.extensions["code"] for each in result.errors} == {"UNAUTHORIZED_FIELD_OR_TYPE"}
    return [each.extensions["coordinate"] for each in result.errors]


def test_a_purpose_reads_what_it_may_and_nothing_else() -> None:
    assert ask("{ customers { name address } }", "DELIVERY").data == {
        "customers": [{"name": "Ada", "address": "1 Row"}, {"name": "Ben", "address": "2 Row"}]
    }
    assert refused("{ customers { name address email } }", "NEWSLETTER") == ["Customer.name", "Customer.address"]
    assert ask("{ products { name } }").data == {"products": [{"name": "Loom"}]}, "nobody's data needs no purpose"


def test_a_refused_operation_is_not_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    def executed(*_: Any) -> Any:
        raise AssertionError("a resolver ran")

    field = Query.__strawberry_definition__.get_field("customers")  # type: ignore[attr-defined]
    assert field is not None
    monkeypatch.setattr(field.base_resolver, "wrapped_func", executed)
    assert refused("{ products { name } customers { name } }", "NEWSLETTER") == ["Customer.name"]


def test_where_a_condition_does_not_hold_there_is_no_value() -> None:
    """Rule 9.2: nothing tells it from a value that is missing."""
    result = ask("{ customers { email } }", "NEWSLETTER")
    assert result.data == {"customers": [{"email": "ada@example.com"}, {"email": None}]}
    assert result.errors is None
    both = ask("{ customers { email } }", "SUPPORT").data["customers"]
    assert [each["email"] for each in both] == ["ada@example.com", "ben@example.com"], "for support it always holds"


def test_the_purpose_is_granted_and_not_claimed() -> None:
    """Rule 8.1."""
    document = "{ customers { email } }"
    assert refused(document, "DELIVERY", stated="SUPPORT") == ["Query.customers", "Customer.email"]
    assert refused(document, *EVERYTHING) == ["Query.customers", "Customer.email"], "one of several must be stated"
    assert ask(document, *EVERYTHING, stated="SUPPORT").data
    assert refused(document) == ["Query.customers", "Customer.email"]


def test_an_argument_that_searches_needs_its_purpose() -> None:
    document = "query($e: String) { customers(email: $e) { name } }"
    assert ask(document, "SUPPORT", e="ben@example.com").data == {"customers": [{"name": "Ben"}]}
    assert refused(document, "DELIVERY", e="ben@example.com") == ["Query.customers(email:)"]


def test_a_condition_that_nobody_can_evaluate_closes() -> None:
    blind = served_by(enforce(lambda context: context["token"]))
    result = blind.execute_sync("{ customers { email } }", context_value={"token": Token(frozenset(["NEWSLETTER"]))})
    assert [each.extensions["coordinate"] for each in result.errors or ()] == ["Customer.email"]


def test_without_the_extension_the_directives_are_mere_words() -> None:
    """What these tests see is the extension's doing."""
    open_ = served_by(SchemaExtension)
    assert open_.execute_sync("{ customers { name address email } }").data


def test_the_shop_is_clean() -> None:
    facts = Facts.of(Text("shop.graphql", schema.as_str()))
    assert lint(facts, Vocabulary.of_schema(facts.sdl)) == []


def test_the_example_is_small_and_knows_nothing_of_the_gateway() -> None:
    texts = [(EXAMPLE / name).read_text() for name in ("purpose_rules.py", "purpose_extension.py")]
    code = [line for text in texts for line in text.splitlines() if line.strip()]
    assert len(code) < 250
    floors = ("gateway", "schema", "policy", "audits", "resolvers", "store")
    every = "\n".join(each.read_text() for each in Path(EXAMPLE).glob("*.py"))
    assert not [floor for floor in floors if f"from {floor}." in every or f"import {floor}" in every]

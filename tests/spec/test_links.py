"""`@link` decides the meaning of a directive's name: imports, other names, the prefix, versions nobody can read."""

from __future__ import annotations

import pytest

from audits.schema.checks import Check
from audits.schema.facts import Fact, Facts
from audits.schema.lint import lint
from audits.schema.sources import Text
from audits.schema.vocabulary import Vocabulary

URL = "https://specs.example.org/purpose/v1.0"
FIELDS = """
type Query {
  name: String %s(category: NAME) %s(allows: [INVOICING]) %s(rule: CUSTOMER_LIFE)
}
"""


def read(link: str, *names: str) -> Facts:
    return Facts.of(Text("linked.graphql", f"extend schema {link}\n" + FIELDS % names))


def fact(link: str, *names: str) -> Fact:
    facts = read(link, *names)
    assert not facts.sdl.errors, facts.sdl.errors
    return facts.all["Query.name"]


UNDERSTOOD = {
    "imported": (
        f'@link(url: "{URL}", import: ["@personalData", "@purpose", "@retention"])',
        ("@personalData", "@purpose", "@retention"),
    ),
    "renamed": (
        f'@link(url: "{URL}", import: [{{name: "@purpose", as: "@usedFor"}}, "@personalData", "@retention"])',
        ("@personalData", "@usedFor", "@retention"),
    ),
    # A directive that has the specification's own name is the prefix alone (link v1.0).
    "prefixed": (f'@link(url: "{URL}")', ("@purpose__personalData", "@purpose", "@purpose__retention")),
    "prefix renamed": (f'@link(url: "{URL}", as: "gdpr")', ("@gdpr__personalData", "@gdpr", "@gdpr__retention")),
    "link renamed": (
        f'@core(url: "https://specs.apollo.dev/link/v1.0", as: "core") @core(url: "{URL}", as: "p")',
        ("@p__personalData", "@p", "@p__retention"),
    ),
    "not linked": ('@link(url: "https://specs.apollo.dev/link/v1.0")', ("@personalData", "@purpose", "@retention")),
}


@pytest.mark.parametrize("way", UNDERSTOOD)
def test_every_way_to_name_the_directives_says_the_same(way: str) -> None:
    link, names = UNDERSTOOD[way]
    said = fact(link, *names)
    assert (said.category, dict(said.purposes), said.retention) == ("NAME", {"INVOICING": None}, ("CUSTOMER_LIFE",))
    assert lint(read(link, *names)) == []


NOT_UNDERSTOOD = {
    "not imported": (f'@link(url: "{URL}", import: ["@personalData"])', ("@personalData", "@purpose", "@retention")),
    "another's": ('@link(url: "https://specs.example.com/purpose/v1.0")', ("@purpose__personalData", "@p", "@r")),
    "its former name": (
        f'@link(url: "{URL}", import: [{{name: "@personalData", as: "@pd"}}])',
        ("@personalData", "@purpose", "@retention"),
    ),
}


@pytest.mark.parametrize("way", NOT_UNDERSTOOD)
def test_a_name_that_is_not_linked_protects_nothing_and_is_reported(way: str) -> None:
    link, names = NOT_UNDERSTOOD[way]
    found = lint(read(link, *names))
    assert {each.level for each in found} & {"error", "warning"}, found
    said = fact(link, *names)
    assert said.category is None or not said.retention


def test_a_directive_that_is_not_imported_is_named() -> None:
    link, names = NOT_UNDERSTOOD["not imported"]
    (found,) = [each for each in lint(read(link, *names)) if each.check is Check.MISTYPED]
    assert "@retention is not imported" in found.message


@pytest.mark.parametrize(
    ("link", "wrong"),
    [
        ('@link(url: "https://specs.example.org/purpose/v2.0")', "only v1.0"),
        ('@link(url: "https://specs.example.org/purpose/v1.9")', "only v1.0"),
        ('@link(url: "https://specs.example.org/purpose")', "only v1.0"),
        (f'@link(url: "{URL}", import: ["@purposes"])', "no @purposes"),
        (f'@link(url: "{URL}", import: ["Purposes"])', "no type Purposes"),
        (f'@link(url: "{URL}", import: [7])', "an import is a name"),
    ],
)
def test_a_link_that_cannot_be_read_is_an_error(link: str, wrong: str) -> None:
    found = [each for each in lint(read(link, "@personalData", "@purpose", "@retention")) if each.check is Check.LINK]
    assert [wrong in each.message for each in found] == [True]
    assert found[0].level == "error"


def test_directives_of_a_version_that_cannot_be_read_declare_nothing() -> None:
    """To read them as if they meant what they mean today would be a guess."""
    link = '@link(url: "https://specs.example.org/purpose/v2.0")'
    facts = read(link, "@personalData", "@purpose", "@retention")
    assert not facts.all["Query.name"].governs


def test_the_scopes_of_federation_may_be_imported_under_another_name() -> None:
    link = '@link(url: "https://specs.apollo.dev/federation/v2.9", import: [{name: "@requiresScopes", as: "@scopes"}])'
    fields = 'a: Int @scopes(scopes: [["x"]]) b: Int @requiresScopes(scopes: [["y"]])'
    text = f"extend schema {link}\ntype Query {{ {fields} }}"
    facts = Facts.of(Text("federated.graphql", text))
    assert facts.all["Query.a"].scopes == {frozenset({"x"})}
    assert not facts.all["Query.b"].scopes


@pytest.mark.parametrize("name", ["Purpose", "purpose__Purpose", "Use"])
def test_the_schemas_own_words_are_found_under_the_name_of_their_type(name: str) -> None:
    imported = {"Purpose": '"Purpose"', "purpose__Purpose": "", "Use": '{name: "Purpose", as: "Use"}'}[name]
    text = f'extend schema @link(url: "{URL}", import: [{imported}])\nenum {name} {{ "Send parcels." SHIPPING }}'
    words = Vocabulary.of_schema_alone(Facts.of(Text("words.graphql", text)).sdl)
    assert words.names["Purpose"] == {"SHIPPING": "Send parcels."}

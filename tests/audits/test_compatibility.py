"""Each kind of change as clients see it: which documents break, where it stands, and what a sign-off does about it."""

from __future__ import annotations

import json

import pytest
from graphql.utilities import BreakingChangeType, DangerousChangeType, SafeChangeType

from audits.compatibility.changes import ClientChange, Impact
from audits.compatibility.comparing import breaking, client_changes
from audits.compatibility.shape import KINDS
from audits.compatibility.terms import TERMS
from audits.forms.sarif import changes_sarif
from audits.schema.changes import ChangeKind
from audits.schema.diff import diff
from audits.schema.facts import Facts
from audits.schema.signoffs import SignOffs, proposed
from audits.schema.sources import Text
from schema.api.build import own_model
from schema.audits.printed import own_facts, own_schema
from tests.audits.schemas import SMALL

BASE = """
directive @fits(how: String = "a", size: Int, old: Int) repeatable on FIELD | QUERY
directive @of(what: String) on FIELD_DEFINITION
interface Named { name: String }
interface Aged { age: Int }
type Cat implements Named & Aged { name: String age: Int }
type Dog { size(unit: Unit = METRE, old: Int): Int! }
type Bird { id: ID }
union Pet = Cat | Dog
enum Unit { METRE FOOT INCH }
input By { id: ID, name: String = "a", most: Int, kind: Unit = FOOT, small: Int! }
scalar Moment @specifiedBy(url: "https://example.com/1")
type Query { pets(by: By, first: Int = 3, all: Boolean, last: Int!): [Pet] birds: [Bird] at: Moment }
"""
"""A schema with one of everything; each case changes one place of it."""
INPUT, FITS = (next(line for line in BASE.splitlines() if begin in line) for begin in ("input By", "directive @fits"))

B, D, S = BreakingChangeType, DangerousChangeType, SafeChangeType
CASES = [
    (B.TYPE_REMOVED, "Bird", ("type Bird { id: ID }", ""), (" birds: [Bird]", "")),
    (B.TYPE_CHANGED_KIND, "Bird", ("type Bird", "interface Bird")),
    (B.TYPE_REMOVED_FROM_UNION, "Pet", ("Cat | Dog", "Cat")),
    (B.VALUE_REMOVED_FROM_ENUM, "Unit.INCH", (" INCH", "")),
    (B.REQUIRED_INPUT_FIELD_ADDED, "By.must", ("small: Int!", "small: Int!, must: Int!")),
    (B.IMPLEMENTED_INTERFACE_REMOVED, "Cat", ("Named & Aged", "Named")),
    (B.FIELD_REMOVED, "Query.birds", (" birds: [Bird]", "")),
    (B.FIELD_REMOVED, "By.most", (" most: Int,", "")),
    (B.FIELD_CHANGED_KIND, "Dog.size", ("): Int!", "): Int")),
    (B.REQUIRED_ARG_ADDED, "Query.pets(must:)", ("last: Int!", "last: Int!, must: Int!")),
    (B.ARG_REMOVED, "Query.pets(all:)", (" all: Boolean,", "")),
    (B.ARG_CHANGED_KIND, "Query.pets(all:)", ("all: Boolean", "all: Int")),
    (B.DIRECTIVE_REMOVED, "@fits", (FITS, "")),
    (B.DIRECTIVE_ARG_REMOVED, "@fits(size:)", (" size: Int,", "")),
    (B.REQUIRED_DIRECTIVE_ARG_ADDED, "@fits(must:)", ("(how:", "(must: Int!, how:")),
    (B.DIRECTIVE_REPEATABLE_REMOVED, "@fits", (" repeatable", "")),
    (B.DIRECTIVE_LOCATION_REMOVED, "@fits", ("FIELD | QUERY", "FIELD")),
    (D.VALUE_ADDED_TO_ENUM, "Unit.MILE", (" INCH", " INCH MILE")),
    (D.TYPE_ADDED_TO_UNION, "Pet", ("Cat | Dog", "Cat | Dog | Bird")),
    (D.OPTIONAL_INPUT_FIELD_ADDED, "By.also", ("most: Int", "most: Int, also: Int")),
    (D.OPTIONAL_ARG_ADDED, "Query.pets(also:)", ("all: Boolean", "all: Boolean, also: Int")),
    (
        D.IMPLEMENTED_INTERFACE_ADDED,
        "Bird",
        ("type Bird { id: ID }", "type Bird implements Named { id: ID name: String }"),
    ),
    (D.ARG_DEFAULT_VALUE_CHANGE, "Query.pets(first:)", ("first: Int = 3", "first: Int = 4")),
    (D.INPUT_FIELD_DEFAULT_VALUE_CHANGE, "By.name", ('name: String = "a"', 'name: String = "Query.pets"')),
    (S.TYPE_ADDED, "Fish", ("union Pet", "type Fish { id: ID } union Pet")),
    (S.DIRECTIVE_ADDED, "@new", ("union Pet", "directive @new on FIELD union Pet")),
    (S.FIELD_ADDED, "Bird.song", ("{ id: ID }", "{ id: ID song: String }")),
    (S.DIRECTIVE_REPEATABLE_ADDED, "@of", ("what: String)", "what: String) repeatable")),
    (S.DIRECTIVE_LOCATION_ADDED, "@fits", ("FIELD | QUERY", "FIELD | QUERY | MUTATION")),
    (S.OPTIONAL_DIRECTIVE_ARG_ADDED, "@fits(also:)", ("(how:", "(also: Int, how:")),
    (S.FIELD_CHANGED_KIND_SAFE, "Bird.id", ("{ id: ID }", "{ id: ID! }")),
    (S.ARG_CHANGED_KIND_SAFE, "Query.pets(last:)", ("last: Int!", "last: Int")),
    (S.ARG_DEFAULT_VALUE_ADDED, "Query.pets(all:)", ("all: Boolean", "all: Boolean = true")),
    (S.INPUT_FIELD_DEFAULT_VALUE_ADDED, "By.most", ("most: Int", "most: Int = 1")),
]
OWN = [
    ("one-of-added", Impact.BREAKING, "By", (INPUT, "input By @oneOf { id: ID, name: String }")),
    ("specification-changed", Impact.DANGEROUS, "Moment", ("com/1", "com/2")),
    ("root-changed", Impact.BREAKING, "Root", ("type Query", "schema { query: Root } type Root { a: Int } type Query")),
    ("deprecated", Impact.SAFE, "Query.pets(all:)", ("all: Boolean", 'all: Boolean @deprecated(reason: "2027-01-01")')),
    ("deprecated", Impact.SAFE, "Unit.INCH", ("INCH", 'INCH @deprecated(reason: "2027-01-01")')),
    ("deprecated", Impact.SAFE, "Bird.id", ("{ id: ID }", '{ id: ID @deprecated(reason: "2027-01-01") }')),
    ("deprecated", Impact.SAFE, "By.most", ("most: Int", 'most: Int @deprecated(reason: "2027-01-01")')),
]
BACKWARDS = {"one-of-added": "one-of-removed", "deprecated": "deprecation-removed"}


def compared(old: str, new: str) -> list[ClientChange]:
    """The changes from one text to another."""
    texts = Text("old.graphql", old), Text("new.graphql", new)
    facts = Facts.of(texts[0]), Facts.of(texts[1])
    return client_changes(*texts, facts, diff(*facts))


def edited(*places: tuple[str, str], text: str = BASE) -> str:
    """The schema with some places changed; each must be there."""
    for old, new in places:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0].name}-{number}" for number, each in enumerate(CASES)])
def test_each_kind_of_graphql_core_has_its_coordinate_and_place(case: tuple) -> None:  # type: ignore[type-arg]
    kind, coordinate, *places = case
    found = [each for each in compared(BASE, edited(*places)) if each.id == kind.name.lower().replace("_", "-")]
    assert [each.coordinate for each in found] == [coordinate]
    (change,) = found
    expected = {B: Impact.BREAKING, D: Impact.DANGEROUS, S: Impact.SAFE}[type(kind)]
    assert change.impact is expected
    assert change.needs_sign_off == (expected is Impact.BREAKING)
    removed = kind in (B.TYPE_REMOVED, B.VALUE_REMOVED_FROM_ENUM, B.FIELD_REMOVED, B.ARG_REMOVED, B.DIRECTIVE_REMOVED)
    assert change.place.file == ("old.graphql" if removed else "new.graphql")
    if coordinate[0] != "@":
        assert change.place.line > 1


def test_every_kind_of_graphql_core_is_tried() -> None:
    """Safe inputs and arguments are dangerous to graphql-core, and descriptions are left out."""
    left_out = {S.DESCRIPTION_CHANGED, S.OPTIONAL_INPUT_FIELD_ADDED, S.OPTIONAL_ARG_ADDED}
    assert {each[0] for each in CASES} | left_out == set(KINDS)


@pytest.mark.parametrize("case", OWN, ids=[f"{each[0]}-{number}" for number, each in enumerate(OWN)])
def test_each_kind_of_our_own(case: tuple) -> None:  # type: ignore[type-arg]
    kind, impact, coordinate, *places = case
    new = edited(*places)
    assert [(each.impact, each.coordinate) for each in compared(BASE, new) if each.id == kind] == [(impact, coordinate)]
    if kind in BACKWARDS:
        back = [(each.impact, each.coordinate) for each in compared(new, BASE) if each.id == BACKWARDS[kind]]
        assert back == [(Impact.SAFE, coordinate)]


def test_no_document_contains_a_directive_of_the_schema_language() -> None:
    (change,) = compared(BASE, edited(("directive @of(what: String) on FIELD_DEFINITION", "")))
    assert (change.id, change.impact) == ("directive-removed", Impact.DANGEROUS)


@pytest.mark.parametrize(
    ("kind", "impact", "old", "new"),
    [
        (
            ChangeKind.PURPOSE_REMOVED,
            Impact.BREAKING,
            "NAME) @purpose(allows: [INVOICING, EMERGENCY_CONTACT])",
            "NAME) @purpose(allows: [INVOICING])",
        ),
        (
            ChangeKind.DECLARED,
            Impact.BREAKING,
            ' @public(why: "the number of the build")',
            " @purpose(allows: [INVOICING])",
        ),
        (
            ChangeKind.SCOPE_TIGHTENED,
            Impact.BREAKING,
            "createdAt: String",
            'createdAt: String @requiresScopes(scopes: [["a"]])',
        ),
        (ChangeKind.THIRD_PARTY_CLOSED, Impact.BREAKING, None, None),
        (
            ChangeKind.STEP_UP_ADDED,
            Impact.BREAKING,
            "createdAt: String",
            "createdAt: String @stepUp(maxAgeSeconds: 300)",
        ),
        (
            ChangeKind.CONDITION_ADDED,
            Impact.DANGEROUS,
            "PHONE) @purpose(allows: [EMERGENCY_CONTACT]",
            "PHONE) @purpose(allows: [EMERGENCY_CONTACT], when: NEWS_NOT_DECLINED",
        ),
        (
            ChangeKind.CONDITION_CHANGED,
            Impact.DANGEROUS,
            "when: NEWS_NOT_DECLINED)\n  phone",
            "when: CARD_STORAGE_CONSENTED)\n  phone",
        ),
    ],
)
def test_what_changes_for_privacy_changes_for_clients(
    kind: ChangeKind, impact: Impact, old: str | None, new: str | None
) -> None:
    if kind is ChangeKind.THIRD_PARTY_CLOSED:
        before, after = edited(("createdAt: String", 'createdAt: String @thirdParty(scopes: ["a"])'), text=SMALL), SMALL
    else:
        before, after = SMALL, edited((str(old), str(new)), text=SMALL)
    assert [each.impact for each in compared(before, after) if each.id == kind.id] == [impact]


def test_every_term_is_tried() -> None:
    (mark,) = test_what_changes_for_privacy_changes_for_clients.pytestmark  # type: ignore[attr-defined]
    assert {each[0] for each in mark.args[1]} == set(TERMS)


def test_a_removal_says_whether_it_was_deprecated() -> None:
    gone = edited((" birds: [Bird]", ""))
    (never,) = [each for each in compared(BASE, gone) if each.id == "field-removed"]
    assert never.message == "Field Query.birds was removed. It was never deprecated."
    was = edited(("birds: [Bird]", 'birds: [Bird] @deprecated(reason: "Use pets; 2027-01-01")'))
    (once,) = [each for each in compared(was, gone) if each.id == "field-removed"]
    assert once.message.endswith("It was deprecated: Use pets; 2027-01-01")


def test_a_sign_off_covers_what_breaks() -> None:
    changes = compared(BASE, edited((" birds: [Bird]", "")))
    assert len(breaking(changes)) == 1
    filled = proposed(breaking(changes)).replace('= ""', '= "x"')
    signed = SignOffs.read(Text("s.toml", filled))
    accepted = signed.changes(changes)
    assert breaking(accepted) == []
    assert signed.stale == ()
    assert "suppressions" in json.loads(changes_sarif([], accepted, "1"))["runs"][0]["results"][0]


def test_nothing_changed_is_nothing_said() -> None:
    own = own_schema(own_model())
    assert client_changes(own, own, (own_facts(own_model()), own_facts(own_model())), []) == []
    described = edited(("type Bird", '"""A bird."""\ntype Bird'))
    assert compared(BASE, described) == []


def test_of_our_own_schema_a_removed_field_is_found() -> None:
    own = own_schema(own_model())
    begin = own.text.index("\ntype Grant ")
    head, rest = own.text[:begin], own.text[begin:]
    assert "  sessionId: ID" in rest.partition("\n}")[0]
    new = Text("new", head + rest.replace("  sessionId: ID", "  theSessionId: ID", 1))
    facts = own_facts(own_model()), Facts.of(new)
    found = client_changes(own, new, facts, diff(*facts))
    assert [each.coordinate for each in breaking(found)] == ["Grant.sessionId"]

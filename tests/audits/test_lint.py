"""Every check of the lint, by a schema that fails it; and the gateway's own schema, which fails none (R1, G9)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, Table

from audits.schema.checks import Check, failing
from audits.schema.facts import Facts
from audits.schema.lint import lint
from audits.schema.signoffs import SignOffs
from audits.schema.sources import Text, read_text
from audits.schema.vocabulary import Vocabulary
from messages.catalogue import FILE, LOCALES, use
from policy.purposes import Purpose
from policy.rules import Rule
from schema.api.build import core_schema, sdl
from schema.model.model import SchemaModel
from store.sql.metadata import metadata
from tests.audits.schemas import HOUSE, SMALL, changed, checks, facts_of, findings


def test_the_small_schema_and_our_own_are_clean() -> None:
    assert findings(SMALL) == []
    # A sentence that is not translated yet is told in English: a warning, so that a new purpose is one line.
    assert [each for each in lint(Facts.of(read_text(HOUSE))) if each.check is not Check.UNTRANSLATED] == []


def test_the_text_says_what_the_gateway_enforces() -> None:
    """The facts that audits read from SDL are the rules that the engine decides by."""
    facts, model = Facts.of(Text("printed", sdl())), SchemaModel(core_schema())
    assert facts.all.keys() >= model.rules.keys()
    for coordinate, rule in model.rules.items():
        read = facts.all[coordinate]
        assert told(read.rule()) == told(rule), coordinate
        if rule.category is not None:
            assert rule.retention is not None
            assert rule.retention.name in read.retention, coordinate


def told(rule: Rule) -> tuple[object, ...]:
    """A rule without the grouping of its allowances."""
    allowed = {purpose: each.when for each in rule.allowances for purpose in each.purposes}
    return rule.category, allowed, set(rule.disclosed_to), set(rule.scopes), rule.inbound


EMAIL = "email: String @personalData(category: EMAIL) @purpose(allows: [INVOICING])"
NAME = "name: String @personalData(category: NAME)"

CASES = [
    (Check.UNKNOWN_CATEGORY, "category: NAME", "category: NAMES"),
    (Check.UNKNOWN_PURPOSE, "allows: [EMERGENCY_CONTACT])\n  createdAt", "allows: [EMERGENCY])\n  createdAt"),
    (Check.UNKNOWN_CONDITION, "NEWS_NOT_DECLINED", "NEWS_WANTED"),
    (Check.UNKNOWN_RECIPIENT, "PAYMENT_AFFILIATE", "DATA_BROKER"),
    (Check.UNKNOWN_RETENTION, "rule: CUSTOMER_LIFE", "rule: FOREVER"),
    (Check.UNKNOWN_TYPE, "card: Card", "card: Cart"),
    (Check.UNDECLARED, "createdAt: String @purpose(allows: [INVOICING])", "createdAt: String"),
    (Check.UNDECLARED, '@public(why: "the number of the build")', ""),
    (
        Check.UNDECLARED_PATH,
        "card: Card @personalData(category: CARD_BRAND) @purpose(allows: [PAYMENT_EXECUTION])",
        "card: Card",
    ),
    (
        Check.UNDECLARED_ARGUMENT,
        "id: ID! @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING]) @retention(rule: NOT_STORED)",
        "id: ID!",
    ),
    (Check.UNDECLARED_ARGUMENT, "    id: ID!", "    email: String\n    id: ID!"),
    (Check.UNDECLARED_INPUT, "    id: ID!", "    by: By\n    id: ID!"),
    (Check.NO_PURPOSE, NAME + " @purpose(allows: [INVOICING, EMERGENCY_CONTACT])", NAME),
    (Check.NO_RETENTION, "type Customer @retention(rule: CUSTOMER_LIFE)", "type Customer"),
    (Check.PURPOSE_TWICE, "when: NEWS_NOT_DECLINED)", "when: NEWS_NOT_DECLINED) @purpose(allows: [INVOICING])"),
    (Check.CONTRADICTION, EMAIL, EMAIL + ' @public(why: "no")'),
    (Check.HARD_RULE, "category: PHONE) @purpose(allows: [", "category: PHONE) @purpose(allows: [SERVICE_PROVISION, "),
    (Check.HARD_RULE, ", when: NEWS_NOT_DECLINED", ""),
    (Check.NOT_NULLABLE, EMAIL, EMAIL.replace("String", "String!")),
    (Check.MALFORMED, "@personalData(category: NAME)", "@personalData"),
    (Check.MALFORMED, "@purpose(allows: [EMERGENCY_CONTACT])", "@purpose(allows: [])"),
    (
        Check.MALFORMED,
        "@retention(rule: CARD_CONSENT)",
        "@retention(rule: CARD_CONSENT) @retention(rule: CUSTOMER_LIFE)",
    ),
    (Check.WIDER_FIELD, "type Card @retention", "type Card @purpose(allows: [INVOICING]) @retention"),
    (Check.MISTYPED, "createdAt: String", "createdAt: String @personaldata(category: NAME)"),
    (Check.MISTYPED, "createdAt: String", "createdAt: String @purposes(allows: [INVOICING])"),
    (
        Check.PURPOSE_OFF,
        "allows: [INVOICING, EMERGENCY_CONTACT, PAYMENT",
        "allows: [STATUTORY_RETENTION, INVOICING, EMERGENCY_CONTACT, PAYMENT",
    ),
    (Check.DEPRECATED_PERSONAL, EMAIL, EMAIL + ' @deprecated(reason: "use another, may go from 2028-01-01")'),
    (Check.DEPRECATED_UNDATED, EMAIL, EMAIL + ' @deprecated(reason: "use another")'),
    (Check.DEPRECATED_UNDATED, EMAIL, EMAIL + ' @deprecated(reason: "use another, may go from 2028-13-01")'),
]


@pytest.mark.parametrize(
    ("check", "old", "new"), CASES, ids=[f"{each[0].id}-{number}" for number, each in enumerate(CASES)]
)
def test_each_check_finds_what_it_is_for(check: Check, old: str, new: str) -> None:
    text = changed(old, new) + "\ninput By { email: String kind: Kind }\nenum Kind { A }\n"
    found = [each for each in findings(text) if each.check is check]
    assert found, [str(each) for each in findings(text)]
    for each in found:
        assert each.place.file == "test.graphql"
        assert text.splitlines()[each.place.line - 1].strip(), "the line it points to holds something"
        assert each.advice
        assert each.level == check.level


OTHERS = {
    Check.SYNTAX: "type A {",
    Check.DUPLICATE: SMALL + "type Card { x: Int }",
    Check.CIRCLE: SMALL + "interface I implements I { a: Int }",
    Check.INTERFACE_GAP: SMALL + "interface I { a: Int }\ntype T implements I { b: Int }",
    Check.INTERFACE_DISAGREES: SMALL
    + """interface Named @retention(rule: KEYS) {
      name: String @personalData(category: NAME) @purpose(allows: [ERASURE])
    }
    type T implements Named @retention(rule: KEYS) {
      name: String @personalData(category: NAME) @purpose(allows: [INVOICING])
    }""",
    Check.NOTHING_DECLARED: "type Query { user: User }\ntype User { email: String }",
    Check.LOOKS_PERSONAL: SMALL + "type Other { emailAddress: String }",
    Check.UNKNOWN_COLUMN: changed("category: NAME)", 'category: NAME, source: "customers.nickname")').replace(
        "category: PHONE)", 'category: PHONE, source: "customers.phone")'
    ),
    Check.COLUMN_DISAGREES: changed("category: NAME)", 'category: NAME, source: "customers.email")'),
    Check.SECRET_COLUMN: changed("category: CARD_BRAND)", 'category: CARD_NUMBER, source: "card_vault.number")'),
    Check.MALFORMED: SMALL + "union Owner @personalData(category: NAME) = Customer | Card",
    Check.LINK: SMALL + 'extend schema @link(url: "https://specs.example.org/purpose/v2.0")',
    Check.STALE_TEXT: SMALL + 'enum Purpose { """Whatever we like.""" INVOICING }',
    Check.NARROWER_TYPE: changed(
        "brand: String @personalData(category: CARD_BRAND) @purpose(allows: [",
        "brand: String @personalData(category: CARD_BRAND) @purpose(allows: [SELF_SERVICE, ",
    ),
}
OF_REGISTRATIONS = {
    Check.BAD_DOCUMENT, Check.FIELD_GONE, Check.OVERREACH, Check.PURPOSE_NOT_HELD, Check.CLIENT_PURPOSE_GONE,
    Check.CLIENT_PURPOSE_OFF, Check.UNUSED_PURPOSE, Check.LEDGER_ENTRY, Check.ERASURE_OVERDUE, Check.WORDING_CHANGED,
}  # fmt: skip


@pytest.mark.parametrize("check", OTHERS, ids=lambda each: each.id)
def test_checks_that_need_a_schema_of_their_own(check: Check) -> None:
    assert check in checks(OTHERS[check])


def test_a_table_that_names_no_rule_of_retention_is_found() -> None:
    """Whoever goes round store/sql/metadata.py: only over our own store, and it is an error."""
    forgotten = Table("forgotten", metadata, Column("id", Integer, primary_key=True))
    try:
        found = [each for each in findings(OTHERS[Check.COLUMN_DISAGREES]) if each.check is Check.TABLE_UNRULED]
        assert [(each.coordinate, each.level) for each in found] == [("forgotten", "error")]
        assert Check.TABLE_UNRULED not in checks(SMALL)
        said = [each for each in findings(OTHERS[Check.COLUMN_DISAGREES]) if each.check is Check.TABLE_UNDECLARED]
        assert [(each.coordinate, each.level) for each in said] == [("forgotten", "error")], "and whose rows it has"
    finally:
        metadata.remove(forgotten)


def test_a_sentence_that_a_language_lacks_is_named_with_the_file_to_add_it_to(tmp_path: Path) -> None:
    text = SMALL + "enum Purpose { INVOICING }"
    assert Check.UNTRANSLATED not in checks(text)
    catalogue = tmp_path / "fr" / FILE
    catalogue.parent.mkdir(parents=True)
    shipped = (LOCALES / "fr" / FILE).read_text("utf-8")
    entry = f'msgid "{Purpose.INVOICING.text}"\nmsgstr '
    assert entry in shipped
    catalogue.write_text(shipped.replace(entry, 'msgid "Something else"\nmsgstr '), "utf-8")
    use(tmp_path)
    try:
        (found,) = (each for each in findings(text) if each.check is Check.UNTRANSLATED)
    finally:
        use()
    assert (found.coordinate, found.level, found.place.file) == ("Purpose.INVOICING", "warning", str(catalogue))
    assert "“fr”" in found.message
    assert not failing([found]) and failing([found], strict=True)


OF_PAPERS = {
    Check.PAPER_MISSING, Check.PAPER_OUTDATED, Check.PAPER_BEHIND, Check.PAPER_WORDS, Check.PAPER_ALTERED,
    Check.TRANSFER_UNGUARDED, Check.TEXT_UNDECLARED,
}  # fmt: skip
"""Tried where papers are released (tests/gateway/test_papers.py) and where texts are written (tests/promises)."""


def test_every_check_is_tried() -> None:
    tried = {case[0] for case in CASES} | OTHERS.keys() | OF_REGISTRATIONS | OF_PAPERS
    tried |= {Check.TABLE_UNRULED, Check.TABLE_UNDECLARED, Check.UNTRANSLATED}
    assert tried == set(Check)


def test_relay_and_what_leads_nowhere_need_no_words() -> None:
    text = SMALL.replace("version: String", "customers(first: Int, after: String, sort: Sort): CustomerConnection"
        " @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING])\n  about: About\n  version: String") + """
    type CustomerConnection { edges: [CustomerEdge!] nodes: [Customer!] pageInfo: PageInfo! totalCount: Int }
    type CustomerEdge { cursor: String! node: Customer }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type About { version: String }
    enum Sort { BY_NAME }
    """  # fmt: skip
    assert findings(text) == []
    leaking = text.replace("cursor: String! node", "cursor: String! note: String node")
    assert [(each.check, each.coordinate) for each in findings(leaking)] == [(Check.UNDECLARED, "CustomerEdge.note")]
    open_ = text.replace(" @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING])\n  about", "\n  about")
    assert {each.coordinate for each in findings(open_)} == {"Query.customers"}


def test_an_interface_may_leave_it_to_its_types_if_all_of_them_speak() -> None:
    text = SMALL.replace("type Customer @", "type Customer implements Node @").replace(
        "  name: String", "  id: ID! @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING])\n  name: String"
    )
    assert findings(text + "interface Node { id: ID! }") == []
    odd = text + "interface Node { id: ID! }\ntype Odd implements Node { id: ID! customer: Customer }"
    assert Check.UNDECLARED in checks(odd)


def test_scopes_on_a_type_bind_its_fields() -> None:
    text = SMALL + 'type Audit @requiresScopes(scopes: [["audit:read"]]) { entries: Int }'
    assert findings(text) == []
    assert facts_of(text).all["Audit.entries"].scopes == frozenset({frozenset({"audit:read"})})


def test_another_team_may_bring_its_own_words() -> None:
    text = changed("allows: [EMERGENCY_CONTACT])\n  createdAt", "allows: [TRIAGE])\n  createdAt")
    text += 'enum Purpose { """Decide who is treated first.""" TRIAGE }'
    assert Check.UNKNOWN_PURPOSE in checks(text)
    facts = facts_of(text)
    assert Check.UNKNOWN_PURPOSE not in {each.check for each in lint(facts, Vocabulary.of_schema(facts.sdl))}


def test_a_name_never_decides_and_only_suggests() -> None:
    """Structure decides: `emailAddress` on a type without personal data is a note, and no build fails for it."""
    found = findings(SMALL + "type Other { emailAddress: String phone_number: String plain: String }")
    assert {each.level for each in found} == {"note"}
    assert not failing(found, strict=True)
    assert {each.coordinate for each in found} == {"Other.emailAddress", "Other.phone_number"}


def test_a_finding_can_be_signed_off_but_never_a_hard_rule() -> None:
    text = changed("createdAt: String @purpose(allows: [INVOICING])", "createdAt: String").replace(
        "category: PHONE) @purpose(allows: [", "category: PHONE) @purpose(allows: [PRODUCT_NEWS, "
    )
    entry = '[[accept]]\ncoordinate = "{}"\nchange = "{}"\nwho = "Dana"\nwhy = "known"\n'
    signed = SignOffs.read(
        Text("s.toml", entry.format("Customer.createdAt", "undeclared") + entry.format("Customer.phone", "hard-rule"))
    )
    found = signed.findings(findings(text))
    accepted = [each for each in found if each.accepted]
    assert [(each.coordinate, each.level, each.accepted) for each in accepted] == [
        ("Customer.createdAt", "note", "Dana: known")
    ]
    assert failing(found)
    assert [each.coordinate for each in signed.stale] == ["Customer.phone"]


def test_deprecated_fields_are_judged_like_all_others() -> None:
    text = changed("createdAt: String @purpose(allows: [INVOICING])", 'createdAt: String @deprecated(reason: "gone")')
    assert Check.UNDECLARED in checks(text)

"""Each kind of change between two schemas: its direction, its severity, and what a sign-off does about it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.papers.notice import notice
from audits.papers.registers import SCHEMA_ALONE
from audits.reports.diff_report import diff_report, notice_changes
from audits.schema.changes import ChangeKind, Direction, SchemaChange, Severity
from audits.schema.comparing import sensitivity
from audits.schema.diff import diff, loosening, uses
from audits.schema.facts import Fact, Facts
from audits.schema.signoffs import SignOffs, proposed
from audits.schema.sources import Text, UnreadableError
from policy.categories import Category
from policy.purposes import Purpose
from schema.api.build import own_model
from schema.audits.printed import own_facts, own_schema
from tests.audits.schemas import SMALL, changed, facts_of
from tests.audits.test_paper_diff import OF_PAPERS

OURS = own_facts(own_model())


def kinds(old: str, new: str) -> dict[ChangeKind, SchemaChange]:
    """The changes from one text to another, by kind."""
    return {each.kind: each for each in diff(facts_of(old, "old.graphql"), facts_of(new, "new.graphql"))}


NAME = "name: String @personalData(category: NAME) @purpose(allows: [INVOICING, EMERGENCY_CONTACT])"
CREATED = "createdAt: String @purpose(allows: [INVOICING])"
BY_ID = "id: ID! @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING]) @retention(rule: NOT_STORED)"
BY_EMAIL = BY_ID.replace("CUSTOMER_ID", "EMAIL").replace("id: ID!", "email: String")
NICK = "\n  nick: String @personalData(category: NAME) @purpose(allows: [ERASURE])"
PLACE = "\n  place: String @personalData(category: COARSE_LOCATION) @purpose(allows: [ACCOUNT_SECURITY])"
BILLED = 'category: NAME, source: "invoices.billed_name")'
NEWS = ", when: NEWS_NOT_DECLINED)\n  phone"
CASES = [
    (ChangeKind.PURPOSE_ADDED, "PRODUCT_NEWS", "[INVOICING])\n  card", "[INVOICING, PRODUCT_NEWS])\n  card"),
    (ChangeKind.CONDITION_REMOVED, "PRODUCT_NEWS when NEWS_NOT_DECLINED", NEWS, ")\n  phone"),
    (ChangeKind.RECIPIENT_ADDED, "AUTHORITY", "[PAYMENT_AFFILIATE]", "[PAYMENT_AFFILIATE, AUTHORITY]"),
    (ChangeKind.RETENTION_LONGER, "CARD_CONSENT -> CUSTOMER_LIFE", "rule: CARD_CONSENT", "rule: CUSTOMER_LIFE"),
    (ChangeKind.RETENTION_LONGER, "CUSTOMER_LIFE -> ERASURE_RECORDS", "rule: CUSTOMER_LIFE", "rule: ERASURE_RECORDS"),
    (ChangeKind.RETENTION_CHANGED, "CUSTOMER_LIFE -> SIGN_IN_RECORDS", "rule: CUSTOMER_LIFE", "rule: SIGN_IN_RECORDS"),
    (ChangeKind.RETENTION_REMOVED, "CARD_CONSENT", " @retention(rule: CARD_CONSENT)", ""),
    (ChangeKind.CATEGORY_MORE_SENSITIVE, "NAME -> PHONE", "category: NAME", "category: PHONE"),
    (ChangeKind.CATEGORY_LESS_PROTECTED, "PHONE -> NAME", "category: PHONE", "category: NAME"),
    (ChangeKind.CATEGORY_CHANGED, "NAME -> EMAIL", "category: NAME", "category: EMAIL"),
    (ChangeKind.CATEGORY_CHANGED, "NAME -> SHOE_SIZE", "category: NAME", "category: SHOE_SIZE"),
    (ChangeKind.UNDECLARED, "NAME", NAME, "name: String"),
    (ChangeKind.UNDECLARED, "NAME", NAME, NAME.replace(" @personalData(category: NAME)", "")),
    (ChangeKind.DECLARED, "EMAIL", CREATED, CREATED + " @personalData(category: EMAIL)"),
    (ChangeKind.FIELD_ADDED, "NAME", NAME, NAME + "\n  nick" + NAME.removeprefix("name")),
    (ChangeKind.FIELD_ADDED_NEW_USE, "NAME for ERASURE", NAME, NAME + NICK),
    (ChangeKind.DERIVED_FIELD_ADDED, "COARSE_LOCATION from IP_ADDRESS", NAME, NAME + PLACE),
    (ChangeKind.SILENT_ADDED, "String", NAME, NAME + "\n  nationalId: String"),
    (ChangeKind.SILENT_ADDED, "String", "    id: ID!", "    search: String\n    id: ID!"),
    (ChangeKind.FIELD_REMOVED, "NAME", NAME, ""),
    (ChangeKind.INPUT_REMOVED, "CUSTOMER_ID", f"(\n    {BY_ID}\n  )", ""),
    (ChangeKind.INPUT_ADDED, "EMAIL", "    id: ID!", f"    {BY_EMAIL}\n    id: ID!"),
    (ChangeKind.SCOPE_TIGHTENED, "none -> a", CREATED, CREATED + ' @requiresScopes(scopes: [["a"]])'),
    (ChangeKind.THIRD_PARTY_OPENED, "profile:read", CREATED, CREATED + ' @thirdParty(scopes: ["profile:read"])'),
    (ChangeKind.STEP_UP_ADDED, "any time -> 300 seconds", CREATED, CREATED + " @stepUp(maxAgeSeconds: 300)"),
    (ChangeKind.PUBLIC_ADDED, "the number of the build", ' @public(why: "the number of the build")', None),
    (ChangeKind.NOT_NULLABLE, "String -> String!", NAME, NAME.replace("String", "String!")),
    (ChangeKind.TYPE_CHANGED, "String -> [String!]", NAME, NAME.replace("String", "[String!]")),
    (ChangeKind.SOURCE_CHANGED, "customers.name -> invoices.billed_name", "category: NAME)", BILLED),
    (ChangeKind.DEPRECATED, "old", NAME, NAME + ' @deprecated(reason: "old")'),
    (ChangeKind.PATH_ADDED, "Card", "type Card @", "union Any = Customer | Card\ntype Card @"),
    (ChangeKind.MEANING_CHANGED, "“Write invoices.” -> “Do as we like.”", "Write invoices.", "Do as we like."),
    (ChangeKind.WORD_ADDED, "Sell it.", "INVOICING }", 'INVOICING """Sell it.""" SALE }'),
]  # fmt: skip
BACKWARDS = {
    ChangeKind.PURPOSE_ADDED: ChangeKind.PURPOSE_REMOVED,
    ChangeKind.CONDITION_REMOVED: ChangeKind.CONDITION_ADDED,
    ChangeKind.RECIPIENT_ADDED: ChangeKind.RECIPIENT_REMOVED,
    ChangeKind.RETENTION_LONGER: ChangeKind.RETENTION_SHORTER,
    ChangeKind.RETENTION_REMOVED: ChangeKind.RETENTION_DECLARED,
    ChangeKind.SCOPE_TIGHTENED: ChangeKind.SCOPE_LOOSENED,
    ChangeKind.THIRD_PARTY_OPENED: ChangeKind.THIRD_PARTY_CLOSED,
    ChangeKind.STEP_UP_ADDED: ChangeKind.STEP_UP_REMOVED,
    ChangeKind.NOT_NULLABLE: ChangeKind.NULLABLE,
    ChangeKind.WORD_ADDED: ChangeKind.WORD_REMOVED,
}
OLD = (
    SMALL.replace("category: NAME)", 'category: NAME, source: "customers.name")')
    + "union Any = Customer\n"
    + 'enum Purpose { """Write invoices.""" INVOICING }\n'
)


def texts(kind: ChangeKind, old: str, new: str | None) -> tuple[str, str]:
    """The two schemas of a case."""
    if kind is ChangeKind.PUBLIC_ADDED:
        return SMALL.replace(old, ""), SMALL
    if kind is ChangeKind.SOURCE_CHANGED:
        return OLD, changed(old, new or "")
    base = OLD if kind in (ChangeKind.MEANING_CHANGED, ChangeKind.WORD_ADDED) else SMALL
    if kind is ChangeKind.PATH_ADDED:
        return SMALL + "union Any = Customer", changed(old, new or "")
    return base, changed(old, new or "", base)


@pytest.mark.parametrize(
    ("kind", "value", "old", "new"), CASES, ids=[f"{each[0].id}-{n}" for n, each in enumerate(CASES)]
)
def test_each_kind_of_change(kind: ChangeKind, value: str, old: str, new: str | None) -> None:
    before, after = texts(kind, old, new)
    found = kinds(before, after)
    assert kind in found, list(found)
    assert found[kind].value == value
    gone = kind in (ChangeKind.FIELD_REMOVED, ChangeKind.INPUT_REMOVED)
    assert found[kind].place.file == ("old.graphql" if gone else "new.graphql")
    if kind in BACKWARDS:
        assert BACKWARDS[kind] in kinds(after, before)


def test_every_kind_is_tried() -> None:
    tried = {case[0] for case in CASES} | set(BACKWARDS.values())
    assert tried | {ChangeKind.CONDITION_CHANGED, ChangeKind.CATEGORY_NARROWED} | OF_PAPERS == set(ChangeKind)


def test_a_changed_condition_and_a_narrower_category() -> None:
    found = kinds(SMALL, changed("NEWS_NOT_DECLINED)\n  phone", "CARD_STORAGE_CONSENTED)\n  phone"))
    assert found[ChangeKind.CONDITION_CHANGED].kind.direction is Direction.LOOSENS
    address = changed("category: NAME", "category: POSTAL_ADDRESS")
    assert ChangeKind.CATEGORY_NARROWED in kinds(address, changed("category: NAME", "category: CITY"))
    assert ChangeKind.CATEGORY_MORE_SENSITIVE in kinds(changed("category: NAME", "category: CITY"), address)


def test_severities_are_those_of_the_requirements() -> None:
    """§4.6."""
    breaking = {each for each in ChangeKind if each.severity is Severity.BREAKING}
    assert breaking >= {
        ChangeKind.PURPOSE_ADDED, ChangeKind.RECIPIENT_ADDED, ChangeKind.RETENTION_LONGER,
        ChangeKind.CATEGORY_MORE_SENSITIVE, ChangeKind.DERIVED_FIELD_ADDED, ChangeKind.FIELD_ADDED_NEW_USE,
    }  # fmt: skip
    assert ChangeKind.FIELD_ADDED.severity is Severity.REVIEW
    safe = {each for each in ChangeKind if each.severity is Severity.SAFE}
    assert safe >= {
        ChangeKind.FIELD_REMOVED,
        ChangeKind.RETENTION_SHORTER,
        ChangeKind.RECIPIENT_REMOVED,
        ChangeKind.PURPOSE_REMOVED,
    }
    assert not any(each.direction is Direction.LOOSENS for each in safe)


def test_scopes_compare_by_what_is_enough() -> None:
    def scoped(scopes: str) -> str:
        return changed(CREATED, f"{CREATED} @requiresScopes(scopes: {scopes})")

    either, both, one = scoped('[["a"], ["b"]]'), scoped('[["a", "b"]]'), scoped('[["a"]]')
    assert ChangeKind.SCOPE_LOOSENED in kinds(both, one)
    assert ChangeKind.SCOPE_LOOSENED in kinds(one, either)
    assert ChangeKind.SCOPE_TIGHTENED in kinds(either, one)
    assert kinds(one, scoped('[["b"]]')).keys() >= {ChangeKind.SCOPE_LOOSENED, ChangeKind.SCOPE_TIGHTENED}
    assert not kinds(one, scoped('[["a"], ["a", "b"]]')).keys() - {
        ChangeKind.SCOPE_LOOSENED,
        ChangeKind.SCOPE_TIGHTENED,
    }
    on_type = SMALL.replace("type Card @", 'type Card @requiresScopes(scopes: [["a"]]) @')
    assert kinds(SMALL, on_type)[ChangeKind.SCOPE_TIGHTENED].coordinate == "Card.brand"


def test_sensitivity_is_what_the_policy_protects() -> None:
    assert sensitivity(Category.PASSWORD) == len(Purpose)
    assert sensitivity(Category.PHONE) > sensitivity(Category.EMAIL)
    assert sensitivity(Category.NAME) == sensitivity(Category.EMAIL)


def test_nothing_changed_is_nothing_said() -> None:
    assert diff(OURS, OURS) == []
    shuffled = SMALL.replace("[INVOICING, EMERGENCY_CONTACT])\n  email", "[EMERGENCY_CONTACT, INVOICING])\n  email")
    assert kinds(SMALL, shuffled + "\n# a remark\n") == {}


def test_a_type_whose_rule_changes_is_told_once() -> None:
    found = diff(facts_of(SMALL), facts_of(SMALL.replace("rule: CUSTOMER_LIFE", "rule: ERASURE_RECORDS")))
    assert [(each.coordinate, each.kind) for each in found] == [("Customer", ChangeKind.RETENTION_LONGER)]


TOLD = [
    fact
    for fact in OURS.outputs
    if fact.category and fact.purposes and fact.name != "id" and not fact.type_name.startswith("PostalAddress")
]


def with_purpose(fact: Fact, purpose: Purpose) -> Facts:
    """Our schema with one purpose more on one field."""
    place = fact.declared.allowed[0].place
    lines = own_schema(own_model()).text.splitlines(keepends=True)
    line = lines[place.line - 1]
    at = place.column - 1
    lines[place.line - 1] = f"{line[:at]}@purpose(allows: [{purpose.name}]) {line[at:]}"
    return Facts.of(Text("new", "".join(lines)))


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_a_purpose_more_loosens_and_changes_the_notice(data: st.DataObject) -> None:
    """Whatever the field, whatever the purpose (item 2 of the promise: the notice changes by itself)."""
    fact = data.draw(st.sampled_from(TOLD))
    purpose = data.draw(st.sampled_from([each for each in Purpose if each.name not in fact.purposes]))
    new = with_purpose(fact, purpose)
    found = [each for each in diff(OURS, new) if each.kind is ChangeKind.PURPOSE_ADDED]
    assert [(each.coordinate, each.value) for each in found] == [(fact.coordinate, purpose.name)]
    assert found == loosening(found)
    fresh = (fact.category, purpose.name) not in uses(OURS)
    said = notice_changes(OURS, new)
    assert bool(said) == fresh
    if fresh and not purpose.own_data_only:
        assert notice(new, SCHEMA_ALONE).rows != notice(OURS, SCHEMA_ALONE).rows
        assert (said[0]["change"], said[0]["category"], said[0]["purpose"]) == ("added", fact.category, purpose.name)


def test_a_sign_off_covers_exactly_what_it_says() -> None:
    old, new = facts_of(SMALL), facts_of(SMALL.replace("[INVOICING])\n    @", "[INVOICING, ERASURE])\n    @"))
    changes = diff(old, new)
    assert [(each.kind, each.coordinate, each.value) for each in changes] == [
        (ChangeKind.PURPOSE_ADDED, "Customer.email", "ERASURE")
    ]
    template = proposed(changes)
    with pytest.raises(UnreadableError, match=r"Customer\.email.*does not say who"):
        SignOffs.read(Text("s.toml", template))
    filled = template.replace('who = ""', 'who = "Dana"').replace('why = ""', 'why = "notice 12"')
    signed = SignOffs.read(Text("s.toml", filled))
    accepted = signed.changes(changes)
    assert loosening(accepted) == []
    assert accepted[0].accepted == "Dana: notice 12"
    assert signed.stale == ()
    assert diff_report(old, new, accepted).data["verdict"] == "accepted"
    other = SignOffs.read(Text("s.toml", filled.replace("ERASURE", "AUTHENTICATION")))
    assert len(loosening(other.changes(changes))) == 1
    assert [each.coordinate for each in other.stale] == ["Customer.email"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[accept]\n", "s.toml: "),
        ("accept = 3", "write each sign-off as a table"),
        ("accept = [3]", "entry 1 is no table"),
        ('[[accept]]\ncoordinate = "A.b"\nwho = " "', "entry 1 (A.b) does not say change"),
        ('[[accept]]\ncoordinate = "A.b"\nchange = "x"\nwho = "D"\nwhy = "y"\nuntil = "z"', "unknown key until"),
    ],
)
def test_a_bad_sign_off_file_is_refused_with_what_it_lacks(text: str, said: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        SignOffs.read(Text("s.toml", text))
    assert said in str(refused.value)


def test_the_report_says_what_the_notice_will_say() -> None:
    new = facts_of(changed("[INVOICING])\n    @", "[INVOICING, ERASURE])\n    @"))
    data = diff_report(facts_of(SMALL), new, diff(facts_of(SMALL), new)).data
    assert data["verdict"] == "loosens"
    assert data["severity"] == "BREAKING-PRIVACY"
    assert data["noticeChanges"] == [
        {"change": "added", "category": "EMAIL", "purpose": "ERASURE", "text": Purpose.ERASURE.text}
    ]

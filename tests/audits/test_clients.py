"""Who can read what through which document; and registrations that no longer fit, with the line of the document."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from audits.forms.forms import FORMS
from audits.reports.clients import AD_HOC, AuditedClient, RegisteredDocument, findings, reach, refusals, unused
from audits.reports.clients_report import clients_report
from audits.schema.checks import Check
from audits.schema.documents import read_document
from policy.purposes import Purpose
from tests.audits.schemas import SMALL, facts_of
from tests.promises.declared import SDL, declarations

FACTS = facts_of(SMALL)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
NAMES = "query Names($id: ID!) {\n  customer(id: $id) {\n    name\n  }\n}"


def document(text: str, purpose: str | None = None) -> RegisteredDocument:
    """A registered document."""
    return RegisteredDocument(sha256(text.encode()).hexdigest(), text, purpose)


BILLING = AuditedClient(
    id="billing",
    name="Billing tool",
    purposes=("INVOICING",),
    scopes=frozenset(),
    refusal="REFUSE",
    documents_only=False,
    introspection=False,
    max_page=100,
    created_at=NOW - timedelta(days=365),
    disabled_at=None,
    documents_observed_at=None,
    documents=(),
)


def test_a_client_that_may_send_anything_reaches_all_that_its_purposes_allow() -> None:
    found = reach(FACTS, BILLING)
    assert {each.coordinate for each in found} == {
        "Query.customer", "Customer.name", "Customer.email", "Customer.createdAt",
    }  # fmt: skip
    assert {each.via for each in found} == {(AD_HOC,)}
    assert reach(FACTS, replace(BILLING, disabled_at=NOW)) == []
    assert reach(FACTS, replace(BILLING, purposes=())) == []


def test_a_client_bound_to_documents_reaches_what_they_ask_for() -> None:
    names = document(NAMES)
    bound = replace(BILLING, documents_only=True, documents=(names,))
    assert {each.coordinate: each.via for each in reach(FACTS, bound)} == {
        "Query.customer": (names.hash,),
        "Customer.name": (names.hash,),
    }
    for_another = replace(bound, documents=(document(NAMES, "EMERGENCY_CONTACT"),))
    assert reach(FACTS, for_another) == []


def test_conditions_and_own_data_are_said() -> None:
    news = reach(FACTS, replace(BILLING, purposes=("PRODUCT_NEWS",)))
    assert {each.conditions for each in news} == {("NEWS_NOT_DECLINED",)}
    text = SMALL.replace("[INVOICING])\n    @", "[INVOICING, SELF_SERVICE])\n    @")
    own = reach(facts_of(text), replace(BILLING, purposes=("SELF_SERVICE",)))
    assert [(each.coordinate, each.own_only) for each in own] == [("Customer.email", True)]


def test_scopes_bound_the_reach() -> None:
    facts = facts_of(SMALL.replace("createdAt: String ", 'createdAt: String @requiresScopes(scopes: [["a"]]) '))
    assert "Customer.createdAt" not in {each.coordinate for each in reach(facts, BILLING)}
    assert "Customer.createdAt" in {each.coordinate for each in reach(facts, replace(BILLING, scopes=frozenset("a")))}


@pytest.mark.parametrize(
    ("text", "check", "line", "coordinate"),
    [
        ("{ customer(id: 1) { nme } }", Check.FIELD_GONE, 1, "Customer.nme"),
        ("{\n  customer(id: 1) {\n    name\n    nickname\n  }\n}", Check.FIELD_GONE, 4, "Customer.nickname"),
        ("{ customer(number: 1) { name } }", Check.FIELD_GONE, 1, "Query.customer(number:)"),
        ("{ ...F }\nfragment F on Gone { a }", Check.FIELD_GONE, 1, "Gone"),
        ("{ ...F }", Check.FIELD_GONE, 1, ""),
        ("{ customer(id: 1) { name { first } } }", Check.FIELD_GONE, 1, "Customer.name"),
        ("mutation { a }", Check.FIELD_GONE, 1, ""),
        ("{ customer(id: 1) { name }", Check.BAD_DOCUMENT, 1, ""),
        ("{" * 5000, Check.BAD_DOCUMENT, 1, ""),
        ("{ a " * 5000, Check.BAD_DOCUMENT, 1, ""),
        ("{\n  customer(id: 1) {\n    phone\n  }\n}", Check.OVERREACH, 3, "Customer.phone"),
    ],
)
def test_a_document_that_no_longer_fits_is_found_with_its_line(
    text: str, check: Check, line: int, coordinate: str
) -> None:
    """Bad input of the issue: a client registered for a field that no longer exists."""
    (found,) = findings(FACTS, [replace(BILLING, documents=(document(text),))])
    assert (found.check, found.place.line, found.coordinate) == (check, line, coordinate)
    assert found.place.file.startswith("billing/")
    assert found.level == "error"


def test_a_registration_for_purposes_that_are_gone_off_or_not_its_own() -> None:
    odd = replace(BILLING, purposes=("INVOICING", "TELEPATHY", "STATUTORY_RETENTION"))
    assert {each.check for each in findings(FACTS, [odd])} == {Check.CLIENT_PURPOSE_GONE, Check.CLIENT_PURPOSE_OFF}
    other = replace(BILLING, documents=(document(NAMES, "ERASURE"),))
    assert [each.check for each in findings(FACTS, [other])] == [Check.PURPOSE_NOT_HELD]
    assert findings(FACTS, [replace(odd, disabled_at=NOW)]) == []


def test_with_several_purposes_one_that_answers_the_document_is_enough() -> None:
    phones = document("{ customer(id: 1) { phone } }")
    several = replace(BILLING, purposes=("INVOICING", "EMERGENCY_CONTACT"), documents=(phones,))
    found = findings(FACTS, [several])
    assert [each.check for each in found] == [Check.OVERREACH], "the argument is for one, the phone for the other"
    assert not findings(FACTS, [replace(several, documents=(document(NAMES),))])


def test_documents_are_followed_through_fragments_aliases_inputs_and_interfaces() -> None:
    find = "find(by: By): Named @personalData(category: NAME) @purpose(allows: [INVOICING])"
    by_id = "id: ID! @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING])"
    facts = facts_of(
        SMALL.replace("version: String", f"{find}\n  version: String")
        .replace("type Customer @", "type Customer implements Named & Node @")
        .replace("  phone:", f"  {by_id}\n  phone:")
        + """
        interface Named { name: String @personalData(category: NAME) @purpose(allows: [INVOICING, EMERGENCY_CONTACT]) }
        interface Node { id: ID! }
        type Product implements Node { id: ID! }
        input By { email: String @personalData(category: EMAIL) @purpose(allows: [INVOICING]) inner: [By!] }
        """
    )
    text = """query Q {
      x: find(by: {inner: [{email: "a"}]}) { ...N ... on Customer { phone __typename } ... { name } }
    }
    fragment N on Named { name ... on Node { id } ...N }
    query Other { version }"""
    read = read_document(facts, "d", text, "Q")
    assert not read.findings
    assert read.asked.keys() == {
        "Query.find", "Query.find(by:)", "By.inner", "By.email", "Named.name", "Customer.name", "Customer.phone",
        "Node.id",
    }  # fmt: skip
    assert [{each.coordinate for each in group} for group in read.either] == [{"Customer.id", "Product.id"}]
    assert "Query.version" in read_document(facts, "d", text).asked
    refused = {asked.coordinate for asked, _ in refusals(facts, read, Purpose.EMERGENCY_CONTACT, frozenset())}
    # The input and the interface name no retention: a gap closes. One of the types behind Node is free to all.
    assert refused == {"Query.find", "By.email", "Named.name"}


def test_a_purpose_that_nobody_uses_is_found() -> None:
    long_ago, lately = NOW - timedelta(days=100), NOW - timedelta(days=3)
    several = replace(BILLING, purposes=("INVOICING", "EMERGENCY_CONTACT", "STATUTORY_RETENTION"))
    used = {("billing", "INVOICING"): lately, ("billing", "EMERGENCY_CONTACT"): long_ago}
    found = unused([several], used, NOW, 90)
    assert [(each.check, each.coordinate) for each in found] == [(Check.UNUSED_PURPOSE, "EMERGENCY_CONTACT")]
    assert unused([several], {}, NOW, 90) != []
    assert unused([replace(several, created_at=lately)], {}, NOW, 90) == [], "too new to be judged"


def test_the_report_in_every_form() -> None:
    client = replace(BILLING, documents=(document("{ gone }"),), documents_only=True)
    found = clients_report(FACTS, [client], findings(FACTS, [client]))
    for form in FORMS.values():
        assert "Field" in form(found) or "fields" in form(found) or "reach" in form(found)
    assert found.data["clients"][0]["documents"][0]["purpose"] is None


def test_an_app_of_somebody_else_reaches_what_customers_can_allow_it() -> None:
    """O10: by the scopes it is registered with, and as the committed schema says it."""
    facts = facts_of(SDL.read_text())
    terms = {"purposes": ("SELF_SERVICE",), "scopes": frozenset({"invoices:read"}), "first_party": False}
    found = {each.coordinate for each in reach(facts, replace(BILLING, **terms))}  # type: ignore[arg-type]
    assert {"Query.me", "Customer.invoices", "Invoice.number"} <= found
    assert all("invoices:read" in declarations()[each].third_party for each in found)
    ours = {each.coordinate for each in reach(facts, replace(BILLING, **terms | {"first_party": True}))}  # type: ignore[arg-type]
    assert {"Customer.credentials", "Customer.email", "Mutation.enrolTotp"} <= ours - found

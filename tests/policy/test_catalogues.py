"""The catalogues against the facts, typed here a second time so that a slip in one place is seen in the other."""

import dataclasses
import pickle
from typing import Any

import pytest

from policy import bases, categories, conditions, dates, decision, grant, purposes, recipients, retention
from policy.bases import LegalBasis
from policy.categories import Category
from policy.conditions import Condition
from policy.periods import Period
from policy.purposes import Purpose, PurposeTerms, refuse_sale
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.rows import Row
from policy.vocabularies import DPV, DPV_VERSION, EU_GDPR, FIDESLANG_VERSION, PD

# id | DPV 2.3 | fideslang 3.1.4 | legal bases | consent? | objection or withdrawal?
PURPOSES = """
SERVICE_PROVISION | RequestedServiceProvision | essential.service | b | no | no
SERVICE_COMMUNICATION | CommunicationForCustomerCare | essential.service.notifications.email | b | no | no
PERSONALISE_COMMUNICATION | ServicePersonalisation | personalize | f | no | yes
INVOICING | PaymentManagement | finance | b | no | no
PRODUCT_NEWS | DirectMarketing | marketing.communications.email | 13-2 a | yes | yes
EMERGENCY_CONTACT | CommunicationManagement CustomerCare | essential.service.notifications | b f | no | yes
AUTHENTICATION | IdentityAuthentication | essential.service.authentication | b | no | no
ACCOUNT_SECURITY | MisusePreventionAndDetection | essential.service.security | f | no | yes
SELF_PROTECTION | EnforceAccessControl | essential.service.security | b f | no | yes
PAYMENT_EXECUTION | PaymentManagement | essential.service.payment_processing | b | no | no
CARD_ON_FILE | PaymentManagement | essential.service.payment_processing | a | yes | yes
PARTNER_EXECUTION | FulfilmentOfContractualObligation | essential.service | b | no | no
DOMAIN_REGISTRATION | FulfilmentOfContractualObligation | third_party_sharing.legal_obligation | b a c | yes | yes
LEGAL_REQUEST | LegalCompliance | third_party_sharing.legal_obligation | c | no | no
COOKIE_MEASUREMENT | ServiceUsageAnalytics | analytics.reporting.content_performance | a 5-3 | yes | yes
COOKIE_ESSENTIAL | RequestedServiceProvision | functional.storage.privacy_preferences | b 5-3-exempt | no | no
SELF_SERVICE | RightsFulfilment | essential.legal_obligation | c | no | no
ERASURE | RightsFulfilment | essential.legal_obligation | c | no | no
RIGHTS_HANDLING | RightsFulfilment | essential.legal_obligation | c | no | no
ACCOUNTABILITY_LOG | RecordManagement | essential.legal_obligation | c f | no | yes
STATUTORY_RETENTION | LegalCompliance | finance | c | no | no
"""
BASES = {
    "a": LegalBasis.A6_1_A,
    "b": LegalBasis.A6_1_B,
    "c": LegalBasis.A6_1_C,
    "f": LegalBasis.A6_1_F,
    "13-2": LegalBasis.EPRIVACY_13_2,
    "5-3": LegalBasis.EPRIVACY_5_3_CONSENT,
    "5-3-exempt": LegalBasis.EPRIVACY_5_3_EXEMPT,
}
# id | DPV-PD 2.3 | fideslang 3.1.4 | part of | derived from
CATEGORIES = """
NAME | Name | user.name | |
POSTAL_ADDRESS | PhysicalAddress | user.contact.address | |
STREET | Street | user.contact.address.street | POSTAL_ADDRESS |
CITY | City | user.contact.address.city | POSTAL_ADDRESS |
POSTAL_CODE | PostalCode | user.contact.address.postal_code | POSTAL_ADDRESS |
REGION | Region | user.contact.address.state | POSTAL_ADDRESS |
COUNTRY | Country | user.contact.address.country | POSTAL_ADDRESS |
EMAIL | EmailAddress | user.contact.email | |
PHONE | TelephoneNumber | user.contact.phone_number | |
LOGIN_NAME | Username | user.account.username | |
PASSWORD | Password | user.authorization.password | |
AUTH_FACTOR | Authenticating | user.authorization.credentials | |
IP_ADDRESS | IPAddress | user.device.ip_address | |
ACCESS_HISTORY | AuthenticationHistory | user.telemetry | |
COARSE_LOCATION | Location | user.location.imprecise | | IP_ADDRESS
PAYMENT_METHOD | FinancialAccount | user.payment | |
CARD_NUMBER | CreditCardNumber | user.financial.credit_card | |
CARD_EXPIRY | PaymentCardExpiry | user.financial.credit_card | |
CARD_BRAND | PaymentCard | user.financial.credit_card | |
TRANSACTION | Transaction | user.financial | |
SUBSCRIPTION | Purchase | user.behavior.purchase_history | |
PREFERENCE | PrivacyPreference | user.privacy_preferences | |
COOKIE_ID | UID | user.device.cookie_id | |
BROWSING | BrowsingBehaviour | user.behavior.browsing_history | |
CUSTOMER_ID | UID | user.unique_id | |
SUBJECT_PSEUDONYM | Identifier | user.unique_id.pseudonymous | |
"""
CATALOGUES = [
    bases.LegalBasis,
    categories.Category,
    conditions.Condition,
    dates.ErasureCause,
    decision.Reason,
    grant.Refusal,
    purposes.Purpose,
    recipients.Recipient,
    retention.RetentionRule,
]


def _cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def test_every_purpose_is_the_catalogue_s() -> None:
    """R3, A1: the closed list, its vocabulary terms and legal bases."""
    expected = {
        name: (tuple(dpv.split()), fides, tuple(BASES[b] for b in law.split()), consent == "yes", objection == "yes")
        for name, dpv, fides, law, consent, objection in _cells(PURPOSES)
    }
    declared = {p.name: (p.dpv, p.fides, p.bases, p.consent is not None, p.objection is not None) for p in Purpose}
    assert expected == {name: declared.get(name) for name in expected}, "a new purpose takes nothing from the others"
    assert len(expected) == 21


def test_every_category_is_the_catalogue_s() -> None:
    expected = {
        name: (pd, fides, whole or None, source or None) for name, pd, fides, whole, source in _cells(CATEGORIES)
    }
    assert expected == {c.name: (c.pd, c.fides, c.parent, c.derived_from) for c in Category}
    assert len(expected) == 26


def test_parents_and_sources_are_categories() -> None:
    """R58, R60: a part obeys the rule of its whole, and a derived datum names its source."""
    names = {c.name for c in Category}
    assert {c.parent for c in Category} | {c.derived_from for c in Category} <= names | {None}
    assert [c.name for c in Category if c.within(Category.POSTAL_ADDRESS)] == [
        "POSTAL_ADDRESS", "STREET", "CITY", "POSTAL_CODE", "REGION", "COUNTRY",
    ]  # fmt: skip
    assert not Category.POSTAL_ADDRESS.within(Category.STREET)


def test_terms_name_the_versions_they_were_checked_against() -> None:
    assert (DPV_VERSION, FIDESLANG_VERSION) == ("2.3", "3.1.4")
    assert (DPV, PD) == ("https://w3id.org/dpv#", "https://w3id.org/dpv/pd#")
    assert EU_GDPR == "https://w3id.org/dpv/legal/eu/gdpr#"


def test_legal_bases_are_article_six_and_eprivacy() -> None:
    """fideslang knows six strings, the GDPR vocabulary six terms; ePrivacy has none of its own in either."""
    assert [(b.name, b.dpv, b.fides) for b in LegalBasis] == [
        ("A6_1_A", "A6-1-a", "Consent"),
        ("A6_1_B", "A6-1-b", "Contract"),
        ("A6_1_C", "A6-1-c", "Legal obligations"),
        ("A6_1_D", "A6-1-d", "Vital interests"),
        ("A6_1_E", "A6-1-e", "Public interest"),
        ("A6_1_F", "A6-1-f", "Legitimate interests"),
        ("EPRIVACY_13_2", None, None),
        ("EPRIVACY_5_3_CONSENT", None, "Consent"),
        ("EPRIVACY_5_3_EXEMPT", None, None),
    ]
    assert all(b.article.startswith(("GDPR Art. 6(1)", "ePrivacy Art. ")) for b in LegalBasis)


def test_no_purpose_claims_vital_interests() -> None:
    """A call in an emergency of a hosting company saves servers, not lives."""
    assert not [p for p in Purpose if LegalBasis.A6_1_D in p.bases or LegalBasis.A6_1_E in p.bases]


def test_a_basis_brings_its_right() -> None:
    """GDPR Art. 7(3), 21(1): whoever consented can withdraw, whoever did not can object."""
    for purpose in Purpose:
        if {LegalBasis.A6_1_A, LegalBasis.A6_1_F} & set(purpose.bases):
            assert purpose.objection, purpose
        assert (LegalBasis.A6_1_A in purpose.bases) == (purpose.consent is not None), purpose


def test_flags_of_purposes() -> None:
    """R14, R24: a reference is needed; A8: off until configured; R30: only one's own; R13: promotion."""
    assert [p.name for p in Purpose if p.requires_reference] == [
        "EMERGENCY_CONTACT",
        "LEGAL_REQUEST",
        "RIGHTS_HANDLING",
    ]
    assert [p.name for p in Purpose if not p.enabled] == ["STATUTORY_RETENTION"]
    assert [p.name for p in Purpose if p.own_data_only] == ["SELF_SERVICE"]
    assert [p.name for p in Purpose if p.promotional] == ["PRODUCT_NEWS"]
    assert {p.family for p in Purpose} == {
        "essential", "personalize", "finance", "marketing", "third_party_sharing", "analytics", "functional",
    }  # fmt: skip


def test_every_purpose_traces_to_the_notice_or_says_that_it_does_not() -> None:
    """R3, A8, A14."""
    absent = {p.name: p.notice for p in Purpose if p.notice.startswith("Not in the notice")}
    logged = dict.fromkeys(("RIGHTS_HANDLING", "ACCOUNTABILITY_LOG"), "Not in the notice (A14)")
    assert absent == logged | {"STATUTORY_RETENTION": "Not in the notice (A8)"}
    places = (
        "Table, row ",
        "Sharing, case ",
        "Questions, ",
        "Cookies",
        "Respect of your privacy, ",
        "Not in the notice",
    )
    assert not [row for row in (*Purpose, *Recipient, *RetentionRule) if not row.notice.startswith(places)]


def test_scopes_lead_back_to_their_purpose_and_nothing_else_does() -> None:
    assert Purpose.INVOICING.scope == "purpose:invoicing"
    for purpose in Purpose:
        assert Purpose.of_scope(purpose.scope) is purpose
    for other in ("", "invoicing", "INVOICING", "purpose:INVOICING", "purpose:Invoicing", "purpose:", "purpose:sell"):
        assert Purpose.of_scope(other) is None
    assert Purpose.of_scope("purpose:purpose:invoicing") is None


@pytest.mark.parametrize(
    ("dpv", "fides"),
    [
        (("SellDataToThirdParties",), "essential.service"),
        (("PaymentManagement", "SellInsightsFromData"), "finance"),
        (("LegalCompliance",), "third_party_sharing"),
    ],
)
def test_a_sale_cannot_be_declared(dpv: tuple[str, ...], fides: str) -> None:
    """R6."""
    with pytest.raises(ValueError, match="R6"):
        refuse_sale(dpv, fides)


def test_a_catalogue_with_a_sale_does_not_load() -> None:
    """R6: not a finding of an audit, but a process that never starts."""
    with pytest.raises(ValueError, match="R6"):

        class Shop(Row):
            SALE = "Sell.", "SellDataToThirdParties", "finance", (LegalBasis.A6_1_A,), PurposeTerms(notice="nowhere")
            __init__ = Purpose.__init__


def test_recipients_are_exactly_the_four_cases() -> None:
    """R27; each receives for its own purpose only (R2)."""
    assert [(r.name, r.dpv, [p.name for p in r.purposes]) for r in Recipient] == [
        ("PAYMENT_AFFILIATE", "Recipient", ["PAYMENT_EXECUTION", "CARD_ON_FILE"]),
        ("AUTHORITY", "Authority", ["LEGAL_REQUEST"]),
        ("REGISTRY", "DataController", ["DOMAIN_REGISTRATION"]),
        ("PARTNER", "DataProcessor", ["PARTNER_EXECUTION"]),
    ]
    assert all(r.condition.endswith(".") for r in Recipient)


def test_conditions_say_whether_they_hide_a_row_or_a_value() -> None:
    assert {c.name: c.scope for c in Condition} == {
        "NEWS_NOT_DECLINED": "ROW",
        "CARD_STORAGE_CONSENTED": "ROW",
        "DISCLOSURE_MAY_BE_TOLD": "ROW",
        "REGISTRATION_RUNS": "ROW",
        "WHOIS_NAME_PUBLISHED": "VALUE",
        "WHOIS_ADDRESS_PUBLISHED": "VALUE",
        "WHOIS_COUNTRY_PUBLISHED": "VALUE",
        "WHOIS_EMAIL_PUBLISHED": "VALUE",
        "WHOIS_PHONE_PUBLISHED": "VALUE",
    }


def test_retention_periods() -> None:
    """R34: the customer's six months; A16: logs no longer than that; the ledger a year."""
    assert {r.name: r.period for r in RetentionRule} == {
        "CUSTOMER_LIFE": "P6M",
        "CARD_CONSENT": "P0D",
        "SIGN_IN_RECORDS": "P6M",
        "SESSION_RECORDS": "P6M",
        "CONSENT_RECORDS": "P6M",
        "CHANGE_RECORDS": "P12M",
        "COMMAND_KEYS": "P1D",
        "COOKIE_CHOICE": "P6M",
        "DISCLOSURE_RECORDS": "P6M",
        "RIGHTS_RECORDS": "P6M",
        "ERASURE_RECORDS": None,
        "LEGAL_HOLDS": "P6M",
        "LEDGER": "P12M",
        "OUTBOX": "P30D",
        "EXPORTS": "P7D",
        "NOT_STORED": "P0D",
        "READING_COUNTS": "P1D",
        "REFUSAL_COUNTS": "P12M",
        "CLIENT_REGISTRATION": None,
        "KEYS": "P0D",
        "PAPERS": None,
        "IMPORT_RUNS": None,
    }
    assert Period.parse(RetentionRule.CUSTOMER_LIFE.period or "") == dates.AUTOMATIC
    for rule in RetentionRule:
        assert rule.period is None or Period.parse(rule.period)
        assert rule.starts and not rule.starts.endswith(".")


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda c: c.__name__)
def test_texts_are_sentences_and_no_two_alike(catalogue: Any) -> None:
    """They are printed in the schema, the data map and the notice; two alike would be one member under two names."""
    assert len(catalogue) == len(catalogue.__members__)
    for member in catalogue:
        assert member.text == member.value
        assert member.text[0].isupper() and member.text.endswith("."), member
        assert len(member.text) <= 120, member
        assert "\n" not in member.text and '"' not in member.text, member
        assert catalogue(member.value) is member
        assert pickle.loads(pickle.dumps(member)) is member
    assert all(p.why == p.text for p in Purpose)


def test_terms_are_frozen() -> None:
    terms = PurposeTerms(notice="Cookies")
    with pytest.raises(dataclasses.FrozenInstanceError):
        terms.enabled = False  # type: ignore[misc]

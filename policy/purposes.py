"""The purposes for which personal data may be read: the closed list, everything else is denied (R3, R5, A1)."""

from dataclasses import dataclass
from enum import unique
from typing import Final, Self

from policy.bases import LegalBasis
from policy.rows import Row

CONSENT: Final = LegalBasis.A6_1_A
CONTRACT: Final = LegalBasis.A6_1_B
LAW: Final = LegalBasis.A6_1_C
INTEREST: Final = LegalBasis.A6_1_F
SOFT_OPT_IN: Final = LegalBasis.EPRIVACY_13_2
DEVICE_CONSENT: Final = LegalBasis.EPRIVACY_5_3_CONSENT
DEVICE_EXEMPT: Final = LegalBasis.EPRIVACY_5_3_EXEMPT

IF_INTEREST: Final = "Yes, as far as it rests on legitimate interest (Art. 21(1))."
WITHDRAWAL: Final = "Consent can be withdrawn at any time (Art. 7(3))."

HER_OWN_ACT: Final = "The person's own act, with her consent each time (Art. 18(2))."
STORAGE: Final = "It is storage, which goes on (Art. 18(2))."
RIGHTS: Final = "It carries out a right that the person uses (Art. 18(2), her consent)."
CLAIMS: Final = "Legal claims, or important public interest (Art. 18(2))."
PROOF: Final = "It protects rights of the person and of others: the record of who read what (Art. 18(2), 5(2))."

_SALE_TERMS: Final = frozenset({"SellDataToThirdParties", "SellInsightsFromData"})
_SALE_USE: Final = "third_party_sharing"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeTerms:
    """The terms of one purpose in the law and the notice: consent, objection, references, exemptions."""

    notice: str
    """The place in the privacy notice, or why there is none."""
    consent: str | None = None
    """The cases in which the customer's consent is needed; None: never."""
    objection: str | None = None
    """The way to object or withdraw; None: no such right for this purpose."""
    requires_reference: bool = False
    """True if each operation must state a case reference (R14, R24)."""
    own_data_only: bool = False
    """True if only the token's own subject may be read."""
    enabled: bool = True
    """False: declared, but refused until the controller has configured it (A8)."""
    exempt: str | None = None
    """The reason why it continues while processing is restricted (Art. 18(2)); None: it stops, as any new purpose
    does."""


def refuse_sale(dpv: tuple[str, ...], fides: str) -> None:
    """Raise ValueError for a purpose that sells or shares data without a bound (R6): none can be declared."""
    if _SALE_TERMS.intersection(dpv) or fides == _SALE_USE:
        raise ValueError(f"R6: personal data is never sold or shared at large: {' '.join(dpv)}, {fides}")


# One purpose, one line: a new purpose is one line here and nothing anywhere else; hence the long lines.
# Columns: why | DPV terms | fideslang data use | legal bases | terms.
# ruff: noqa: E501
# fmt: off
@unique
class Purpose(Row):
    """A purpose for which personal data is read; a token carries purposes, and each field declares those it allows."""

    SERVICE_PROVISION         = "Provide the services the customer subscribed to.", "RequestedServiceProvision", "essential.service", (CONTRACT,), PurposeTerms(notice="Respect of your privacy, paragraph 2")
    SERVICE_COMMUNICATION     = "E-mail the customer about subscribed services.", "CommunicationForCustomerCare", "essential.service.notifications.email", (CONTRACT,), PurposeTerms(notice="Table, row Email address")
    PERSONALISE_COMMUNICATION = "Address the customer by name in messages.", "ServicePersonalisation", "personalize", (INTEREST,), PurposeTerms(notice="Table, row Full name and postal address", objection="Yes (Art. 21(1)); messages then begin with a neutral salutation.")
    INVOICING                 = "Draw up and deliver invoices.", "PaymentManagement", "finance", (CONTRACT,), PurposeTerms(notice="Table, row Full name and postal address")
    PRODUCT_NEWS              = "E-mail news about our services; can be switched off.", "DirectMarketing", "marketing.communications.email", (SOFT_OPT_IN, CONSENT), PurposeTerms(notice="Table, row Email address", consent="Only outside the soft opt-in.", objection="Yes, always and without a reason (Art. 21(2) and (3)).")
    EMERGENCY_CONTACT         = "Call the customer in an emergency only.", "CommunicationManagement CustomerCare", "essential.service.notifications", (CONTRACT, INTEREST), PurposeTerms(notice="Table, row Phone number", objection=IF_INTEREST, requires_reference=True)
    AUTHENTICATION            = "Let the customer log in securely.", "IdentityAuthentication", "essential.service.authentication", (CONTRACT,), PurposeTerms(notice="Table, row Login credentials", exempt=HER_OWN_ACT)
    ACCOUNT_SECURITY          = "Detect a connection from an unusual place.", "MisusePreventionAndDetection", "essential.service.security", (INTEREST,), PurposeTerms(notice="Table, row IP address", objection="Yes (Art. 21(1)); compelling grounds to continue are likely.")
    SELF_PROTECTION           = "Show the customer the five safety recommendations and their state.", "EnforceAccessControl", "essential.service.security", (CONTRACT, INTEREST), PurposeTerms(notice="Questions, How can I protect my personal data?", objection=IF_INTEREST)
    PAYMENT_EXECUTION         = "Pay a service with the method the customer chose.", "PaymentManagement", "essential.service.payment_processing", (CONTRACT,), PurposeTerms(notice="Table, row Payment information; sharing, case Payment for our services")
    CARD_ON_FILE              = "Keep the card number to ease later payments.", "PaymentManagement", "essential.service.payment_processing", (CONSENT,), PurposeTerms(notice="Table, row Payment information", consent="Yes, by a box that is not ticked beforehand.", objection=WITHDRAWAL)
    PARTNER_EXECUTION         = "Pass only necessary data to a partner bound to confidentiality.", "FulfilmentOfContractualObligation", "essential.service", (CONTRACT,), PurposeTerms(notice="Respect of your privacy, paragraph 3")
    DOMAIN_REGISTRATION       = "Register a domain and let the registry publish the owner details it requires.", "FulfilmentOfContractualObligation", "third_party_sharing.legal_obligation", (CONTRACT, CONSENT, LAW), PurposeTerms(notice="Sharing, case Domain name registration", consent="Only for publication that the registry does not require.", objection="Details can be hidden where the registry allows it.")
    LEGAL_REQUEST             = "Answer a binding request of an authority.", "LegalCompliance", "third_party_sharing.legal_obligation", (LAW,), PurposeTerms(notice="Sharing, case Legal requirement", requires_reference=True, exempt=CLAIMS)
    COOKIE_MEASUREMENT        = "Measure use of the web site to improve content.", "ServiceUsageAnalytics", "analytics.reporting.content_performance", (CONSENT, DEVICE_CONSENT), PurposeTerms(notice="Cookies", consent="Yes, before the first cookie is set.", objection=WITHDRAWAL)
    COOKIE_ESSENTIAL          = "Keep the session and remember the cookie choice.", "RequestedServiceProvision", "functional.storage.privacy_preferences", (CONTRACT, DEVICE_EXEMPT), PurposeTerms(notice="Cookies", exempt=HER_OWN_ACT)
    SELF_SERVICE              = "Let the customer read, change and export their own data.", "RightsFulfilment", "essential.legal_obligation", (LAW,), PurposeTerms(notice="Questions, How can I change my personal data?", own_data_only=True, exempt=HER_OWN_ACT)
    ERASURE                   = "Delete the customer's data and keep a proof that holds none of it.", "RightsFulfilment", "essential.legal_obligation", (LAW,), PurposeTerms(notice="Questions, How can I delete my personal data? and How long will my personal data be kept?", exempt=RIGHTS)
    RIGHTS_HANDLING           = "Check who asks for a right of theirs, and carry it out for them.", "RightsFulfilment", "essential.legal_obligation", (LAW,), PurposeTerms(notice="Not in the notice (A14)", requires_reference=True, exempt=RIGHTS)
    ACCOUNTABILITY_LOG        = "Record who read which field, when and why.", "RecordManagement", "essential.legal_obligation", (LAW, INTEREST), PurposeTerms(notice="Not in the notice (A14)", objection=IF_INTEREST, exempt=PROOF)
    STATUTORY_RETENTION       = "Keep the accounting records that the law orders; off until configured.", "LegalCompliance", "finance", (LAW,), PurposeTerms(notice="Not in the notice (A8)", enabled=False, exempt=STORAGE)
    # fmt: on

    def __init__(self, why: str, dpv: str, fides: str, bases: tuple[LegalBasis, ...], terms: PurposeTerms) -> None:
        self.why = why
        """One plain sentence: the same as `text`."""
        self.dpv = tuple(dpv.split())
        """Terms under `vocabularies.DPV`, the first the main one."""
        self.fides = fides
        """The fideslang data use."""
        self.bases = bases
        """The legal bases, the first the usual one."""
        self.notice = terms.notice
        self.consent = terms.consent
        self.objection = terms.objection
        self.requires_reference = terms.requires_reference
        self.own_data_only = terms.own_data_only
        self.enabled = terms.enabled
        self.exempt = terms.exempt
        # At import, so that no process starts with such a purpose.
        refuse_sale(self.dpv, fides)

    @property
    def scope(self) -> str:
        """The OAuth scope that carries this purpose, such as `purpose:invoicing`."""
        return "purpose:" + self.name.lower()

    @classmethod
    def of_scope(cls, scope: str) -> Self | None:
        """Return the purpose that exactly this scope carries, or None when it carries none."""
        member = cls.__members__.get(scope.removeprefix("purpose:").upper())
        return member if member is not None and member.scope == scope else None

    @property
    def family(self) -> str:
        """The root of the fideslang data use: `marketing`, `analytics`, `personalize`, `essential`, …"""
        return self.fides.partition(".")[0]

    @property
    def promotional(self) -> bool:
        """True if it promotes our services; derived from the vocabulary terms, so that it cannot be forgotten."""
        return self.family == "marketing" or any("Marketing" in term or "Advertising" in term for term in self.dpv)

"""The closed lists of `policy/` as enums of the API, with a sentence for each of their words.

Where the policy has a sentence of its own, it is that one. A word without a sentence is a fault when the module loads.
"""

from __future__ import annotations

from audits.reports.query_report import VERDICTS
from audits.schema.checks import LEVELS, Check
from policy.acts import ACT_STATES
from policy.consents import CONSENT_KINDS, CONSENT_STATES
from policy.credentials import FACTOR_KINDS, OUTCOMES, STRENGTHS
from policy.dates import ErasureCause as Cause
from policy.erasing import NotificationState, State
from policy.exporting import EXPORT_FORMS, EXPORT_STATES
from policy.papers import PAPER_KINDS
from policy.payments import INVOICE_STATES, PAYMENT_KINDS
from policy.platforms import PLATFORMS
from policy.recipients import Recipient
from policy.registries import FIELDS, REGISTRANT_KINDS
from policy.services import SERVICE_KINDS, SERVICE_STATES
from resolvers.payments.affiliates import OUTCOMES as ANSWERS
from schema.core.words import worded
from store.tables.erasures import RECIPIENT_KINDS, TOOL

ConsentKind = worded("ConsentKind", CONSENT_KINDS, "The subject of a consent.", {
    "CARD_STORAGE": "To keep the number of a card for the next payments.",
    "PRODUCT_NEWS": "To get news about our services by e-mail.",
    "COOKIE_MEASUREMENT": "To have the use of the site measured.",
    "WHOIS_PUBLICATION": "To have details of the owner of a domain published in the whois.",
})  # fmt: skip
ConsentState = worded("ConsentState", CONSENT_STATES, "Whether a consent was given or taken back.", {
    "GIVEN": "The customer agreed to the wording that was shown.",
    "WITHDRAWN": "The customer took the consent back; what was done before stays lawful (GDPR Art. 7(3)).",
})  # fmt: skip
ErasureCause = worded(
    "ErasureCause",
    tuple(each.name for each in Cause),
    "The reason for which a customer is erased.",
    {each.name: each.text for each in Cause},
)
ErasureState = worded(
    "ErasureState",
    tuple(each.name for each in State),
    "The state of an erasure, from the request to the certificate.",
    {each.name: str(each.value) for each in State},
)
ExportForm = worded("ExportForm", EXPORT_FORMS, "A form of an export; each export is made in all of them.", {
    "JSON": "Everything, as a file for programs, with a JSON Schema.",
    "HTML": "Everything, as one page to read, in the customer's language.",
    "PORTABLE": "What the customer gave or did, for another company (GDPR Art. 20), as JSON.",
})  # fmt: skip
ExportState = worded("ExportState", EXPORT_STATES, "How far an export has come.", {
    "REQUESTED": "It waits to be made, which takes minutes at most.",
    "READY": "It can be downloaded until it expires.",
    "FAILED": "It could not be made: request another one; operators have been told.",
})  # fmt: skip
FactorKind = worded("FactorKind", FACTOR_KINDS, "The kind of a second factor of sign-in.", {
    "TOTP": "Codes of six digits by an authenticator app, a new one every 30 seconds (RFC 6238).",
    "PASSKEY": "A passkey or security key, which works on the right site alone (WebAuthn).",
    "RECOVERY_CODES": "Written codes, each for one sign-in, for when the other factors are lost.",
})  # fmt: skip
HolderKind = worded("HolderKind", RECIPIENT_KINDS, "The kind of a holder of a copy of the data.", {
    **{each.name: each.text for each in Recipient},
    TOOL: "A client of the controller that keeps copies.",
})  # fmt: skip
InvoiceState = worded("InvoiceState", INVOICE_STATES, "Whether an invoice is to be paid.", {
    "OPEN": "It is to be paid.",
    "PAID": "The whole sum has arrived.",
    "CANCELLED": "It was cancelled, and is not to be paid.",
})  # fmt: skip
PaperKind = worded("PaperKind", PAPER_KINDS, "One of the two papers that are released in versions.", {
    "NOTICE": "The privacy notice, for the customers (GDPR Art. 13).",
    "RECORD": "The record of processing activities, for the authority (GDPR Art. 30).",
})  # fmt: skip
PasswordStrength = worded("PasswordStrength", STRENGTHS, "The measured strength of a password when it was set.", {
    "STRONG": "It would take an attacker with the stored hash years to guess.",
    "FAIR": "It withstands guessing at the sign-in page, and not for long an attacker with the stored hash.",
    "WEAK": "It is guessed soon: the customer should choose another one.",
})  # fmt: skip
PaymentKind = worded("PaymentKind", PAYMENT_KINDS, "A way in which a customer pays.", {
    "CARD": "A credit or debit card; its number is kept by consent only.",
    "PAYPAL": "An account with PayPal, by its e-mail address.",
    "BANK_TRANSFER": "A transfer that the customer orders at a bank; no account number is kept.",
})  # fmt: skip
Platform = worded("Platform", PLATFORMS, "A platform that customers sign in to, with a password of its own.", {
    "CLIENT_AREA": "The site where customers see and change their data and pay.",
    "MANAGEMENT_INTERFACE": "The interface by which servers and domains are managed.",
    "WEBMAIL": "The mail program in the browser.",
})  # fmt: skip
RegistrantKind = worded("RegistrantKind", REGISTRANT_KINDS, "The kind of owner of a domain.", {
    "NATURAL_PERSON": "A person, of whom registries publish fewer details.",
    "LEGAL_PERSON": "A company, an association or an authority.",
})  # fmt: skip
ServiceKind = worded("ServiceKind", SERVICE_KINDS, "What is hosted or kept for a customer.", {
    "WEB_HOSTING": "Web space with its databases.",
    "MAIL_HOSTING": "Mailboxes under domains of the customer.",
    "DOMAIN": "The registration of a domain name.",
    "CLOUD_SERVER": "A virtual server of the customer's own.",
    "CERTIFICATE": "A TLS certificate by a certification authority.",
})  # fmt: skip
ServiceState = worded("ServiceState", SERVICE_STATES, "The state of a service. Erasure waits for all but TERMINATED.", {
    "ACTIVE": "It runs, and is renewed.",
    "REDEMPTION": "It has ended, and may be had back for some weeks, as a domain; until then it counts as running.",
    "TERMINATED": "It has ended for good.",
})  # fmt: skip
SignInOutcome = worded("SignInOutcome", OUTCOMES, "The outcome of an attempt to sign in.", {
    "SUCCEEDED": "The customer was signed in.",
    "FAILED": "The password or the second factor was wrong, or the attempt was refused.",
})  # fmt: skip
ToldState = worded(
    "ToldState",
    tuple(each.name for each in NotificationState),
    "The state of informing a recipient, with the answer.",
    {each.name: str(each.value) for each in NotificationState},
)
WhoisField = worded("WhoisField", [each.upper() for each in FIELDS], "A detail of the owner of a domain.", {
    "NAME": "The name of the person or the organisation.",
    "ADDRESS": "The postal address of the owner.",
    "EMAIL": "The e-mail address of the owner.",
    "PHONE": "The telephone number of the owner.",
})  # fmt: skip

CardOutcome = worded("CardOutcome", ANSWERS, "The answer of a payment affiliate to a card.", {
    "ACCEPTED": "It took the card; a payment is made, and its invoice is settled.",
    "DECLINED": "It refused the card; nothing was paid.",
    "UNREACHABLE": "It did not answer: repeating the same payment charges no second time.",
})  # fmt: skip
ActState = worded("ActState", ACT_STATES, "How far an act of an operator came.", {
    "BEGUN": "It was written down, and its end was not: it runs, or was cut off.",
    "DONE": "It was carried out as a whole.",
    "FAILED": "It ended with an error; what it had changed by then is in its details.",
})  # fmt: skip
AuditLevel = worded("AuditLevel", LEVELS, "The severity of a finding, in the words of the reports.", {
    "error": "It stops the start, and fails the build.",
    "warning": "It should be mended.",
    "note": "It is good to know, and no more.",
})  # fmt: skip
AuditCheck = worded(
    "AuditCheck",
    tuple(each.name for each in Check),
    "What a finding is about; the reports have the same names in lower case, with hyphens.",
    {each.name: each.text for each in Check},
)
AuditVerdict = worded("AuditVerdict", VERDICTS, "What would be answered, in the words of the reports.", {
    "allowed": "All of it may be read.",
    "withheld": "Some fields would be null, and listed.",
    "refused": "Nothing of it would be read.",
})  # fmt: skip

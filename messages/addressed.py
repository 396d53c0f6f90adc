"""Sentences of the policy as the person concerned is told them: in the second person (GDPR Art. 12(1)).

The policy speaks of the customer, for audits and for staff. Where the customer reads the same, in the privacy notice
and in the client area, it is said to them. A sentence without another form here names nobody, and is told as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from messages.message import marked
from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.rows import Row

TO_YOU: Final[Mapping[Row, str]] = {
    Purpose.SERVICE_PROVISION: marked("To provide the services you subscribed to."),
    Purpose.SERVICE_COMMUNICATION: marked("To write to you about the services you subscribed to."),
    Purpose.PERSONALISE_COMMUNICATION: marked("To address you by your name in messages."),
    Purpose.INVOICING: marked("To draw up your invoices and deliver them to you."),
    Purpose.PRODUCT_NEWS: marked("To send you news about our services, which you can switch off."),
    Purpose.EMERGENCY_CONTACT: marked("To call you in an emergency, and for nothing else."),
    Purpose.AUTHENTICATION: marked("To let you sign in securely."),
    Purpose.ACCOUNT_SECURITY: marked("To detect a connection to your account from an unusual place."),
    Purpose.SELF_PROTECTION: marked("To show you the five safety recommendations, and how they stand with you."),
    Purpose.PAYMENT_EXECUTION: marked("To pay for a service by the method you chose."),
    Purpose.CARD_ON_FILE: marked("To keep your card number, so that later payments are easier for you."),
    Purpose.PARTNER_EXECUTION: marked("To pass only what is necessary to a partner who is bound to confidentiality."),
    Purpose.DOMAIN_REGISTRATION: marked(
        "To register your domain, and let its registry publish the details of the owner that it requires."
    ),
    Purpose.LEGAL_REQUEST: marked("To answer a binding request of an authority."),
    Purpose.COOKIE_MEASUREMENT: marked("To measure how you use our web site, so that we can improve its content."),
    Purpose.COOKIE_ESSENTIAL: marked("To keep you signed in, and to remember your choice of cookies."),
    Purpose.SELF_SERVICE: marked("To let you read, change and export your own data."),
    Purpose.ERASURE: marked("To delete your data, and keep a proof of it that holds none."),
    Purpose.RIGHTS_HANDLING: marked(
        "To check that it is you who asks for one of your rights, and to carry it out for you."
    ),
    Purpose.ACCOUNTABILITY_LOG: marked("To record who read which of your data, when and why."),
    Purpose.STATUTORY_RETENTION: marked("To keep the accounting records that the law orders; off until configured."),
    RetentionRule.CUSTOMER_LIFE: marked(
        "As long as you have a service; erased within 30 days if you ask for it, else 6 months after your last service "
        "has ended."
    ),
    RetentionRule.CARD_CONSENT: marked(
        "As long as you allow us to store the card; deleted at once when you take that back."
    ),
    RetentionRule.SIGN_IN_RECORDS: marked("For 6 months after each sign-in, and never past the erasure of your data."),
    RetentionRule.SESSION_RECORDS: marked(
        "For 6 months after the session has ended, and never past the erasure of your data."
    ),
    RetentionRule.CONSENT_RECORDS: marked(
        "Consents that you gave and took back are kept as proof until your data is erased."
    ),
    RetentionRule.CHANGE_RECORDS: marked(
        "Which details you changed, and when, is kept for 12 months, and never past the erasure of your data."
    ),
    RetentionRule.DISCLOSURE_RECORDS: marked("What we passed on to whom is kept until your data is erased."),
    RetentionRule.RIGHTS_RECORDS: marked(
        "Your restrictions and objections, and what recipients answered to them, are kept as proof until your data is "
        "erased."
    ),
    RetentionRule.LEGAL_HOLDS: marked(
        "An order to preserve data is kept while it holds, and as long as your other data after that."
    ),
    RetentionRule.LEDGER: marked(
        "Who read which of your data and why is kept for 12 months, under a pseudonym that ends with the erasure of "
        "your data."
    ),
    RetentionRule.OUTBOX: marked(
        "A message is kept for 30 days after it was delivered or given up, and never past the erasure of your data."
    ),
    RetentionRule.EXPORTS: marked("You can fetch an export for 7 days, and never past the erasure of your data."),
    RetentionRule.KEYS: marked(
        "The key to your data is destroyed with its erasure, a key of the gateway once nothing needs it."
    ),
    Condition.NEWS_NOT_DECLINED: marked("You have not switched news off."),
    Condition.CARD_STORAGE_CONSENTED: marked("You allow us to store this card."),
    Condition.DISCLOSURE_MAY_BE_TOLD: marked("No order forbids us (yet) to tell you."),
    Category.NAME: marked("Your given and family name."),
    Category.POSTAL_ADDRESS: marked("Your postal address as a whole."),
    Category.EMAIL: marked("Your e-mail address."),
    Category.PHONE: marked("Your telephone number."),
    Category.LOGIN_NAME: marked("The name you sign in with."),
    Category.PASSWORD: marked("Your password, kept only as a salted slow hash."),
    Category.AUTH_FACTOR: marked("Your second factor of signing in."),
    Category.ACCESS_HISTORY: marked("When, where and how you signed in."),
    Category.PAYMENT_METHOD: marked("How you pay."),
    Category.CARD_NUMBER: marked("Your card number, or part of it."),
    Category.SUBSCRIPTION: marked("A service that you have or had."),
    Category.CUSTOMER_ID: marked("A number that stands for you."),
    Category.SUBJECT_PSEUDONYM: marked("A name for you that dies with the key to your data."),
    Recipient.PAYMENT_AFFILIATE: marked("A company affiliated with the payment method that you chose."),
}
"""By row of the policy: its sentence, said to the person."""


RULES: Final[Mapping[str, str]] = {
    "the customer's telephone number is not the registrant's": marked(
        "your telephone number for emergencies is not used as that of a domain's owner"
    ),
}
"""By hard rule in words: the same, said to the person."""


def to_you(row: Row) -> str:
    """Return the sentence of a row as the person concerned reads it."""
    return TO_YOU.get(row, str(row.text))

"""The description of a stored datum for the data subject: its purposes, recipients and origin (GDPR Art. 15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import unique
from typing import Final

from policy.bases import LegalBasis
from policy.categories import Category
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.rows import Row


@unique
class Origin(Row):
    """The source of a datum (GDPR Art. 15(1)(g))."""

    GIVEN = ("You gave it to us.",)
    OBSERVED = ("It was recorded when you used our services.",)
    DERIVED = ("We worked it out from other data.",)
    MADE = ("We made it to carry out the contract or the law.",)


C, P = Category, Purpose

ORIGINS: Final[Mapping[Category, Origin]] = {
    C.PASSWORD: Origin.GIVEN,
    C.AUTH_FACTOR: Origin.GIVEN,
    C.IP_ADDRESS: Origin.OBSERVED,
    C.ACCESS_HISTORY: Origin.OBSERVED,
    C.COARSE_LOCATION: Origin.DERIVED,
    C.TRANSACTION: Origin.MADE,
    C.COOKIE_ID: Origin.MADE,
    C.BROWSING: Origin.OBSERVED,
    C.CUSTOMER_ID: Origin.MADE,
    C.SUBJECT_PSEUDONYM: Origin.DERIVED,
}
"""The origins of categories that the customer did not enter; every other category is GIVEN."""

KEPT_FOR: Final[Mapping[RetentionRule, Purpose]] = {
    RetentionRule.CARD_CONSENT: P.CARD_ON_FILE,
    RetentionRule.SIGN_IN_RECORDS: P.ACCOUNT_SECURITY,
    RetentionRule.SESSION_RECORDS: P.AUTHENTICATION,
    RetentionRule.CONSENT_RECORDS: P.ACCOUNTABILITY_LOG,
    RetentionRule.COOKIE_CHOICE: P.COOKIE_ESSENTIAL,
    RetentionRule.CHANGE_RECORDS: P.ACCOUNTABILITY_LOG,
    RetentionRule.DISCLOSURE_RECORDS: P.ACCOUNTABILITY_LOG,
    RetentionRule.RIGHTS_RECORDS: P.ACCOUNTABILITY_LOG,
    RetentionRule.ERASURE_RECORDS: P.ERASURE,
    RetentionRule.LEGAL_HOLDS: P.LEGAL_REQUEST,
    RetentionRule.LEDGER: P.ACCOUNTABILITY_LOG,
    RetentionRule.OUTBOX: P.SERVICE_COMMUNICATION,
    RetentionRule.EXPORTS: P.SELF_SERVICE,
}
"""The purpose of records that no field of the schema shows, by their retention rule."""

OF_THE_PERSON: Final = frozenset({Origin.GIVEN, Origin.OBSERVED})
BY_WILL: Final = frozenset({LegalBasis.A6_1_A, LegalBasis.A6_1_B})


@dataclass(frozen=True, slots=True)
class Meaning:
    """The declarations of one column, merged from all schema fields that show it."""

    coordinates: tuple[str, ...]
    description: str
    purposes: tuple[Purpose, ...]
    recipients: tuple[Recipient, ...]
    category: Category | None


def origin_of(category: Category | None) -> Origin:
    """Return the origin of data of a category; None (no personal category) is MADE."""
    return Origin.MADE if category is None else ORIGINS.get(category, Origin.GIVEN)


def kept_for(rule: RetentionRule) -> Purpose:
    """Return the purpose of a column that no field shows."""
    return KEPT_FOR.get(rule, Purpose.SERVICE_PROVISION)


def is_portable(category: Category | None, purposes: tuple[Purpose, ...]) -> bool:
    """Return whether a datum is portable (Art. 20): it came from the person, by consent or contract.

    Derived data and records that we made are not portable, nor data that rests on the law or on our interest alone.
    """
    if category is None or origin_of(category) not in OF_THE_PERSON:
        return False
    return any(BY_WILL.intersection(purpose.bases) for purpose in purposes)

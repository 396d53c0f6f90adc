"""The hard rules: combinations that the privacy notice itself excludes, so that no declaration can allow them."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.rules import Rule

_CARD: Final = (Category.CARD_NUMBER, Category.CARD_EXPIRY, Category.CARD_BRAND)
_SECRETS: Final = (Category.PASSWORD, Category.AUTH_FACTOR)
_EVERYTHING: Final = tuple(Category)
_PERSUASION: Final = frozenset(p for p in Purpose if p.promotional or p.family in ("analytics", "personalize"))


@dataclass(frozen=True, slots=True)
class Only:
    """These categories are read for these purposes and for no other.

    LEGAL_REQUEST is in no row: an order is answered field by field from the register of disclosures (R24), not
    by a standing allowance.
    """

    source: str
    categories: tuple[Category, ...]
    purposes: frozenset[Purpose]


@dataclass(frozen=True, slots=True)
class Never:
    """These categories are never read for these purposes, where the coordinate begins so."""

    source: str
    categories: tuple[Category, ...]
    purposes: frozenset[Purpose]
    beginning: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """These categories are returned for this purpose under this condition only."""

    source: str
    categories: tuple[Category, ...]
    purpose: Purpose
    condition: Condition


ONLY: Final = (
    Only(
        "R14: a telephone number is for emergencies, a registrant's own one for the registry",
        (Category.PHONE,),
        frozenset({Purpose.EMERGENCY_CONTACT, Purpose.DOMAIN_REGISTRATION, Purpose.SELF_SERVICE}),
    ),
    Only(
        "R18: an IP address serves to detect an unusual place",
        (Category.IP_ADDRESS,),
        frozenset({Purpose.ACCOUNT_SECURITY, Purpose.SELF_SERVICE}),
    ),
    Only(
        "R18, R60: the place derived from an IP address serves security",
        (Category.COARSE_LOCATION,),
        frozenset({Purpose.ACCOUNT_SECURITY, Purpose.SELF_PROTECTION, Purpose.SELF_SERVICE}),
    ),
    Only(
        "R16: login details serve secure access",
        (Category.LOGIN_NAME, *_SECRETS),
        frozenset({Purpose.AUTHENTICATION, Purpose.SELF_PROTECTION, Purpose.SELF_SERVICE}),
    ),
    Only(
        "R21: a card serves to pay",
        _CARD,
        frozenset({Purpose.CARD_ON_FILE, Purpose.PAYMENT_EXECUTION, Purpose.SELF_SERVICE}),
    ),
)

NEVER: Final = (
    Never("R15: a telephone number is never used to promote, measure or personalise", (Category.PHONE,), _PERSUASION),
    Never(
        "R10: a postal address does not personalise messages",
        (Category.POSTAL_ADDRESS,),
        frozenset({Purpose.PERSONALISE_COMMUNICATION}),
    ),
    Never(
        "A4: the customer's telephone number is not the registrant's",
        (Category.PHONE,),
        frozenset({Purpose.DOMAIN_REGISTRATION}),
        beginning="Customer",
    ),
)

NEEDS: Final = (
    Needs("R12, R13: news stops when declined", _EVERYTHING, Purpose.PRODUCT_NEWS, Condition.NEWS_NOT_DECLINED),
    Needs("R20, R48: a card is kept by consent", _CARD, Purpose.CARD_ON_FILE, Condition.CARD_STORAGE_CONSENTED),
)

AFFILIATE_CATEGORIES: Final = frozenset({*_CARD, Category.PAYMENT_METHOD, Category.TRANSACTION})
"""All that a payment affiliate may receive: the method's data, the amount and the invoice (R22)."""


NEVER_SHARED: Final = (
    *_SECRETS,
    *_CARD,
    Category.LOGIN_NAME,
    Category.PAYMENT_METHOD,
    Category.ACCESS_HISTORY,
    Category.IP_ADDRESS,
    Category.COARSE_LOCATION,
    Category.SUBJECT_PSEUDONYM,
)
"""Categories that a third-party app can neither read nor change, whatever its customer granted (O10)."""


def never_shared(rule: Rule) -> str | None:
    """Return why the coordinate cannot be open to third-party apps; None: it can."""
    if rule.category is None:
        return None
    if rule.inbound and _among(rule.category, (Category.EMAIL,)):
        return "O10: an e-mail address is changed by first parties only"
    shared = _among(rule.category, NEVER_SHARED)
    return "O10: credentials, factors, sessions, cards and accesses are for first parties only" if shared else None


def forbids(rule: Rule, purpose: Purpose, when: Condition | None) -> list[str]:
    """Return the hard rules against reading this coordinate for the purpose under this condition; empty: it may be
    read."""
    category = rule.category
    if category is None:
        return []
    # ONLY and NEVER apply to what may be read or taken in, NEEDS to what is returned.
    found = [row.source for row in ONLY if _among(category, row.categories) and purpose not in row.purposes]
    found += [
        row.source
        for row in NEVER
        if _among(category, row.categories) and purpose in row.purposes and rule.coordinate.startswith(row.beginning)
    ]
    if rule.inbound:  # what comes in was never read, so it depends on no row and reveals none
        return found
    found += [
        row.source
        for row in NEEDS
        if _among(category, row.categories) and purpose is row.purpose and when is not row.condition
    ]
    if category is Category.PASSWORD:
        found.append("R16: a password is never returned")
    return found


def violations(rule: Rule) -> list[str]:
    """Return every hard rule that the declaration breaks, and for which purpose or recipient; empty: none.

    The process does not start with one (R15: not even by override), and `decide` refuses it as well.
    """
    found = [
        f"{source} ({purpose.name})"
        for allowance in rule.allowances
        for purpose in Purpose
        if purpose in allowance.purposes
        for source in forbids(rule, purpose, allowance.when)
    ]
    if any(allowance.third_party for allowance in rule.allowances) and (why := never_shared(rule)):
        found.append(why)
    return found + [
        f"{source} ({recipient.name})"
        for recipient in rule.disclosed_to
        for source in _forbids_disclosure(rule, recipient)
    ]


def _forbids_disclosure(rule: Rule, recipient: Recipient) -> list[str]:
    """Return why this coordinate must not be declared as disclosed to the recipient; empty: it may."""
    found = []
    if not any(rule.when(purpose) for purpose in recipient.purposes):
        found.append("R2: a disclosure needs a purpose of that recipient")
    return found + never_received(rule.category, recipient)


def never_received(category: Category | None, recipient: Recipient) -> list[str]:
    """Return why data of this category must not reach this kind of recipient for any purpose; empty: it may."""
    found = []
    if category in _SECRETS:
        found.append("R16: login details are disclosed to nobody")
    if recipient is Recipient.PAYMENT_AFFILIATE and category not in AFFILIATE_CATEGORIES:
        found.append("R22: a payment affiliate receives payment information only")
    if recipient is Recipient.PARTNER and category is not None and _among(category, _CARD):
        found.append("R22: a card reaches the payment affiliate and nobody else")
    return found


@cache  # A schema asks this ten thousand times before it loads, of a few hundred pairs.
def _among(category: Category, wholes: tuple[Category, ...]) -> bool:
    """Return whether the category is one of these or a part of one."""
    return any(category.within(whole) for whole in wholes)

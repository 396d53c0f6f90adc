"""Decides whether a purpose may read a schema coordinate, before anything is fetched; a refusal carries its reason."""

from collections.abc import Set
from dataclasses import dataclass
from enum import unique

from policy.conditions import Condition
from policy.hard_rules import forbids, never_shared
from policy.purposes import Purpose
from policy.references import REFERENCES, References
from policy.rows import Row
from policy.rules import Allowance, Rule
from policy.statements import unfinished

__all__ = [
    "Allowance",
    "Gap",
    "Granted",
    "Reason",
    "Refused",
    "Rule",
    "decide",
    "decide_order",
    "effective_purpose",
    "gaps",
]


@unique
class Reason(Row):
    """The reason of a refusal."""

    PURPOSE_NOT_ALLOWED = ("This may not be read for this purpose.",)
    PURPOSE_NOT_GRANTED = ("The token was not granted this purpose.",)
    PURPOSE_REQUIRED = ("The token has several purposes, so the operation must state one.",)
    PURPOSE_DISABLED = ("This purpose is switched off until the controller configures it.",)
    DOCUMENT_PURPOSE_MISMATCH = ("The document is registered for another purpose.",)
    SCOPE_MISSING = ("The token lacks a scope that this needs.",)
    REFERENCE_REQUIRED = ("This purpose needs a reference to the case it is for, such as INC-4711.",)
    REFERENCE_MALFORMED = ("A reference is a case number such as INC-4711, without personal data.",)
    FIRST_PARTY_ONLY = ("This is for the company's own clients, whatever a customer has allowed another app.",)
    NOT_IN_UNDERTAKING = ("This is not among the fields that the partner may get.",)
    NOT_IN_ORDER = ("The order of the authority does not name this.",)
    UNDECLARED = ("Nothing declares for which purposes this may be read, so nobody may.",)


@dataclass(frozen=True, slots=True)
class Granted:
    """The coordinate may be read where all these conditions hold; an empty set means always."""

    conditions: frozenset[Condition] = frozenset()


@dataclass(frozen=True, slots=True)
class Refused:
    """The coordinate may not be read."""

    reason: Reason
    allowed: tuple[Purpose, ...] = ()
    """The purposes that would have been allowed, in the order of the catalogue."""
    expected: str = ""
    """The pattern that the reference should match, as the operator wrote it."""
    scopes: tuple[str, ...] = ()
    """Scopes that would allow it where one is missing: alternatives, each written as in RFC 6749 §3.3."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The declaration is incomplete: everybody is refused, and the process does not start with one (R1)."""

    missing: tuple[str, ...]


def decide(rule: Rule, purpose: Purpose, scopes: Set[str], third_party: bool = False) -> Granted | Refused | Gap:
    """Decide whether the purpose, with these action scopes, may read what the rule declares.

    Steps: 1. an incomplete declaration closes; 2. a purpose that is off reads nothing; 3. the purpose must be
    allowed, and no hard rule against it; 4. one alternative of the scopes must be held whole; 5. an app of somebody
    else needs that it is open to such apps, and a scope that opens it (O10).
    """
    if missing := gaps(rule):  # 1
        return Gap(missing)
    if not purpose.enabled:  # 2
        return Refused(Reason.PURPOSE_DISABLED)
    if rule.allowances and not _permits(rule, purpose):  # 3
        return Refused(Reason.PURPOSE_NOT_ALLOWED, tuple(p for p in Purpose if p.enabled and _permits(rule, p)))
    if rule.scopes and not any(needed <= scopes for needed in rule.scopes):  # 4
        return Refused(Reason.SCOPE_MISSING, scopes=alternatives(rule))
    if third_party and (fault := _closed_to_apps(rule, purpose, scopes)):  # 5
        opening = sorted(each.scope for each in rule.opened(purpose)) if fault is Reason.SCOPE_MISSING else ()
        return Refused(fault, scopes=tuple(opening))
    return Granted(rule.conditions(purpose))


def alternatives(rule: Rule) -> tuple[str, ...]:
    """Each alternative of scopes that the rule asks for, as OAuth writes a scope (RFC 6749 §3.3)."""
    return tuple(" ".join(sorted(needed)) for needed in rule.scopes)


def decide_order(rule: Rule, named: Set[str]) -> Granted | Refused | Gap:
    """Decide whether an order of an authority that names these coordinates may read what the rule declares (R24).

    Steps: 1. an incomplete declaration closes; 2. the purpose of such orders must be on; 3. the order must name it. No
    allowance of the field counts: each order is decided by itself.
    """
    if missing := gaps(rule):  # 1
        return Gap(missing)
    if not Purpose.LEGAL_REQUEST.enabled:  # 2
        return Refused(Reason.PURPOSE_DISABLED)
    return Granted() if rule.coordinate in named else Refused(Reason.NOT_IN_ORDER)  # 3


def _closed_to_apps(rule: Rule, purpose: Purpose, scopes: Set[str]) -> Reason | None:
    """Return why a third-party app is refused, or None; what no declaration opens is closed, by the hard rules too."""
    opened = frozenset() if rule.first_party or never_shared(rule) else rule.opened(purpose)
    if not opened:
        return Reason.FIRST_PARTY_ONLY
    return None if any(each.scope in scopes for each in opened) else Reason.SCOPE_MISSING


def gaps(rule: Rule) -> tuple[str, ...]:
    """Name what the declaration lacks; empty when it is complete."""
    return tuple(problem for _, problem in unfinished(rule))


def _permits(rule: Rule, purpose: Purpose) -> bool:
    """Return whether an allowance names the purpose and no hard rule forbids it, whatever was declared (R15)."""
    return any(not forbids(rule, purpose, when) for when in rule.when(purpose))


def effective_purpose(
    granted: Set[Purpose],
    registered: Purpose | None,
    stated: Purpose | None,
    reference: str | None,
    references: References = REFERENCES,
) -> Purpose | Refused:
    """Return the one purpose of an operation: the token's, the document's and the stated one agree on it.

    Steps: 1. what is stated must be what the document was registered for; 2. what neither says, the token's
    only purpose implies; 3. the token must have it; 4. it must be switched on; 5. its reference must be in order.
    """
    if registered is not None and stated not in (None, registered):  # 1
        return Refused(Reason.DOCUMENT_PURPOSE_MISMATCH, _in_order({registered} & granted))
    purpose = stated or registered
    if purpose is None and len(granted) > 1:  # 2
        return Refused(Reason.PURPOSE_REQUIRED, _in_order(granted))
    purpose = purpose or next(iter(granted), None)
    if purpose is None or purpose not in granted:  # 3
        return Refused(Reason.PURPOSE_NOT_GRANTED, _in_order(granted))
    if not purpose.enabled:  # 4
        return Refused(Reason.PURPOSE_DISABLED)
    if not reference and purpose.requires_reference:  # 5
        return Refused(Reason.REFERENCE_REQUIRED, expected=references.of(purpose).text)
    if reference and not references.fits(purpose, reference):  # What nobody asked for goes to the ledger too.
        return Refused(Reason.REFERENCE_MALFORMED, expected=references.of(purpose).text)
    return purpose


def _in_order(purposes: Set[Purpose]) -> tuple[Purpose, ...]:
    """Return those that are switched on, in the order of the catalogue."""
    return tuple(purpose for purpose in Purpose if purpose.enabled and purpose in purposes)

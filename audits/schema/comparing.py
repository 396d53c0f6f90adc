"""Compares two declarations by the policy: purposes, categories, retention, recipients and scopes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

from audits.schema.changes import ChangeKind
from audits.schema.declarations import Scopes
from audits.schema.facts import Fact
from policy.categories import Category
from policy.conditions import Condition
from policy.hard_rules import forbids
from policy.periods import Period
from policy.purposes import Purpose
from policy.retention import RetentionRule
from policy.rules import Rule

Difference = tuple[ChangeKind, str]
"""The kind of change, and the changed value."""


@cache
def sensitivity(category: Category) -> int:
    """Return the number of purposes for which the hard rules exclude a category, under every condition."""
    rule = Rule("", category, (), None)
    conditions: tuple[Condition | None, ...] = (None, *Condition)
    return sum(all(forbids(rule, purpose, when) for when in conditions) for purpose in Purpose)


def purposes(old: Fact, new: Fact) -> Iterator[Difference]:
    """Compare purposes: added and removed ones, and the conditions of the others."""
    for name in (name for name in new.purposes if name not in old.purposes):
        yield ChangeKind.PURPOSE_ADDED, name
    for name in (name for name in old.purposes if name not in new.purposes):
        yield ChangeKind.PURPOSE_REMOVED, name
    for name in (name for name in new.purposes if name in old.purposes):
        before, after = old.purposes[name], new.purposes[name]
        if before == after:
            continue
        if after is None:
            yield ChangeKind.CONDITION_REMOVED, f"{name} when {before}"
        elif before is None:
            yield ChangeKind.CONDITION_ADDED, f"{name} when {after}"
        else:
            yield ChangeKind.CONDITION_CHANGED, f"{name} when {before} -> {after}"


def categories(old: str | None, new: str | None) -> Iterator[Difference]:
    """Compare categories."""
    if old == new or old is None or new is None:
        return
    what = f"{old} -> {new}"
    before, after = Category.__members__.get(old), Category.__members__.get(new)
    if before is None or after is None:
        yield ChangeKind.CATEGORY_CHANGED, what
    # A part of the former category is narrower; its whole is wider, and so is a more sensitive one.
    elif after.within(before):
        yield ChangeKind.CATEGORY_NARROWED, what
    elif before.within(after) or sensitivity(after) > sensitivity(before):
        yield ChangeKind.CATEGORY_MORE_SENSITIVE, what
    elif sensitivity(after) < sensitivity(before):
        yield ChangeKind.CATEGORY_LESS_PROTECTED, what
    else:
        yield ChangeKind.CATEGORY_CHANGED, what


def retention(old: str | None, new: str | None) -> Iterator[Difference]:
    """Compare retention rules. Periods are comparable if they have the same start; no end is longer than any period."""
    if old == new:
        return
    if old is None:
        yield ChangeKind.RETENTION_DECLARED, str(new)
        return
    if new is None:
        yield ChangeKind.RETENTION_REMOVED, old
        return
    yield _period(RetentionRule.__members__.get(old), RetentionRule.__members__.get(new)), f"{old} -> {new}"


def _period(before: RetentionRule | None, after: RetentionRule | None) -> ChangeKind:
    if before is None or after is None:
        return ChangeKind.RETENTION_CHANGED
    ends = _days(before), _days(after)
    # Zero and infinity compare with every period, wherever it starts.
    if ends[1] == float("inf") or ends[0] == 0:
        return ChangeKind.RETENTION_LONGER
    if ends[0] == float("inf") or ends[1] == 0:
        return ChangeKind.RETENTION_SHORTER
    if before.starts != after.starts:
        return ChangeKind.RETENTION_CHANGED
    if ends[0] == ends[1]:
        return ChangeKind.RETENTION_CHANGED
    return ChangeKind.RETENTION_LONGER if ends[1] > ends[0] else ChangeKind.RETENTION_SHORTER


def _days(rule: RetentionRule) -> float:
    if rule.period is None:
        return float("inf")
    # Months have no fixed length, so both periods are counted from one date.
    start = date(2025, 1, 1)
    return (Period.parse(rule.period).after(start) - start).days


def recipients(old: Fact, new: Fact) -> Iterator[Difference]:
    """Compare recipients."""
    before, after = old.declared.recipients, new.declared.recipients
    yield from ((ChangeKind.RECIPIENT_ADDED, name) for name in after if name not in before)
    yield from ((ChangeKind.RECIPIENT_REMOVED, name) for name in before if name not in after)


def scopes(old: Scopes, new: Scopes) -> Iterator[Difference]:
    """Compare scopes: looser if a set of scopes that was not sufficient is sufficient now, and vice versa."""
    if old == new:
        return
    what = f"{_alternatives(old)} -> {_alternatives(new)}"
    # No scopes at all are one alternative that needs none.
    before, after = old or frozenset({frozenset[str]()}), new or frozenset({frozenset[str]()})
    if any(not any(needed <= held for needed in before) for held in after):
        yield ChangeKind.SCOPE_LOOSENED, what
    if any(not any(needed <= held for needed in after) for held in before):
        yield ChangeKind.SCOPE_TIGHTENED, what


def third_parties(old: Fact, new: Fact) -> Iterator[Difference]:
    """Compare the scopes with which apps of others may have it: one is enough."""
    before, after = _listed(old, "thirdParty", "scopes"), _listed(new, "thirdParty", "scopes")
    yield from ((ChangeKind.THIRD_PARTY_OPENED, scope) for scope in after if scope not in before)
    yield from ((ChangeKind.THIRD_PARTY_CLOSED, scope) for scope in before if scope not in after)


def step_ups(old: Fact, new: Fact) -> Iterator[Difference]:
    """Compare how fresh a sign-in must be, in seconds."""
    before, after = _longest(old), _longest(new)
    if before != after:
        kind = ChangeKind.STEP_UP_REMOVED if after > before else ChangeKind.STEP_UP_ADDED
        yield kind, f"{_seconds(before)} -> {_seconds(after)}"


def _longest(fact: Fact) -> float:
    ages = (each.arguments.get("maxAgeSeconds") for each in fact.applied if each.name == "stepUp")
    # An untyped integer of SDL is read as one.
    return next((float(each) for each in ages if isinstance(each, int)), float("inf"))


def _seconds(age: float) -> str:
    return "any time" if age == float("inf") else f"{age:.0f} seconds"


def _listed(fact: Fact, directive: str, argument: str) -> list[str]:
    given = (each.arguments.get(argument) for each in fact.applied if each.name == directive)
    return [word for each in given if isinstance(each, list) for word in each if isinstance(word, str)]


def _alternatives(scopes: Scopes) -> str:
    return " or ".join("+".join(sorted(each)) for each in sorted(scopes, key=sorted)) or "none"


def forms(old: Fact, new: Fact) -> Iterator[Difference]:
    """Compare the fields themselves: type, nullability, column, deprecation."""
    if old.type != new.type:
        what = f"{old.type} -> {new.type}"
        if new.type == f"{old.type}!":
            yield ChangeKind.NOT_NULLABLE, what
        elif old.type == f"{new.type}!":
            yield ChangeKind.NULLABLE, what
        else:
            yield ChangeKind.TYPE_CHANGED, what
    if old.declared.source != new.declared.source and old.declared.source and new.declared.source:
        yield ChangeKind.SOURCE_CHANGED, f"{old.declared.source} -> {new.declared.source}"
    if old.deprecated is None and new.deprecated is not None:
        yield ChangeKind.DEPRECATED, new.deprecated

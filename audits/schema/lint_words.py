"""Checks the names in directives: complete, known to the policy, and allowed by the hard rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from audits.schema.checks import Check, Finding
from audits.schema.declarations import DISCLOSED_TO, OURS, PERSONAL_DATA, RETENTION, FieldDeclaration, declaration
from audits.schema.facts import Fact, Facts
from audits.schema.places import SourcePosition
from audits.schema.sdl import Applied
from audits.schema.vocabulary import Vocabulary, stale
from policy.hard_rules import violations
from policy.purposes import Purpose


def findings(facts: Facts, words: Vocabulary) -> Iterator[Finding]:
    """Yield the findings about declarations, in the order of the text."""
    for type_ in facts.sdl.types.values():
        own = declaration(type_.applied)
        yield from _written(type_.name, own, type_.applied, type_.place, facts.sdl.directives)
        if own.retention:
            yield from _unknown(Check.UNKNOWN_RETENTION, "RetentionRule", own.retention, type_.name, type_.place, words)
        for misplaced in (each for each in type_.applied if each.name in (PERSONAL_DATA, "purpose", DISCLOSED_TO)):
            message = (
                f"@{misplaced.name} stands on the type {type_.name}, where it says nothing: write it on each field."
            )
            yield Finding(Check.MALFORMED, message, type_.name, misplaced.place)
    for fact in facts.all.values():
        yield from _written(fact.coordinate, fact.declared, fact.applied, fact.place, facts.sdl.directives)
        yield from _known(fact, words)
        yield from _complete(fact)
        yield from _lawful(fact)
    for enum, name, text in stale(facts.sdl):
        place = facts.sdl.types[enum].values[name].place
        yield Finding(Check.STALE_TEXT, f"{enum}.{name} is described otherwise than “{text}”", f"{enum}.{name}", place)


def _written(
    coordinate: str,
    declared: FieldDeclaration,
    applied: tuple[Applied, ...] | list[Applied],
    place: SourcePosition,
    defined: set[str],
) -> Iterator[Finding]:
    """Find directives that are malformed, or misspelt and so without effect."""
    for each in declared.malformed:
        yield Finding(Check.MALFORMED, f"{coordinate}: {each.message}", coordinate, each.place)
    if declared.public and declared.governs:
        message = f"{coordinate} is called public and bound to purposes at once."
        yield Finding(Check.CONTRADICTION, message, coordinate, place)
    for use in applied:
        # A directive that the text itself defines is no misspelling of ours.
        meant = None if use.name in OURS or use.name in defined else _meant(use.name)
        if meant:
            yield Finding(Check.MISTYPED, f"{coordinate}: @{use.name}: did you mean @{meant}?", coordinate, use.place)


def _meant(name: str) -> str | None:
    lowered = {each.lower(): each for each in OURS}
    # 0.8 instead of the default 0.6: another team's own directive must not be reported as a misspelling.
    close = get_close_matches(name.lower().replace("_", ""), lowered, n=1, cutoff=0.8)
    return lowered[close[0]] if close else None


def _known(fact: Fact, words: Vocabulary) -> Iterator[Finding]:
    """Find names that are in no catalogue."""
    said, place = fact.declared, _place_of(fact, PERSONAL_DATA)
    if said.category:
        yield from _unknown(Check.UNKNOWN_CATEGORY, "DataCategory", said.category, fact.coordinate, place, words)
    for each in said.allowed:
        for name in each.purposes:
            yield from _unknown(Check.UNKNOWN_PURPOSE, "Purpose", name, fact.coordinate, each.place, words)
        if each.when:
            yield from _unknown(Check.UNKNOWN_CONDITION, "Condition", each.when, fact.coordinate, each.place, words)
    for name in said.recipients:
        place = _place_of(fact, DISCLOSED_TO)
        yield from _unknown(Check.UNKNOWN_RECIPIENT, "Recipient", name, fact.coordinate, place, words)
    if said.retention:
        place = _place_of(fact, RETENTION)
        yield from _unknown(Check.UNKNOWN_RETENTION, "RetentionRule", said.retention, fact.coordinate, place, words)


def _unknown(
    check: Check, enum: str, name: str, coordinate: str, place: SourcePosition, words: Vocabulary
) -> Iterator[Finding]:
    if words.knows(enum, name):
        return
    close = get_close_matches(name, words.names[enum], n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    yield Finding(check, f"{coordinate} names {name}: the policy has no such row.{hint}", coordinate, place)


def _complete(fact: Fact) -> Iterator[Finding]:
    """Find incomplete declarations, which refuse everybody (`policy.decision.gaps`)."""
    if fact.category and not fact.purposes:
        yield Finding(Check.NO_PURPOSE, f"{fact.coordinate} names no purpose.", fact.coordinate, fact.place)
    if fact.category and not fact.retention:
        message = f"Nothing says how long {fact.coordinate} is kept."
        yield Finding(Check.NO_RETENTION, message, fact.coordinate, fact.place)
    times = Counter(name for each in fact.declared.allowed for name in each.purposes)
    for name in (name for name, count in times.items() if count > 1):
        message = f"{fact.coordinate} names {name} more than once."
        yield Finding(Check.PURPOSE_TWICE, message, fact.coordinate, _allowing(fact, name))


def _lawful(fact: Fact) -> Iterator[Finding]:
    """Find violations of hard rules, and purposes that are switched off."""
    for violation in violations(fact.rule()):
        yield Finding(Check.HARD_RULE, f"{fact.coordinate}: {violation}", fact.coordinate, fact.place)
    for name in fact.purposes:
        if name in Purpose.__members__ and not Purpose[name].enabled:
            message = f"{fact.coordinate} allows {name}, which is switched off."
            yield Finding(Check.PURPOSE_OFF, message, fact.coordinate, _allowing(fact, name))


def _place_of(fact: Fact, directive: str) -> SourcePosition:
    return next((each.place for each in fact.applied if each.name == directive), fact.place)


def _allowing(fact: Fact, purpose: str) -> SourcePosition:
    return next((each.place for each in fact.declared.allowed if purpose in each.purposes), fact.place)

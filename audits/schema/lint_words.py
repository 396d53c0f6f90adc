"""Checks the names in directives: complete, known to the policy, and allowed by the hard rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from audits.directives.links import NOT_LINKED
from audits.schema.checks import Check, Finding, found
from audits.schema.declarations import DISCLOSED_TO, OURS, PERSONAL_DATA, RETENTION, FieldDeclaration, declaration
from audits.schema.facts import Fact, Facts
from audits.schema.places import SourcePosition
from audits.schema.sdl import Applied
from audits.schema.vocabulary import Vocabulary, stale, word_place
from policy.hard_rules import violations
from policy.purposes import Purpose
from policy.statements import twice, unfinished

SPEAKING = ("OBJECT", "INTERFACE", "INPUT")
"""The kinds of types whose directives count for their fields."""


def findings(facts: Facts, words: Vocabulary) -> Iterator[Finding]:
    """Yield the findings about declarations, in the order of the text."""
    for type_ in facts.sdl.types.values():
        own = declaration(type_.applied)
        yield from _written(type_.name, own, type_.applied, type_.place, facts.sdl.directives)
        yield from _names(own, type_.name, type_.applied, type_.place, words)
        yield from _twice(own, type_.name, type_.place)
        for misplaced in (each for each in type_.applied if type_.kind not in SPEAKING and each.name in OURS):
            message = f"@{misplaced.name} stands on {type_.name}, which has no fields that it could speak for."
            yield Finding(Check.MALFORMED, message, type_.name, misplaced.place)
    for fact in facts.all.values():
        yield from _written(fact.coordinate, fact.written, fact.applied, fact.place, facts.sdl.directives)
        if fact.declared.public and fact.declared.governs:
            message = f"{fact.coordinate} is called public and bound to purposes at once."
            yield Finding(Check.CONTRADICTION, message, fact.coordinate, fact.place)
        yield from _names(fact.written, fact.coordinate, fact.applied, fact.place, words)
        yield from _twice(fact.written, fact.coordinate, fact.place)
        yield from _complete(fact)
        yield from _narrowing(fact)
        yield from _lawful(fact)
    for enum, name, text in stale(facts.sdl):
        place = word_place(facts.sdl, enum, name)
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
    for use in applied:
        if use.name.startswith(NOT_LINKED) and use.name not in defined:
            name = use.name.removeprefix(NOT_LINKED)
            message = f"{coordinate}: @{name} is not imported by the schema's @link."
            yield Finding(Check.MISTYPED, message, coordinate, use.place)
        # A directive that the text itself defines is no misspelling of ours.
        meant = None if use.name in OURS or use.name in defined else _meant(use.name)
        if meant:
            yield Finding(Check.MISTYPED, f"{coordinate}: @{use.name}: did you mean @{meant}?", coordinate, use.place)


def _meant(name: str) -> str | None:
    lowered = {each.lower(): each for each in OURS}
    # 0.8 instead of the default 0.6: another team's own directive must not be reported as a misspelling.
    close = get_close_matches(name.lower().replace("_", ""), lowered, n=1, cutoff=0.8)
    return lowered[close[0]] if close else None


def _names(
    said: FieldDeclaration,
    coordinate: str,
    applied: Sequence[Applied],
    place: SourcePosition,
    words: Vocabulary,
) -> Iterator[Finding]:
    """Find names that are in no catalogue."""

    def at(directive: str) -> SourcePosition:
        return next((each.place for each in applied if each.name == directive), place)

    if said.category:
        yield from _unknown(Check.UNKNOWN_CATEGORY, "DataCategory", said.category, coordinate, at(PERSONAL_DATA), words)
    for each in said.allowed:
        for name in each.purposes:
            yield from _unknown(Check.UNKNOWN_PURPOSE, "Purpose", name, coordinate, each.place, words)
        if each.when:
            yield from _unknown(Check.UNKNOWN_CONDITION, "Condition", each.when, coordinate, each.place, words)
    for name in said.recipients:
        yield from _unknown(Check.UNKNOWN_RECIPIENT, "Recipient", name, coordinate, at(DISCLOSED_TO), words)
    if said.retention:
        yield from _unknown(Check.UNKNOWN_RETENTION, "RetentionRule", said.retention, coordinate, at(RETENTION), words)


def _unknown(
    check: Check, enum: str, name: str, coordinate: str, place: SourcePosition, words: Vocabulary
) -> Iterator[Finding]:
    if words.knows(enum, name):
        return
    close = get_close_matches(name, words.names[enum], n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    yield Finding(check, f"{coordinate} names {name}: the policy has no such row.{hint}", coordinate, place)


def _complete(fact: Fact) -> Iterator[Finding]:
    """Find incomplete declarations, which refuse everybody."""
    # What is malformed or stands twice is found where it is written.
    lacking = (each for each in unfinished(fact) if each[0] in ("NO_PURPOSE", "NO_RETENTION"))
    return found(lacking, fact.coordinate, fact.place)


def _twice(declared: FieldDeclaration, coordinate: str, place: SourcePosition) -> Iterator[Finding]:
    for name in twice(declared.allowed):
        message = f"{coordinate} names {name} more than once."
        yield Finding(Check.PURPOSE_TWICE, message, coordinate, _allowing(declared, name, place))


def _narrowing(fact: Fact) -> Iterator[Finding]:
    """Find what a field allows and its type does not: a field can only narrow what its type declares."""
    for each in fact.written.allowed:
        if beyond := [name for name in each.purposes if name not in fact.purposes]:
            message = (
                f"{fact.coordinate} allows {', '.join(beyond)}, which {fact.type_name} does not allow in this way."
            )
            yield Finding(Check.WIDER_FIELD, message, fact.coordinate, each.place)


def _lawful(fact: Fact) -> Iterator[Finding]:
    """Find violations of hard rules, and purposes that are switched off."""
    for violation in violations(fact.rule()):
        yield Finding(Check.HARD_RULE, f"{fact.coordinate}: {violation}", fact.coordinate, fact.place)
    for name in fact.purposes:
        if name in Purpose.__members__ and not Purpose[name].enabled:
            message = f"{fact.coordinate} allows {name}, which is switched off."
            yield Finding(Check.PURPOSE_OFF, message, fact.coordinate, _allowing(fact.declared, name, fact.place))


def _allowing(declared: FieldDeclaration, purpose: str, otherwise: SourcePosition) -> SourcePosition:
    return next((each.place for each in declared.allowed if purpose in each.purposes), otherwise)

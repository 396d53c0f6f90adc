"""Default deny, read from the SDL alone: what a schema must say before anybody may trust it (R1, G9)."""

from __future__ import annotations

from collections.abc import Iterator

from audits.schema import lint_columns, lint_shape, lint_silence, lint_translations, lint_words
from audits.schema.checks import Check, Finding, in_order
from audits.schema.facts import Facts
from audits.schema.vocabulary import Vocabulary


def lint(facts: Facts, vocabulary: Vocabulary | None = None) -> list[Finding]:
    """Every finding, errors first, then by place; an empty list is a clean schema.

    A text that cannot be parsed has one finding and no others: nothing of it is known.
    """
    found = list(_faults(facts))
    if any(each.check is Check.SYNTAX for each in found):
        return found
    words = vocabulary or Vocabulary.of_policy()
    found += lint_shape.findings(facts)
    found += lint_words.findings(facts, words)
    found += lint_silence.findings(facts)
    found += lint_columns.findings(facts)
    found += lint_translations.findings(facts)
    return in_order(list(dict.fromkeys(found)))


def _faults(facts: Facts) -> Iterator[Finding]:
    """What already the reader stumbled over."""
    for fault in facts.sdl.faults:
        yield Finding(Check[fault.check], fault.message, fault.coordinate, fault.place)

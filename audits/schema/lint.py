"""The lint: default deny, checked on the SDL alone (R1, G9)."""

from __future__ import annotations

from collections.abc import Iterator

from audits.schema import lint_columns, lint_shape, lint_silence, lint_translations, lint_words
from audits.schema.checks import Check, Finding, in_order
from audits.schema.facts import Facts
from audits.schema.vocabulary import Vocabulary


def lint(facts: Facts, vocabulary: Vocabulary | None = None) -> list[Finding]:
    """Return every finding, errors first, then by position; empty for a clean schema.

    A text that cannot be parsed has only that finding, since nothing else is known of it.
    """
    found = list(_errors(facts))
    if any(each.check is Check.SYNTAX for each in found):
        return found
    words = vocabulary or Vocabulary.of_policy()
    found += lint_shape.findings(facts)
    found += lint_words.findings(facts, words)
    found += lint_silence.findings(facts)
    found += lint_columns.findings(facts)
    found += lint_translations.findings(facts)
    return in_order(list(dict.fromkeys(found)))


def _errors(facts: Facts) -> Iterator[Finding]:
    """Yield the errors of the parser."""
    for fault in facts.sdl.errors:
        yield Finding(Check[fault.check], fault.message, fault.coordinate, fault.place)

"""The sentences of the policy's rows that people are told: in every language that there is a catalogue for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audits.schema.checks import Check, Finding
from audits.schema.facts import Facts
from audits.schema.places import SourcePosition
from audits.schema.vocabulary import CATALOGUES
from messages.catalogue import SOURCE, file_of, languages, translated
from messages.policy_rows import COLUMNS
from policy.rows import Row

ROOT = Path(__file__).parents[2]


def findings(facts: Facts) -> Iterator[Finding]:
    """Each row of the policy that the schema has, and each language without its sentence."""
    for enum, rows in CATALOGUES.items():
        type_ = facts.sdl.types.get(enum)
        for name in type_.values if type_ is not None and type_.kind == "ENUM" else ():
            row = rows.__members__.get(name)
            for language, file in _untranslated(row) if row is not None else ():
                message = f"{enum}.{name} has no sentence in “{language}”: people are told it in English."
                yield Finding(Check.UNTRANSLATED, message, f"{enum}.{name}", SourcePosition(file))


def _untranslated(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the languages that lack a sentence of a row, each with its catalogue; none for rows that are not shown."""
    texts = [text for column in COLUMNS.get(type(row), ()) if (text := getattr(row, column))]
    for language in languages():
        if language != SOURCE and not all(translated(text, language) for text in texts):
            file = file_of(language)
            yield language, str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)

"""The sentences of the policy's rows that people are told: in every language that there is a catalogue for."""

from __future__ import annotations

from collections.abc import Iterator

from audits.schema.checks import Check, Finding
from audits.schema.facts import Facts
from audits.schema.places import SourcePosition
from audits.schema.vocabulary import CATALOGUES
from policy.french import untranslated


def findings(facts: Facts) -> Iterator[Finding]:
    """Each row of the policy that the schema has, and each language without its sentence."""
    for enum, rows in CATALOGUES.items():
        type_ = facts.sdl.types.get(enum)
        for name in type_.values if type_ is not None and type_.kind == "ENUM" else ():
            row = rows.__members__.get(name)
            for language, file in untranslated(row) if row is not None else ():
                message = f"{enum}.{name} has no sentence in “{language}”: people are told it in English."
                yield Finding(Check.UNTRANSLATED, message, f"{enum}.{name}", SourcePosition(file))

"""The facts of a breach that only the controller knows (GDPR Art. 33(3), 34(2)); none of them is invented."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from audits.schema.sources import Text, UnreadableError
from messages.catalogue import languages

TEXTS: Final = ("nature", "consequences", "measures", "advice")
KEYS: Final = frozenset({"aware", "delay", *TEXTS})


@dataclass(frozen=True, slots=True)
class Incident:
    """The controller's account of a breach; what is not known yet is missing."""

    aware: datetime | None = None
    """When the controller became aware of it."""
    delay: str | None = None
    """Why it is notified late (Art. 33(1))."""
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By part (`TEXTS`) and language."""

    def text(self, part: str, language: str) -> str | None:
        """Return one part in a language; None while it is not known."""
        return self.said.get(part, {}).get(language)

    def missing(self, language: str) -> tuple[str, ...]:
        """Return the parts that a letter in this language still lacks."""
        return tuple(part for part in TEXTS if self.text(part, language) is None)


def read_incident(text: Text) -> Incident:
    """Parse the file; UnreadableError names everything that is no part of it or of another type."""
    try:
        given = tomllib.loads(text.text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"{text.name}: {error}.") from error
    if problems := tuple(_problems(given)):
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise UnreadableError(f"{text.name}:\n{listed}\nAn example: `gateway audit breach --example > breach.toml`.")
    aware = given.get("aware")
    return Incident(
        None if aware is None else aware.astimezone(UTC),
        given.get("delay"),
        {part: _by_language(given[part]) for part in TEXTS if part in given},
    )


def _problems(given: Mapping[str, Any]) -> list[str]:
    problems = [f"`{key}` is no part of it: {', '.join(sorted(KEYS))}." for key in sorted(given.keys() - KEYS)]
    aware = given.get("aware")
    # A time without a zone would move the deadline by hours.
    if aware is not None and not (isinstance(aware, datetime) and aware.tzinfo is not None):
        problems.append("`aware` is a moment with its zone, such as 2026-11-30T09:15:00Z.")
    if not isinstance(given.get("delay", ""), str):
        problems.append("`delay` is a text.")
    for part in TEXTS:
        said = given.get(part, "")
        values = said.values() if isinstance(said, dict) else (said,)
        if not all(isinstance(each, str) for each in values):
            problems.append(f"`{part}` is a text, or a table with a text for each language.")
        elif isinstance(said, dict) and (unknown := sorted(said.keys() - set(languages()))):
            problems.append(f"`{part}` has a language without a catalogue: {', '.join(unknown)}.")
    return problems


def _by_language(said: str | Mapping[str, str]) -> Mapping[str, str]:
    return dict.fromkeys(languages(), said) if isinstance(said, str) else dict(said)

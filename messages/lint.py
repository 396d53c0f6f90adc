"""Lints a catalogue: missing messages, obsolete ones, and translations that would not fit their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from string import Formatter
from typing import Literal

from babel.messages.catalog import Catalog, Message

from messages.extraction import SourceMessage

Fault = Literal["missing", "unknown", "fuzzy", "placeholders", "code", "forms"]


@dataclass(frozen=True, slots=True, order=True)
class CatalogueFinding:
    """One fault of one message in one language."""

    language: str
    fault: Fault
    id: str

    def __str__(self) -> str:
        """On one line."""
        return f"{self.language}: {self.fault}: {self.id!r}"


def check(language: str, catalogue: Catalog, wanted: Set[SourceMessage]) -> list[CatalogueFinding]:
    """Every fault; none for a catalogue that is whole."""
    entries = {source_of(each): each for each in catalogue if each.id}
    found = [CatalogueFinding(language, "missing", each.id) for each in wanted - entries.keys()]
    found += [CatalogueFinding(language, "unknown", each.id) for each in entries.keys() - wanted]
    for key, entry in entries.items():
        found += [CatalogueFinding(language, fault, key.id) for fault in _problems(key, entry, catalogue.num_plurals)]
    return sorted(found)


def source_of(entry: Message) -> SourceMessage:
    """An entry of a catalogue by what it translates."""
    one, many = entry.id if isinstance(entry.id, tuple | list) else (entry.id, "")
    return SourceMessage(str(one), str(many), str(entry.context or ""))


def _problems(key: SourceMessage, entry: Message, plurals: int) -> Iterator[Fault]:
    texts = [str(each or "") for each in (entry.string if isinstance(entry.string, tuple | list) else [entry.string])]
    if entry.fuzzy:
        yield "fuzzy"
    if not all(texts):
        yield "missing"
        return
    if key.plural and len(texts) != plurals:
        yield "forms"
    put_in = placeholders(key.id) | placeholders(key.plural)
    if any(placeholders(text) - put_in or (put_in - {"count"}) - placeholders(text) for text in texts):
        yield "placeholders"
    if any(names_of_programs(text) != names_of_programs(key.plural or key.id) for text in texts):
        yield "code"


def placeholders(text: str) -> set[str]:
    """The names of the parameters of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def names_of_programs(text: str) -> set[str]:
    """The names between backquotes, which are the same in every language."""
    return set(re.findall("`[^`]+`", text))

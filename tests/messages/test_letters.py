"""Every letter in every language: no sentence of another one, no name of a program, one form of dates."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import resolvers.emails
from messages import catalogue, dates
from messages.catalogue import languages
from messages.extraction import extract
from messages.po import template, written
from resolvers.commands.dependencies import Site
from resolvers.emails.emails import EmailRecipient, EmailTemplate, ProvenAddress, compose
from tests.test_rooms import FLOORS, ROOT

for each in pkgutil.iter_modules(resolvers.emails.__path__):
    importlib.import_module(f"resolvers.emails.{each.name}")

NOW = datetime(2026, 11, 3, 15, 4, tzinfo=UTC)
DATES = frozenset({"due", "begin", "stays", "until", "day"})
FACTS = {"platform": "WEBMAIL", "place": "CH", "country": "CH", "minutes": 30, "days": 7, "left": 3}
"""Facts as the programs give them: names of lists, codes and numbers, which people must not read."""
PROGRAMS = re.compile(r"\b[A-Z]+_[A-Z_]+\b|\bWEBMAIL\b|[{}]|\b(None|null|undefined)\b|\bCH\b")
OTHER_DATES = re.compile(r"\d{4}-\d{2}-\d{2}|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\bNov \d|\d [AP]M\b")
LETTERS = [letter for kind in EmailTemplate.__subclasses__() for letter in kind]


def composed(letter: EmailTemplate, language: str) -> dict[str, str]:
    """The letter as it is put into the outbox."""
    names = set(re.findall(r"\{(\w+)\}", letter.text)) - {"site", "origin", "at", "remedy"}
    facts: dict[str, Any] = {each: NOW if each in DATES else FACTS.get(each, "…") for each in names}
    reader = EmailRecipient(None, ProvenAddress("amelie@example.com"), language)  # type: ignore[arg-type]
    return dict(json.loads(compose(reader, Site("Example"), letter, NOW, **facts)))


def judge(letter: EmailTemplate, said: dict[str, str]) -> list[str]:
    """What is wrong with a letter."""
    text = f"{said['subject']}\n{said['text']}"
    wrong = [found[0] for found in (PROGRAMS.search(text), OTHER_DATES.search(text)) if found]
    if "2026" in text and dates.day(NOW, said["language"]) not in text:
        wrong.append("a date in another form")
    if said["language"] != "en":
        english = composed(letter, "en")
        wrong += sorted(
            set(text.splitlines())
            & {each for each in english["text"].splitlines() if len(each) > 20 and "://" not in each}
        )
        wrong += [english["subject"]] * (said["subject"] == english["subject"])
    return wrong


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("letter", LETTERS, ids=lambda each: f"{type(each).__name__}.{each.name}")
def test_a_letter_is_in_its_language(letter: EmailTemplate, language: str) -> None:
    assert judge(letter, composed(letter, language)) == []


def test_what_is_not_in_its_language_is_found() -> None:
    """What never fails proves nothing."""
    said = {"language": "fr", "subject": LETTERS[0].subject, "text": "Depuis le 2026-11-03 en CH\nPAYMENT_METHOD {x}"}
    assert judge(LETTERS[0], said) == ["CH", "2026-11-03", "a date in another form", LETTERS[0].subject]


def test_a_third_language_has_every_letter(tmp_path: Path) -> None:
    """One catalogue file, written from right to left, with the plural forms of its own."""
    made = template(extract(ROOT / floor for floor in FLOORS), "ar")
    for entry in made:
        if isinstance(entry.id, tuple):
            entry.string = tuple(f"«{entry.id[1]}»" for _ in range(6))
        elif entry.id:
            entry.string = f"«{entry.id}»"
    path = tmp_path / "ar" / "LC_MESSAGES" / "gateway.po"
    path.parent.mkdir(parents=True)
    path.write_text(written(made, "ar"), encoding="utf-8")
    catalogue.use(tmp_path)
    try:
        for letter in LETTERS:
            said = composed(letter, "ar")
            assert said["subject"].startswith("«") and said["text"].lstrip().startswith("«"), letter
            assert not PROGRAMS.search(said["text"]), letter
    finally:
        catalogue.use()

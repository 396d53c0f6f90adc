"""Every page in every language: no sentence of another one, no name of a program, one form of dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from messages.catalogue import languages, translate
from messages.extraction import extract
from messages.message import Message
from tests.area.test_story import NO_WORDS, VIEWS, enter, go, tool_reads
from tests.gateway.browser import Page, browser
from tests.gateway.servers import ROOT, Running, running
from tests.programs import needs
from tests.test_rooms import FLOORS

OPEN = ("/sign-in", "/password/forgot", "/cookies", "/registrant", "/privacy", "/nowhere", "/sign-out")
SIGNED_IN = ("/security", "/password")
DATES = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/\d{4}\b|\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d|\d [AP]M\b"
)
"""Forms of a date that no page has: 2026-11-30, 30/11/2026, Nov 30, 3:00 PM."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(["-m", "gateway", "demo"], tmp_path_factory.mktemp("walk")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, server: Running) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as found:
        found.open(f"{server.url}/?lang=en")
        found.until("document.body.dataset.ready")
        found.click("#sign-in")
        enter(found)
        found.until("document.getElementById('profile-form')")
        tool_reads(server)
        yield found


@cache
def english_only() -> frozenset[str]:
    """Sentences that have a translation unlike them: none may stand on a page of another language."""
    plain = {
        each.id
        for each in extract(ROOT / floor for floor in FLOORS)
        if not each.plural and "{" not in each.id and len(each.id) > 11
    }
    foreign = [one for one in languages() if one != "en"]
    return frozenset(each for each in plain if all(translate(Message(each), one) != each for one in foreign))


def judge(place: str, language: str, shown: str) -> list[str]:
    """What is wrong with the text of a page."""
    lines = {line.strip() for line in shown.splitlines()}
    wrong = sorted(lines & english_only()) if language != "en" else []
    wrong += [found[0] for found in (NO_WORDS.search(shown), DATES.search(shown)) if found]
    return [f"{place} ({language}): {each}" for each in wrong]


@needs("chromium")
def test_every_page_is_in_its_language(page: Page, server: Running) -> None:
    wrong: list[str] = []
    for language in languages():
        page.open(f"{server.url}/?lang={language}")
        page.until("document.querySelector('#content.view') || document.getElementById('sign-in')")
        if page.evaluate("Boolean(document.getElementById('sign-in'))"):
            page.click("#sign-in")
            page.until("document.querySelector('#content.view')")
        for view in VIEWS:
            go(page, view, "#content > *")
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            wrong += judge(view, language, page.evaluate("document.querySelector('main').innerText"))
        for path in (*OPEN, *SIGNED_IN):
            page.open(f"{server.url}{path}?lang={language}")
            assert page.evaluate("document.documentElement.lang") == language, path
            wrong += judge(path, language, page.evaluate("document.querySelector('main').innerText"))
    assert wrong == []


def test_a_sentence_of_another_language_is_found() -> None:
    """What never fails proves nothing."""
    assert judge("x", "fr", "Bonjour\nWhere you are signed in\n") == ["x (fr): Where you are signed in"]
    assert judge("x", "en", "WEB_HOSTING since Nov 3, 2026") == ["x (en): WEB_HOSTING", "x (en): Nov 3"]
    assert judge("x", "fr", "le 30 novembre 2026, 12:03") == []

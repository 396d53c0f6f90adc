"""One template a page: a designer changes it alone, and it stays translated, escaped, and safe from forged forms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import nodes

from gateway.http.templates import templates
from gateway.signin.frame.words import WORDS
from tests.gateway.servers import ROOT

PAGES = sorted((ROOT / "gateway" / "templates" / "signin").glob("*.html"))
WITHOUT_COOKIE = "stop_news.html"
"""Mail programs send its form themselves (RFC 8058); the token in the address is its proof."""


@pytest.fixture(params=PAGES, ids=lambda each: each.stem)
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_every_word_is_in_the_table(page: Path) -> None:
    calls = [each for each in templates().parse(page.read_text()).find_all(nodes.Call) if _named(each) == "say"]
    assert {word for each in calls for word in _words(each.args[0])} <= set(WORDS.texts)


def _named(call: nodes.Call) -> str | None:
    return call.node.name if isinstance(call.node, nodes.Name) else None


def _words(said: nodes.Node) -> set[str]:
    """The words that an argument may stand for, without those that are made of a value."""
    if isinstance(said, nodes.Const):
        return {said.value}
    if isinstance(said, nodes.CondExpr):
        return _words(said.expr1) | (_words(said.expr2) if said.expr2 is not None else set())
    return set()


def test_no_sentence_is_written_past_the_catalogue(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", page.read_text(), flags=re.S)
    assert re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^<>]*>|class=\"wide\"", " ", text)) == []


def test_every_form_proves_whence_it_comes(page: Path) -> None:
    forms = re.findall(r"<form\b[^>]*>(.{0,12})", page.read_text(), re.S)
    assert [each for each in forms if not each.startswith("{{ csrf() }}")] == (
        ["{% for name,"] if page.name == WITHOUT_COOKIE else []
    )


def test_only_the_picture_of_this_house_is_markup(page: Path) -> None:
    unescaped = [
        each.name for each in templates().parse(page.read_text()).find_all(nodes.Filter) if each.name == "safe"
    ]
    assert unescaped == (["safe"] if page.name == "authenticator_app.html" else [])
    assert "autoescape" not in page.read_text()

"""HTML has one maker: Jinja2 with autoescape. No text of a program is markup, and nothing else is made of templates."""

from __future__ import annotations

import ast
import re

import jinja2
import pytest
from markupsafe import Markup

from gateway.http.templates import page, templates
from messages.templates import environment, visible
from tests.test_rooms import modules, parsed

ELEMENT = re.compile(
    r"</?(html|head|body|p|div|span|a|ul|ol|li|table|tr|td|th|form|input|button|h[1-6]|section|br|code)\b[^>]*>"
)


def test_no_program_writes_markup() -> None:
    """Sentences between quotes may name an element in a docstring or in backquotes; a text that is used may not."""
    found = []
    for name in modules():
        docstrings = {id(each) for each in _docstrings(parsed(name))}
        for node in ast.walk(parsed(name)):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and id(node) not in docstrings and ELEMENT.search(text):
                found.append(f"{name}:{node.lineno}")
    assert found == []


def _docstrings(tree: ast.Module) -> list[ast.Constant]:
    return [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]


def test_nothing_else_fills_templates() -> None:
    users = [
        name
        for name in modules()
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.ImportFrom)
        and any((node.module, each.name) in (("string", "Template"), ("html", "escape")) for each in node.names)
    ]
    assert users == []


def test_what_is_put_in_is_text() -> None:
    text = page("oauth_refused.html", sentence='<script>alert("1")</script>')
    assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_what_is_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        page("oauth_refused.html")


def test_plain_text_has_nothing_to_escape_and_nothing_unseen() -> None:
    letter = environment("resolvers").get_template("letter.txt")
    assert letter.render(language="en", text="R&D <you>\n\u202ebob") == "R&D <you>\n\ufffdbob"


def test_what_nobody_can_see_is_shown() -> None:
    assert visible("a\u202eb\nc\td") == "a\ufffdb\nc\td"
    made = templates().from_string("{{ one }}{{ two }}").render(one="<\u200f", two=Markup("<b>"))
    assert made == "&lt;\ufffd<b>"

"""A closed list of words stands once, in `policy/`: what repeats one would miss the word that is added to it."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

import policy
from gateway.demo.copies.fields import FIELDS
from gateway.demo.copies.generators import GENERATORS
from gateway.demo.copies.rules import LEFT_OUT, REGISTERED, copied, makers
from policy import consents, platforms
from policy.categories import Category
from policy.purposes import Purpose
from policy.wordings import WORDINGS
from resolvers.consents.receipts import KINDS
from store.database.schemas import MAIN
from tests.test_rooms import modules, parsed


def closed_lists() -> Iterator[tuple[str, frozenset[str]]]:
    """The words of each enumeration and each `Literal` of the policy, by its name."""
    for each in pkgutil.iter_modules(policy.__path__, "policy."):
        module = importlib.import_module(each.name)
        for name, value in vars(module).items():
            if get_origin(value) is Literal:
                yield f"{each.name}.{name}", frozenset(get_args(value))
            elif isinstance(value, type) and issubclass(value, Enum) and value.__module__ == each.name and len(value):
                yield f"{each.name}.{name}", frozenset(member.name for member in value)


CLOSED = dict(closed_lists())
SHORT = Path(__file__).parents[1] / "gateway" / "static" / "audit" / "words.json"


def test_every_purpose_has_a_short_word_above_its_column() -> None:
    """Its whole sentence would make the matrix of /audit as high as the screen."""
    words = json.loads(SHORT.read_text(encoding="utf-8"))
    shown = {name.removeprefix("purpose_"): word for name, word in words.items() if name.startswith("purpose_")}
    assert shown.keys() == Purpose.__members__.keys()
    assert {word for word in shown.values() if len(word) > 24} == set()


FREE = ("gateway.demo.", "policy.")
"""The stories of the demo choose some of the words, some of them several times; `policy/` is where the lists stand."""


def repeated(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The lists, tuples and sets (a `Literal` is one, too) that have two or more words of a closed list."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            words = {each.value for each in node.elts if isinstance(each, ast.Constant)}
            for name, closed in CLOSED.items():
                if len(words & closed) > 1:
                    yield node.lineno, f"{ast.unparse(node)} repeats {name}"


def test_no_module_repeats_a_closed_list() -> None:
    found = [
        f"{name}:{line}: {text}"
        for name in modules()
        if not name.startswith(FREE)
        for line, text in repeated(parsed(name))
    ]
    assert found == []


def test_the_lists_of_the_policy_are_known() -> None:
    assert {"policy.platforms.Platform", "policy.consents.ConsentKind", "policy.erasing.State"} <= CLOSED.keys()


@pytest.mark.parametrize(
    "text",
    [
        "Platform = Literal['WEBMAIL', 'CLIENT_AREA']",
        "for each in ('JSON', 'HTML'): pass",
        "x in {'ARMED', 'HELD'}",
        "['GIVEN', 'WITHDRAWN']",
    ],
)
def test_a_repetition_is_found(text: str) -> None:
    assert [line for line, _ in repeated(ast.parse(text))] == [1]


def test_words_of_different_lists_are_no_repetition() -> None:
    assert list(repeated(ast.parse("row = ('CARD_STORAGE', 'GIVEN')"))) == []


def test_what_is_known_of_each_word_is_known_of_all() -> None:
    assert tuple(platforms.FACTS) == platforms.PLATFORMS
    assert tuple(WORDINGS) == tuple(KINDS) == consents.CONSENT_KINDS


def test_mail_programs_cannot_ask_for_a_second_factor() -> None:
    assert tuple(each for each in platforms.PLATFORMS if each != "WEBMAIL") == platforms.WITH_SECOND_FACTOR


def test_a_development_copy_knows_every_table_column_and_category() -> None:
    """Without a line too many: a new category, table or plain field says what a copy has of it
    (docs/development-copies.md)."""
    assert set(GENERATORS) == set(Category)
    names = {str(table.name) for table in MAIN.tables.sorted_tables}
    assert {*LEFT_OUT, *REGISTERED} <= names
    assert {str(table.name) for table in copied()} | {*LEFT_OUT, *REGISTERED} == names
    known = {f"{table.name}.{name}" for table in copied() for name in makers(table)}
    assert FIELDS.keys() <= known, "a line for a column that is not copied"

"""Messages about an input are in English and French, and any other language is a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import resolvers
import values
from policy.cards import CardFault
from policy.restricting import INSTEAD
from resolvers.catalogues import LANGUAGES, entries, preferred, translated
from resolvers.inputs.addresses import WORDS
from store.database.store import Store
from tests.promises.gate import Gate, own
from values import domain_name, mailbox

ROOM = Path(resolvers.__file__).parent
PLACES = {"UserProblem": 1, "problem": 2, "_checked": 3, "AddressFault": 2, "LineError": 1}
"""Which argument of what is a message."""


def said() -> Iterator[str]:
    """Every message that the code writes out, with `{}` for what it puts in."""
    for path in (*ROOM.rglob("*.py"), *Path(values.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                place = PLACES.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
                if place is not None and len(node.args) > place and (text := _text(node.args[place])):
                    yield text
    yield from (each.text for each in CardFault)
    yield from (message for _, message in WORDS.values())
    yield from (each.sentence for each in mailbox.MailboxFault)
    yield from (each.value for each in domain_name.DomainNameFault)


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        found = "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
        return found if not found.startswith("{};") else None  # put together from two others
    return None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_has_a_translation_and_none_is_left_over(language: str) -> None:
    messages, there = set(said()), entries(language)
    assert len(messages) > 70
    assert messages - there.keys() == set()
    together = {"This country has no such postal code; they look like {}.", *INSTEAD.values()}
    assert there.keys() - messages == together


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_puts_in_what_the_message_does(language: str) -> None:
    for text, other in entries(language).items():
        assert text.count("{}") == other.count("{}") and other.strip() and other != text
        assert set(re.findall("`[^`]+`", text)) == set(re.findall("`[^`]+`", other))


def test_what_is_put_in_stays() -> None:
    assert translated("At most 100 characters.", "fr") == "Au plus 100 caractères."
    assert translated("EURid does not publish this.", "fr") == "EURid ne publie pas cela."
    assert translated("This card has expired.", "de") == translated("This card has expired.", "en")
    assert translated("Nobody wrote this.", "fr") == "Nobody wrote this."


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"), ("", "en"), ("fr", "fr"), ("fr-CH, fr;q=0.9, en;q=0.8", "fr"), ("de, fr;q=0.5, en;q=0.7", "en"),
        ("de", "en"), ("fr;q=x, en", "en"), (";;;,,,", "en"), ("fr;q=0", "en"), ("x" * 10_000, "en"),
    ],
)  # fmt: skip
def test_the_readers_preference_counts(header: str | None, language: str) -> None:
    assert preferred(header) == language


@pytest.mark.anyio
async def test_problems_are_told_in_the_callers_language(store: Store) -> None:
    gate = await Gate.of(store, 1)
    query = 'mutation { updateProfile(input: {phone: "12"}) { userErrors { code message } } }'
    for language, message in (("en", "Write the number"), ("fr", "Écrivez le numéro"), ("xx", "Write the number")):
        answer = await gate.ask(query, own(gate.ids[0]), language=language)
        (error,) = answer.data["updateProfile"]["userErrors"]
        assert error["code"] == "INVALID_PHONE" and error["message"].startswith(message)

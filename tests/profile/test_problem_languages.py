"""What is wrong with an input is told in the language of whoever asks."""

from __future__ import annotations

import pytest

from messages.catalogue import translate
from resolvers.account.passwords import lacking
from store.database.store import Store
from tests.promises.gate import Gate, own
from values.lines import LineError, read_line

WRITE = 'mutation { updateProfile(input: {phone: "12"}) { userErrors { code message } } }'


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("language", "message"), [("en", "Write the number"), ("fr", "Écrivez le numéro"), ("xx", "Write the number")]
)
async def test_problems_are_told_in_the_callers_language(store: Store, language: str, message: str) -> None:
    gate = await Gate.of(store, 1)
    answer = await gate.ask(WRITE, own(gate.ids[0]), language=language)
    (error,) = answer.data["updateProfile"]["userErrors"]
    assert error["code"] == "INVALID_PHONE" and error["message"].startswith(message)


def test_what_is_put_in_is_translated_too() -> None:
    problem = lacking(["upper", "digit"])
    assert str(problem.message) == "Add an upper-case letter, a digit."
    assert translate(problem.message, "fr") == "Ajoutez une majuscule, un chiffre."


def test_a_rule_for_values_says_it_in_every_language() -> None:
    with pytest.raises(LineError) as caught:
        read_line("x" * 11, 10)
    assert str(caught.value) == "At most 10 characters."
    assert translate(caught.value.message, "fr") == "Au plus 10 caractères."

"""`userErrors.message` is in the language of whoever corrects it: the request's, or else the customer's own."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from messages.negotiation import named, preferred
from policy.grant import Grant
from policy.purposes import Purpose
from schema.documents.requests import Request
from tests.promises.gate import grant, own
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import Lobby
from tests.signin.people import add_person

pytestmark = pytest.mark.anyio

UNKNOWN = 'mutation { endSession(input: {sessionId: "x"}) { userErrors { code message } } }'


async def told(lobby: Lobby, caller: Grant, language: str | None, query: str = UNKNOWN) -> str:
    outcome = await lobby.api.execute(Request(query=query, language=language), caller)
    (field,) = json.loads(outcome.body)["data"].values()
    (error,) = field["userErrors"]
    message: str = error["message"]
    return message


@ONE_STORE
async def test_a_customer_reads_problems_in_their_language(lobby: Lobby) -> None:
    french, british = [await add_person(lobby.store, locale=each) for each in ("fr-CH", "en-GB")]
    english = await told(lobby, own(british.id), None)
    translated = await told(lobby, own(french.id), None)
    assert english != translated
    # What the request prefers comes first.
    assert await told(lobby, own(french.id), "en") == english
    assert await told(lobby, own(british.id), "fr") == translated


@ONE_STORE
async def test_a_problem_free_command_asks_for_no_language(lobby: Lobby) -> None:
    person = await add_person(lobby.store, locale="fr-CH")
    asked: list[str] = []
    lobby.store.reader.listeners.append(asked.append)
    query = "mutation { setProductNews(input: {wanted: false}) { userErrors { code message } } }"
    outcome = await lobby.api.execute(Request(query=query), own(person.id))
    assert json.loads(outcome.body)["data"]["setProductNews"]["userErrors"] == []
    assert not [each for each in asked if "locale" in each]


@ONE_STORE
async def test_a_tool_reads_english_unless_it_asks_for_more(lobby: Lobby) -> None:
    tool = replace(grant(Purpose.SERVICE_PROVISION), scopes=frozenset({"services:write"}))
    query = 'mutation { terminateService(input: {serviceId: "x"}) { userErrors { code message } } }'
    english = await told(lobby, tool, None, query)
    assert english == await told(lobby, tool, "en", query) != await told(lobby, tool, "fr", query)


def test_a_header_that_names_no_language_there_is_names_none() -> None:
    assert [named(each) for each in (None, "", "*", "ja", "ja;q=1, fr-CH;q=0.2", "en, fr;q=0.9")] == [
        None, None, None, None, "fr", "en",
    ]  # fmt: skip
    assert [preferred(each) for each in (None, "ja", "fr")] == ["en", "en", "fr"]

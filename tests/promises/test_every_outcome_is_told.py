"""What one mutation of a request did is told, whatever becomes of the next one (GraphQL, Handling Execution Errors)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLNonNull

from resolvers.payments import payments
from schema.api.build import core_schema
from schema.documents.requests import RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError
from tests.promises.gate import TODAY, Gate, own


async def dies(*_: Any) -> None:
    """A defect."""
    raise ConnectionResetError


TWO = """mutation ($next: UpdateProfileInput = {locale: "it"}) {
  first: updateProfile(input: {locale: "fr"}) { customer { locale } userErrors { code } }
  second: updateProfile(input: $next) { customer { locale } userErrors { code } }
  third: updateProfile(input: {locale: "de"}) { customer { locale } userErrors { code } }
}"""


def test_every_payload_is_nullable() -> None:
    """A payload that may not be null takes with it what the other mutations of the request have done."""
    root = core_schema().mutation_type
    assert root is not None and len(root.fields) > 30
    assert [name for name, field in root.fields.items() if isinstance(field.type, GraphQLNonNull)] == []


@pytest.mark.anyio
async def test_the_first_is_told_though_the_second_cannot_be_followed(changing: Gate) -> None:
    """A variable with a default may be null where null is no value: that is found at its field, after the first."""
    answer = await changing.ask(TWO, own(changing.ids[0]), variables={"next": None})
    assert answer.kind is RequestOutcome.OK and answer.codes == ["BAD_USER_INPUT"], answer.raw
    assert answer.body["errors"][0]["path"] == ["second"]
    first, second, third = answer.body["data"].values()
    assert first == {"customer": {"locale": "fr"}, "userErrors": []} and second is None
    assert third == {"customer": {"locale": "de"}, "userErrors": []}
    assert (await changing.ask(TWO, own(changing.ids[0]))).data["second"]["customer"] == {"locale": "it"}


@pytest.mark.anyio
async def test_the_first_is_told_though_the_store_cannot_answer_the_second(
    changing: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage between two mutations: the one was made, and of the other it is not known."""

    async def gone(*_: Any) -> None:
        raise StoreUnavailableError(OutageCause.DOWN)

    monkeypatch.setattr(payments, "changed", gone)
    bank = 'addBankTransfer(input: {bankName: "Example Bank"}) { userErrors { code } }'
    first = 'first: updateProfile(input: {locale: "fr"}) { customer { locale } }'
    who = own(changing.ids[0], authenticated_at=int(TODAY.timestamp()))
    answer = await changing.ask(f"mutation {{ {first} {bank} }}", who)
    assert answer.kind is RequestOutcome.OK and answer.codes == ["UNAVAILABLE"], answer.raw
    assert answer.body["data"] == {"first": {"customer": {"locale": "fr"}}, "addBankTransfer": None}
    alone = await changing.ask(f"mutation {{ {bank} }}", who)
    assert alone.kind is RequestOutcome.UNAVAILABLE and "data" not in alone.body


@pytest.mark.anyio
async def test_each_outcome_is_told_though_the_time_is_over(changing: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first was made, the second was under way, and the third was never begun."""

    async def slow(*_: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(payments, "changed", slow)
    monkeypatch.setattr(changing.api, "limits", replace(changing.api.limits, seconds=3))
    bank = 'addBankTransfer(input: {bankName: "Example Bank"}) { userErrors { code } }'
    who = own(changing.ids[0], authenticated_at=int(TODAY.timestamp()))
    first = 'updateProfile(input: {locale: "%s"}) { customer { locale } }'
    answer = await changing.ask(f"mutation {{ first: {first % 'fr'} {bank} third: {first % 'de'} }}", who)
    assert answer.kind is RequestOutcome.OK and answer.codes == ["TIMEOUT"] * 3, answer.raw
    assert answer.body["data"] == {"first": None, "addBankTransfer": None, "third": None}
    assert [(each["path"], each["extensions"].get("made")) for each in answer.body["errors"]] == [
        (["first"], True), (["addBankTransfer"], None), (["third"], False),
    ]  # fmt: skip
    shown = await changing.ask("{ me { locale } }", own(changing.ids[0]))
    assert shown.data == {"me": {"locale": "fr"}}, "as it was told"
    alone = await changing.ask(f"mutation {{ {bank} }}", who)
    assert alone.kind is RequestOutcome.UNAVAILABLE and alone.codes == ["TIMEOUT"] and "data" not in alone.body


@pytest.mark.anyio
async def test_the_first_is_told_though_the_second_fails_on_our_side(
    changing: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "changed", dies)
    query = """mutation { first: updateProfile(input: {locale: "fr"}) { customer { locale } }
        addBankTransfer(input: {bankName: "Example Bank"}) { userErrors { code } } }"""
    answer = await changing.ask(query, own(changing.ids[0], authenticated_at=int(TODAY.timestamp())))
    assert answer.codes == ["INTERNAL"]
    assert answer.body["data"] == {"first": {"customer": {"locale": "fr"}}, "addBankTransfer": None}

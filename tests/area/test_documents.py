"""The client area sends the documents that it is registered with, and no others (DESIGN §8, G6)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from sqlalchemy import select, update

from gateway.http.pages import STATIC, page_documents
from messages.catalogue import translate
from policy.categories import Category
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from policy.restricting import Ground, ObjectionOutcome, objection_to
from resolvers.clients.client_area import ID, register_client_area
from resolvers.erasure.consents import CARD, MEASURING, NEWS, PHONE, STAYS
from resolvers.payments.paying import COORDINATES as CARD_COORDINATES
from resolvers.registrants.registrants import COORDINATES
from schema.api.build import sdl
from schema.documents.requests import RequestOutcome
from store.database.store import Store
from store.registers.clients import clients, documents
from tests.promises.gate import TODAY, Gate, own

WORDS = json.loads((STATIC / "area" / "words.json").read_text(encoding="utf-8"))
SCRIPTS = sorted((STATIC / "area").rglob("*.js"))
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(sdl())


@pytest.mark.parametrize("name", page_documents())
def test_each_document_fits_the_schema_and_is_named_like_its_file(schema: GraphQLSchema, name: str) -> None:
    document = parse(page_documents()[name])
    assert validate(schema, document) == []
    (operation,) = document.definitions
    assert operation.name.value == name  # type: ignore[attr-defined]


def test_what_the_scripts_ask_is_there_and_all_of_it_is_asked() -> None:
    text = "".join(script.read_text() for script in SCRIPTS)
    asked = set(re.findall(r"(?:ask|change|act)\('([A-Z]\w+)'", text))
    assert asked == page_documents().keys()


def test_every_word_that_is_said_is_there() -> None:
    said = set(re.findall(r"say\('(\w+)'", "".join(script.read_text() for script in SCRIPTS)))
    assert said <= WORDS.keys()


def test_each_category_of_data_is_called_by_a_name() -> None:
    """All but numbers that stand for the customer, which the page leaves out."""
    left_out = {Category.CUSTOMER_ID, Category.SUBJECT_PSEUDONYM}
    assert {f"your_{each.name}" for each in Category if each not in left_out} <= WORDS.keys()


SHOWN = ("Platform", "ServiceKind", "ServiceState", "ConsentKind", "ConsentState", "FactorKind", "ErasureState",
         "SignInOutcome", "ObjectionState", "RestrictionGround", "AppScope", "Notice")  # fmt: skip
"""The enums whose values a view shows."""


def test_every_value_that_is_shown_has_a_word(schema: GraphQLSchema) -> None:
    """A value without one would be shown as the API names it, in every language."""
    values = {name: set(schema.type_map[name].values) for name in SHOWN}  # type: ignore[attr-defined]
    assert {name: missing for name, found in values.items() if (missing := found - WORDS.keys())} == {}


def test_every_field_that_is_passed_on_or_changed_has_a_name() -> None:
    """What may have none is a field that a company adds to the profile."""
    passed_on = {"Domain.name", "Invoice.id", "Invoice.amount", *CARD_COORDINATES.values(), *COORDINATES.values()}
    assert passed_on | {NEWS, MEASURING, PHONE} <= WORDS.keys()


def test_what_stays_is_said_as_the_gateway_says_it() -> None:
    """The status of a request says it with the page's words, its answer with the gateway's: they are the same."""
    assert [WORDS.get(f"stays{number}") for number in range(1, len(STAYS) + 2)] == [*STAYS, None]
    shown = (STATIC / "area" / "views" / "mine.js").read_text()
    assert all(f"'{each}'" in shown for each in (CARD, NEWS, MEASURING, PHONE))


@pytest.mark.anyio
async def test_what_can_be_objected_to_is_what_the_policy_says(store: Store) -> None:
    gate = await Gate.of(store, 1)
    answer = await gate.ask(page_documents()["Rights"], own(gate.ids[0]), variables={"language": "FR"})
    told = answer.data["purposes"]
    assert {each["name"]: each["text"] for each in told} == {
        each.name: translate(each.text, "fr") for each in Purpose if each.enabled
    }
    assert [each["name"] for each in told if each["objectable"]] == [
        each.name for each in Purpose if objection_to(each) is not ObjectionOutcome.NONE
    ]


def test_the_grounds_of_a_restriction_are_the_policy_s() -> None:
    (grounds,) = re.findall(r"GROUNDS = \[(.*?)\]", (STATIC / "area" / "views" / "rights.js").read_text())
    assert re.findall(r"'(\w+)'", grounds) == list(Ground.__members__)


def test_no_script_makes_markup_of_text() -> None:
    """D7: elements are built, and text is text."""
    markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(")
    assert [script.name for script in SCRIPTS if markup.search(script.read_text())] == []


@pytest.mark.anyio
async def test_it_is_registered_once_and_follows_its_release(store: Store) -> None:
    await register_client_area(store, page_documents().values(), NOW)
    async with store.write() as connection:
        await connection.execute(update(clients).where(clients.c.id == ID).values(name="Our client area"))
        first = (await connection.execute(select(documents.c.hash))).scalars().first()
        await connection.execute(documents.delete().where(documents.c.hash == first))
    await register_client_area(store, page_documents().values(), NOW)
    async with store.write() as connection:
        texts = dict((await connection.execute(select(documents.c.hash, documents.c.text))).all())  # type: ignore[arg-type]
        name = await connection.scalar(select(clients.c.name).where(clients.c.id == ID))
    assert sorted(texts.values()) == sorted(page_documents().values()) and name == "Our client area"
    assert all(sha256(text.encode()).hexdigest() == hash_ for hash_, text in texts.items())


@pytest.mark.anyio
async def test_pages_that_are_open_go_on_after_the_next_release(store: Store) -> None:
    """The documents of the present release and of the one before may be sent; those of earlier ones may not."""

    async def hashes() -> set[str]:
        async with store.write() as connection:
            return set((await connection.scalars(select(documents.c.hash))).all())

    texts = [f"query {name} {{ me {{ id }} }}" for name in "ABCD"]
    named = {each[6]: sha256(each.encode()).hexdigest() for each in texts}
    for day, sent in enumerate((texts[:2], texts[1:3], texts[1:3], texts[2:])):
        await register_client_area(store, sent, NOW + timedelta(days=day))
        expected = {0: "AB", 1: "ABC", 2: "ABC", 3: "BCD"}[day]
        assert await hashes() == {named[each] for each in expected}, day
    await register_client_area(store, texts[1:3], NOW + timedelta(days=4))
    await register_client_area(store, texts[:1], NOW + timedelta(days=5))
    assert await hashes() == {named[each] for each in "ABC"}, "a release that was taken back is the newest again"


@pytest.mark.anyio
async def test_its_token_sends_nothing_else(store: Store) -> None:
    """A stolen token reads what the page reads."""
    await register_client_area(store, page_documents().values(), NOW)
    gate = await Gate.of(store, 1)
    who = Grant(
        token_id="t", client_id=ID, subject=gate.ids[0], purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=frozenset(), expires_at=int(TODAY.timestamp()) + 60, refusal=Refusal.REFUSE, documents_only=True,
        introspection=False, max_page=50,
    )  # fmt: skip
    for name in (
        "Profile",
        "Payments",
        "Services",
        "Choices",
        "Security",
        "Disclosures",
        "Data",
        "Accesses",
        "Invoices",
        "Domains",
        "Consents",
    ):
        answer = await gate.ask(page_documents()[name], who, operation_name=name)
        assert answer.kind is RequestOutcome.OK and answer.body["data"]["me"] is not None, (name, answer.raw)
    other = await gate.ask("{ me { email } }", who)
    assert [each["code"] for each in other.errors] == ["PERSISTED_DOCUMENT_REQUIRED"]

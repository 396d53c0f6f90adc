"""What a customer chose is left out by the statement, not removed afterwards (DESIGN §2 rule 3; R12-R26, R50)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from policy.purposes import Purpose
from policy.registries import shown
from schema.documents.requests import RequestOutcome
from store.sql.ids import new_id
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.payments import payment_methods
from tests.promises.gate import TODAY, Answer, Gate, grant, own

pytestmark = pytest.mark.anyio

NEWS = grant(Purpose.PRODUCT_NEWS)
CARDS = grant(Purpose.CARD_ON_FILE)
REGISTRY = grant(Purpose.DOMAIN_REGISTRATION)


async def change(gate: Gate, *statements: Any) -> None:
    async with gate.store.write() as connection:
        for statement in statements:
            await connection.execute(statement)


def whole(answer: Answer) -> str:
    """The statements, with white space made even."""
    return re.sub(r"\s+", " ", "\n".join(answer.statements))


# News (R12, R13, R50)


async def test_news_reach_exactly_those_who_did_not_decline(gate: Gate) -> None:
    answer = await gate.ask("{ customers(first: 100) { nodes { id email fullName } } }", NEWS)
    welcome = {gate.id(place) for place, person in enumerate(gate.people) if person.product_news}
    assert 0 < len(welcome) < len(gate.people)
    assert {each["id"] for each in answer.data["customers"]["nodes"]} == welcome
    declined = [person.email for person in gate.people if not person.product_news]
    assert not any(email in answer.raw.decode() for email in declined)


@pytest.mark.parametrize(
    "query",
    [
        "{ customers(first: 100) { nodes { __typename } } }",
        "{ customers(first: 100) { edges { cursor } pageInfo { hasNextPage endCursor } } }",
        "query ($id: ID!) { customer(by: {id: $id}) { locale } }",
        "query ($id: ID!) { node(id: $id) { id } }",
        "query ($id: ID!) { node(id: $id) { ... on Customer { email } } }",
    ],
)
async def test_every_statement_for_news_leaves_out_who_declined(gate: Gate, query: str) -> None:
    """Also one that asks for nothing but whether there is somebody."""
    place = next(place for place, person in enumerate(gate.people) if not person.product_news)
    answer = await gate.ask(query, NEWS, variables={"id": gate.id(place)} if "$id" in query else None)
    assert answer.statements
    for sql in answer.statements:
        assert re.search(r"WHERE .*customers\.product_news IS (1|true)", sql, re.DOTALL | re.IGNORECASE), sql
    if "$id" in query:
        missing = await gate.ask(query, NEWS, variables={"id": gate.outside("Customer", 2**60)})
        assert answer.raw == missing.raw
        assert answer.key_statements == missing.key_statements == ()


async def test_there_is_no_look_up_for_news(gate: Gate) -> None:
    """One could test addresses against the list of those who declined."""
    for mail in (gate.people[0].email, "nobody@example.org"):
        answer = await gate.ask(
            "query ($e: String!) { customer(by: {email: $e}) { email } }", NEWS, variables={"e": mail}
        )
        assert answer.kind is RequestOutcome.REFUSED and answer.statements == ()


async def test_declining_counts_from_the_next_request(changing: Gate) -> None:
    query = "{ customers { nodes { id } } }"
    before = (await changing.ask(query, NEWS)).data["customers"]["nodes"]
    gone = before[0]["id"]
    key = next(each for place, each in enumerate(changing.ids) if changing.id(place) == gone)
    await change(changing, update(customers).where(customers.c.id == key).values(product_news=False))
    assert (await changing.ask(query, NEWS)).data["customers"]["nodes"] == before[1:]


# Cards (R20, R21, R48)

CARD_QUERY = (
    "{ customers(first: 100) { nodes { paymentMethods { __typename ... on Card { id brand last4 expMonth } } } } }"
)


async def _cards(gate: Gate, who: Any = CARDS) -> set[str]:
    answer = await gate.ask(CARD_QUERY, who)
    return {each["id"] for one in answer.data["customers"]["nodes"] for each in one["paymentMethods"] if "id" in each}


async def test_kept_cards_are_those_with_a_consent(gate: Gate) -> None:
    kept = {
        method.card_last4 + (method.card_brand or "")
        for person in gate.people for method in person.payment_methods if method.kind == "CARD" and method.card_consent
    }  # fmt: skip
    bare = [m for p in gate.people for m in p.payment_methods if m.kind == "CARD" and m.card_consent is None]
    assert bare and kept
    answer = await gate.ask(CARD_QUERY, CARDS)
    shown = [each for one in answer.data["customers"]["nodes"] for each in one["paymentMethods"]]
    assert {each["last4"] + each["brand"] for each in shown} == kept
    assert len(shown) == sum(m.card_consent is not None for p in gate.people for m in p.payment_methods)
    assert "EXISTS" in whole(answer), "the database leaves them out"


async def test_a_card_is_hidden_by_any_field_of_it_and_by_its_node(gate: Gate) -> None:
    unkept = await _cards(gate, grant(Purpose.PAYMENT_EXECUTION)) - await _cards(gate)
    assert unkept
    for id_ in sorted(unkept):
        for field in ("brand", "last4", "expMonth", "expYear"):
            query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Card {{ {field} }} }} }}"
            answer = await gate.ask(query, CARDS, variables={"id": id_})
            assert answer.data == {"node": None}
            paying = await gate.ask(query, grant(Purpose.PAYMENT_EXECUTION), variables={"id": id_})
            assert paying.data["node"] is not None


async def _one_card(gate: Gate) -> tuple[Any, Any, Any]:
    """A kept card's key, its owner's and its consent's."""
    async with gate.store.write() as connection:
        c = payment_methods.c
        found = await connection.execute(
            select(c.id, c.customer_id, c.card_consent_id).where(c.card_consent_id.is_not(None))
        )
        return found.first()  # type: ignore[return-value]


def _event(customer: int, state: str, kind: str = "CARD_STORAGE") -> Any:
    return insert(consents).values(
        id=new_id(), customer_id=customer, kind=kind, state=state, wording_version="1", wording_hash=b"0" * 32,
        language="en", source="client-area/cards", at=TODAY,
    )  # fmt: skip


async def test_a_consent_that_was_taken_back_since_hides_the_card(changing: Gate) -> None:
    """Events are only ever added: the newest counts, whatever the card's own link still says (R48)."""
    card, owner, _ = await _one_card(changing)
    id_ = changing.outside("Card", card, owner)
    assert id_ in await _cards(changing)
    await change(changing, _event(owner, "WITHDRAWN", "PRODUCT_NEWS"), _event(owner, "WITHDRAWN", "WHOIS_PUBLICATION"))
    assert id_ in await _cards(changing), "another consent was taken back"
    await change(changing, _event(owner, "WITHDRAWN"))
    assert id_ not in await _cards(changing)
    assert id_ in await _cards(changing, grant(Purpose.PAYMENT_EXECUTION)), "past payments stay what they were"


async def test_what_another_customer_takes_back_and_what_was_taken_back_before_hide_nothing(changing: Gate) -> None:
    """R48: a card that is kept again after a withdrawal rests on the consent that came later."""
    card, owner, _ = await _one_card(changing)
    id_ = changing.outside("Card", card, owner)
    other = next(each for each in changing.ids if each != owner)
    before = _event(owner, "WITHDRAWN").values(id=1)
    await change(changing, before, _event(other, "WITHDRAWN"))
    assert id_ in await _cards(changing)


async def test_only_a_consent_to_store_cards_by_the_same_customer_counts(changing: Gate) -> None:
    card, owner, consent = await _one_card(changing)
    id_, c = changing.outside("Card", card, owner), consents.c
    await change(changing, update(consents).where(c.id == consent).values(kind="PRODUCT_NEWS"))
    assert id_ not in await _cards(changing)
    other = next(each for each in changing.ids if each != owner)
    await change(changing, update(consents).where(c.id == consent).values(kind="CARD_STORAGE", customer_id=other))
    assert id_ not in await _cards(changing)
    await change(changing, update(consents).where(c.id == consent).values(customer_id=owner, state="WITHDRAWN"))
    assert id_ not in await _cards(changing)
    await change(changing, update(consents).where(c.id == consent).values(state="GIVEN"))
    assert id_ in await _cards(changing)


# Whois (R26)

REGISTRANT = {
    "name": ("hideName", "hide_name", "registrant_name"),
    "address": ("hideAddress", "hide_address", "registrant_address"),
    "email": ("hideEmail", "hide_email", "registrant_email"),
    "phone": ("hidePhone", "hide_phone", "registrant_phone"),
}


@pytest.mark.parametrize("field", REGISTRANT)
async def test_hidden_whois_values_never_leave_the_database(gate: Gate, field: str) -> None:
    hide, switch, column = REGISTRANT[field]
    below = " { city }" if field == "address" else ""
    facts = f"tld {hide} registrant {{ kind shown: {field}{below} }}"
    query = f"{{ customers(first: 100) {{ nodes {{ domains {{ nodes {{ {facts} }} }} }} }} }}"
    answer = await gate.ask(query, REGISTRY)
    found = [each for one in answer.data["customers"]["nodes"] for each in one["domains"]["nodes"]]
    part = switch.removeprefix("hide_")
    hidden = [each for each in found if not shown(each["tld"], each["registrant"]["kind"], part, each[hide])]
    assert any(each[hide] for each in hidden) and hidden != found
    assert part == "phone" or any(not each[hide] for each in hidden), "a registry that publishes it for nobody"
    assert all(each["registrant"]["shown"] is None for each in hidden)
    assert re.search(rf"CASE WHEN .{{0,999}}{switch}.{{0,20}} THEN domains\.{column}", whole(answer)), answer.statements
    seen = await gate.ask(
        f"{{ me {{ domains {{ nodes {{ {hide} registrant {{ shown: {field}{below} }} }} }} }} }}", own(gate.ids[0])
    )
    assert "CASE" not in whole(seen), "the customer sees it all"
    assert any(each["registrant"]["shown"] is not None for each in seen.data["me"]["domains"]["nodes"] if each[hide])


async def test_published_whois_values_are_read_to_register(changing: Gate) -> None:
    """Else everything would be hidden, and the tests above would prove nothing."""
    gate = changing
    async with gate.store.write() as connection:
        await connection.execute(update(domains).values(hide_name=True, hide_email=True, tld="us"))
    facts = "tld hideName hideEmail registrant { kind name email }"
    query = f"{{ customers(first: 100) {{ nodes {{ domains {{ nodes {{ {facts} }} }} }} }} }}"
    answer = await gate.ask(query, REGISTRY)
    found = [each for one in answer.data["customers"]["nodes"] for each in one["domains"]["nodes"]]
    for part in ("Name", "Email"):
        published = [
            each for each in found if shown(each["tld"], each["registrant"]["kind"], part.lower(), each[f"hide{part}"])
        ]
        assert published and all(each["registrant"][part.lower()] for each in published)
        assert any(each[f"hide{part}"] for each in published), "a registry requires it, whatever was wished"


async def test_a_country_is_published_of_owners_who_confirmed_and_where_it_is_required(changing: Gate) -> None:
    """With the address, or where ICANN requires it (RFC 8605); before the owner has confirmed, nowhere."""
    query = "{ customers(first: 100) { nodes { domains { nodes { registrant { country address { city } } } } } } }"

    async def countries(**facts: Any) -> set[str | None]:
        await change(changing, update(domains).values(hide_address=True, **facts))
        answer = await changing.ask(query, REGISTRY)
        found = [each for one in answer.data["customers"]["nodes"] for each in one["domains"]["nodes"]]
        assert found and all(each["registrant"]["address"] is None for each in found)
        return {each["registrant"]["country"] for each in found}

    assert None not in await countries(tld="com", registrant_confirmed_at=TODAY)
    assert await countries(tld="ch", registrant_confirmed_at=TODAY) == {None}, "hidden with the address"
    assert await countries(tld="com", registrant_confirmed_at=None) == {None}
    assert await countries(tld="ch", registrant_confirmed_at=None) == {None}


async def test_what_is_hidden_is_hidden_at_every_door(changing: Gate) -> None:
    await change(changing, update(domains).values(hide_name=True, hide_address=True, hide_email=True, hide_phone=True))
    query = """query ($id: ID!, $name: String!) {
        node(id: $id) { ...D }
        customer(by: {domain: $name}) { domains { nodes { ...D } } }
        customers(first: 6) { edges { node { domains { nodes { ...D customer { domains { nodes { ...D } } } } } } } }
      }
      fragment D on Domain { name registrant { name a: name email phone address { street city } } }"""
    async with changing.store.write() as connection:
        key, owner = (await connection.execute(select(domains.c.id, domains.c.customer_id))).first()  # type: ignore[misc]
    name = next(s.domain.name for p in changing.people for s in p.services if s.domain)
    answer = await changing.ask(query, REGISTRY, variables={"id": changing.outside("Domain", key, owner), "name": name})
    assert answer.data["node"] is not None and answer.data["customer"] is not None
    kept = [s.domain for p in changing.people for s in p.services if s.domain]
    free = {
        part: [each for each in kept if not shown(each.tld, each.registrant_kind, part, True)]
        for part in ("name", "email")
    }
    told = {each.registrant_name for each in kept if shown(each.tld, each.registrant_kind, "name", True)}
    registrants = {each.registrant_name for each in free["name"]} | {each.registrant_email for each in free["email"]}
    registrants -= told | {each.registrant_email for each in kept if each not in free["email"]}
    assert registrants
    assert not any(each in answer.raw.decode() for each in registrants)


# Embargoed disclosures (R24)


async def test_an_embargoed_disclosure_is_not_there_until_its_time(changing: Gate) -> None:
    mine, until = own(changing.ids[0]), TODAY + timedelta(days=30)
    key = new_id()
    row = {
        "id": key, "customer_id": changing.ids[0], "recipient_kind": "AUTHORITY", "recipient_name": "Example Court",
        "recipient_country": "CH", "purpose": "LEGAL_REQUEST", "legal_basis": "A6_1_C", "fields": "[]",
        "trigger": "order:X-1", "at": TODAY, "embargoed_until": until,
    }  # fmt: skip
    await change(changing, delete(disclosures), insert(disclosures).values(row))
    lists = "{ me { disclosures { nodes { recipientName } } } }"
    node = "query ($id: ID!) { node(id: $id) { id ... on Disclosure { recipientName } } }"
    id_, missing = changing.outside("Disclosure", key, changing.ids[0]), changing.outside("Disclosure", 2**60)
    for moment in (TODAY, until - timedelta(seconds=1)):
        changing.clock.now = moment
        assert (await changing.ask(lists, mine)).data == {"me": {"disclosures": {"nodes": []}}}
        counted = await changing.ask("{ me { disclosures { nodes { __typename } } } }", mine)
        assert counted.data == {"me": {"disclosures": {"nodes": []}}}, "not even that there is one"
        hidden = await changing.ask(node, mine, variables={"id": id_})
        assert hidden.raw == (await changing.ask(node, mine, variables={"id": missing})).raw
        assert "embargoed_until" in whole(hidden).partition("WHERE")[2]
        assert "embargoed_until" not in whole(hidden).partition("FROM")[0]
    for moment in (until, until + timedelta(days=1)):
        changing.clock.now = moment
        told = (await changing.ask(lists, mine)).data["me"]["disclosures"]["nodes"]
        assert told == [{"recipientName": "Example Court"}]
        assert (await changing.ask(node, mine, variables={"id": id_})).data["node"]["id"] == id_


async def test_nobody_else_reads_disclosures(gate: Gate) -> None:
    answer = await gate.ask(
        "{ customers { nodes { disclosures { nodes { recipientName } } } } }", grant(Purpose.INVOICING)
    )
    assert {each["coordinate"] for each in answer.errors} == {"Customer.disclosures", "Disclosure.recipientName"}

"""Registering customers: linked, sealed under a key each, found by blind index; all of a batch or none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count as counter
from typing import get_args

import pytest
from sqlalchemy import Column, insert, select
from sqlalchemy.exc import IntegrityError

from policy.consents import ConsentKind, ConsentState
from policy.credentials import FactorKind, Outcome, Strength
from policy.dates import ErasureCause
from policy.erasing import State
from policy.payments import PaymentKind
from policy.platforms import Platform
from policy.registries import RegistrantKind
from policy.services import ServiceKind, ServiceStatus
from resolvers.customers.new_customer import (
    NewConsent,
    NewCookieChoice,
    NewCredential,
    NewCustomer,
    NewDisclosure,
    NewDomain,
    NewErasure,
    NewInvoice,
    NewPaymentMethod,
    NewSecondFactor,
    NewService,
    NewSession,
    NewSignIn,
    PersonName,
    PostalAddress,
)
from resolvers.customers.new_customer_rows import TABLES, generated_number
from resolvers.customers.registration import FINGERPRINTS, register
from store.crypto.blind_index import Lookup
from store.crypto.lookups import NOBODY
from store.crypto.subject_key import nobodys_key
from store.database.store import Store
from store.lookups.holders import PLACES
from store.lookups.reservations import LookupTakenError, reserving
from store.sql.metadata import instant
from store.tables.access import sessions, sign_ins
from store.tables.consents import consents, cookie_choices
from store.tables.credentials import credentials, second_factors
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.erasures import erasures
from store.tables.invoices import invoices
from store.tables.payments import card_fingerprint, card_vault, payment_methods
from store.tables.services import services
from tests.resolvers.opening import count, opened

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = PersonName("Amélie", "Fontaine")
ADDRESS = PostalAddress("rue du Marché 1", "1003", "Lausanne", "CH", region="VD")
CONSENT = NewConsent("CARD_STORAGE", "GIVEN", "2026-01", bytes(32), "fr", "client-area/cards", NOW - 5 * DAY)
BARE = NewCustomer(NAME, "amelie@example.com", ADDRESS, NOW - 400 * DAY)
WHOLE = replace(
    BARE,
    phone="+41210000001",
    locale="fr-CH",
    product_news=True,
    customer_number="C-1001",
    services=(
        NewService("WEB_HOSTING", "Pro", NOW - 300 * DAY, "TERMINATED", terminated_at=NOW - 9 * DAY),
        NewService(
            "DOMAIN", "shop.example", NOW - 200 * DAY, renews_at=NOW + DAY,
            domain=NewDomain(
                "shop.example", "example", "LEGAL_PERSON", "Boulangerie SA", ADDRESS, "info@shop.example", None,
                NOW - 200 * DAY, NOW + DAY, hide_name=False,
            ),
        ),
    ),
    payment_methods=(
        NewPaymentMethod("PAYPAL", NOW - 5 * DAY, paypal_account="amelie@example.com"),
        NewPaymentMethod(
            "CARD", NOW - 5 * DAY, True, "Visa", "1111", ("04", "2029"), "4111111111111111", CONSENT,
        ),
    ),
    credentials=(
        NewCredential(
            "CLIENT_AREA", "amelie@example.com", "$argon2id$...", NOW - 3 * DAY, "STRONG",
            (NewSecondFactor("TOTP", "JBSWY3DPEHPK3PXP", NOW - 2 * DAY),),
        ),
    ),
    # Given newest first: the ids must still rise with time, since lists are read by id.
    sign_ins=tuple(
        NewSignIn("WEBMAIL", NOW - age * DAY, "SUCCEEDED", f"192.0.2.{age}", "CH", "Firefox") for age in (1, 2, 3)
    ),
    sessions=(NewSession("WEBMAIL", NOW - DAY, NOW, NOW + DAY, "192.0.2.1", "CH", "Firefox"),),
    consents=(
        NewConsent("PRODUCT_NEWS", "WITHDRAWN", "2026-01", bytes(32), "fr", "client-area/news", NOW - DAY),
        NewConsent("PRODUCT_NEWS", "GIVEN", "2026-01", bytes(32), "fr", "client-area/news", NOW - 9 * DAY),
    ),
    cookie_choice=NewCookieChoice(True, "2026-01", NOW - DAY, NOW + DAY),
    invoices=(NewInvoice("2026-1", NOW - DAY, NOW + DAY, "CHF", 1990, NAME, ADDRESS),),
    disclosures=(
        NewDisclosure("REGISTRY", "Registry", None, "DOMAIN_REGISTRATION", "A6_1_B", ("Registrant.name",), "x", NOW),
    ),
    erasures=(NewErasure(State.ARMED, ErasureCause.REQUEST, NOW, when_services_end=True),),
)  # fmt: skip


async def test_everything_is_stored_and_opens_again(store: Store) -> None:
    (id_,) = await register(store, [WHOLE], now=NOW)
    (customer,) = await opened(store, customers)
    assert customer["id"] == id_
    assert customer["name"] == ["Amélie", "Fontaine"]
    assert customer["postal_address"] == ["rue du Marché 1", None, "1003", "Lausanne", "VD", "CH"]
    assert (customer["email"], customer["phone"]) == ("amelie@example.com", "+41210000001")
    assert (customer["customer_number"], customer["locale"]) == ("C-1001", "fr-CH")
    assert (bool(customer["product_news"]), customer["version"]) == (True, 1)
    assert customer["last_service_ended_at"] is None
    assert instant(customer["created_at"]) == BARE.created_at
    assert [row["name"] for row in await opened(store, services)] == ["Pro", "shop.example"]
    (domain,) = await opened(store, domains)
    assert (domain["registrant_name"], domain["registrant_phone"]) == ("Boulangerie SA", None)
    assert (bool(domain["hide_name"]), bool(domain["hide_email"])) == (False, True)
    (invoice,) = await opened(store, invoices)
    assert (invoice["billed_name"], invoice["billed_address"][3]) == (["Amélie", "Fontaine"], "Lausanne")
    (session,) = await opened(store, sessions)
    assert (session["ip_address"], session["country"], session["device"]) == ("192.0.2.1", "CH", "Firefox")
    (disclosure,) = await opened(store, disclosures)
    assert disclosure["fields"] == '["Registrant.name"]'
    assert [await count(store, table) for table in (cookie_choices, erasures, second_factors)] == [1, 1, 1]


async def test_links_between_rows(store: Store) -> None:
    await register(store, [WHOLE], now=NOW)
    by_kind = {row["kind"]: row for row in await opened(store, services)}
    (domain,) = await opened(store, domains)
    assert domain["service_id"] == by_kind["DOMAIN"]["id"]
    (credential,) = await opened(store, credentials)
    (factor,) = await opened(store, second_factors)
    assert (factor["credential_id"], factor["secret"]) == (credential["id"], "JBSWY3DPEHPK3PXP")
    paypal, card = await opened(store, payment_methods)
    (vault,) = await opened(store, card_vault)
    given = next(row for row in await opened(store, consents) if row["kind"] == "CARD_STORAGE")
    assert (paypal["card_consent_id"], card["card_consent_id"]) == (None, given["id"])
    assert (vault["payment_method_id"], vault["number"]) == (card["id"], "4111111111111111")
    assert card["card_expiry"] == ["04", "2029"]


async def test_ids_rise_with_time(store: Store) -> None:
    """The newest event has the highest id: the state of a consent and the order of sign-ins depend on it."""
    await register(store, [WHOLE], now=NOW)
    for table, column in ((sign_ins, "at"), (consents, "at")):
        moments = [instant(row[column]) for row in await opened(store, table)]
        assert moments == sorted(moments)
        assert len(moments) == 3
    assert (await opened(store, consents))[-1]["state"] == "WITHDRAWN"


async def test_each_is_found_by_blind_index(store: Store) -> None:
    (id_,) = await register(store, [replace(WHOLE, external_id="crm:0047-A")], now=NOW)
    asked = [
        (Lookup.EMAIL, " AMELIE@Example.com ", ""),
        (Lookup.CUSTOMER_NUMBER, "c-1001", ""),
        (Lookup.DOMAIN, "SHOP.example.", ""),
        (Lookup.LOGIN, "Amelie@example.com", "CLIENT_AREA"),
        (Lookup.EXTERNAL_ID, "CRM:0047-A", ""),
        (Lookup.PHONE, "+41 21 000 00 01", str(id_)),
    ]
    services_too = {kind for kind in PLACES if kind is Lookup.SERVICE_NAME}
    assert {kind for kind, _, _ in asked} | services_too == PLACES.keys()
    named = await store.keys.lookups.find_some(Lookup.SERVICE_NAME, store.keys.blind_index(Lookup.SERVICE_NAME, "pro"))
    assert {each.customer_id for each in named} == {id_}
    for kind, value, scope in asked:
        place, held = PLACES[kind], await store.keys.lookups.find(kind, store.keys.blind_index(kind, value), scope)
        prepared = store.reader.prepare(select(place.owner, place.ref).where(place.table.c.id == held.row_id))
        ((owner, ref),) = await store.reader.fetch(prepared, {})
        assert (owner, bytes(ref)) == (held.customer_id, held.ref)


async def test_each_is_compared_by_a_hash_under_the_customers_own_key(store: Store) -> None:
    """D10: with the key it dies; and equal cards of two customers have nothing in common."""
    (one,) = await register(store, [WHOLE], now=NOW)
    (key,) = await store.keys.subjects([one])
    assert key is not None
    expected = {card_vault.c.fingerprint: card_fingerprint(key, "4111 1111 1111 1111")}
    assert expected.keys() == FINGERPRINTS.keys()
    for column, value in expected.items():
        prepared = store.reader.prepare(select(column.table.c.id).where(column == value))
        assert len(await store.reader.fetch(prepared, {})) == 1
    assert card_fingerprint(key, "4111-1111-1111-1111") == card_fingerprint(key, "4111111111111111")
    assert card_fingerprint(nobodys_key(), "4111111111111111") != card_fingerprint(key, "4111111111111111")


async def test_every_sealed_column_is_sealed(store: Store) -> None:
    """D1: nothing readable rests in a sealed column, whoever adds the next one."""
    await register(store, [WHOLE], now=NOW)
    for table in TABLES:
        for column in table.c:
            if "sealing" in column.info:
                rows = await store.reader.fetch(store.reader.prepare(select(column)), {})
                for (resting,) in rows:
                    assert resting is None or (bytes(resting)[0] == 1 and len(resting) >= 29)
                    assert b"melie" not in bytes(resting or b"")


async def test_one_that_is_registered_already_keeps_the_whole_batch_out(store: Store) -> None:
    await register(store, [WHOLE], now=NOW)
    others = [replace(BARE, email=f"other{place}@example.com") for place in range(3)]
    with pytest.raises(LookupTakenError):
        await register(store, [*others, replace(BARE, email="Amelie@EXAMPLE.com")], now=NOW)
    assert await count(store, customers) == 1
    assert len(await register(store, others, now=NOW)) == 3


async def test_a_failure_in_the_last_table_leaves_nothing(store: Store) -> None:
    broken = replace(WHOLE, erasures=(replace(WHOLE.erasures[0], state="NONSENSE"),))  # type: ignore[arg-type]
    with pytest.raises(IntegrityError):
        await register(store, [broken], now=NOW)
    for table in TABLES:
        assert await count(store, table) == 0


async def test_keys_that_opened_nothing_are_used_again(store: Store) -> None:
    """A crash between the two stores leaves a key: registering under the same id goes on with it."""
    ids = [10_001, 10_002]
    await store.keys.create(ids[:1])
    assert await register(store, [BARE], make_id=iter(ids).__next__, now=NOW) == ids[:1]
    assert (await opened(store, customers))[0]["email"] == "amelie@example.com"


async def test_the_end_of_the_last_service_is_the_clock(store: Store) -> None:
    """R44, R45"""
    ended = replace(WHOLE.services[0], name="Start", terminated_at=NOW - 90 * DAY)
    redemption = NewService("DOMAIN", "x.example", NOW - 300 * DAY, "REDEMPTION")
    cases = [
        ((), None),
        ((WHOLE.services[0],), NOW - 9 * DAY),
        ((WHOLE.services[0], ended), NOW - 9 * DAY),
        ((WHOLE.services[0], redemption), None),
    ]
    people = [replace(BARE, email=f"a{at}@example.com", services=own) for at, (own, _) in enumerate(cases)]
    await register(store, people, now=NOW)
    found = [row["last_service_ended_at"] for row in await opened(store, customers)]
    assert [value and instant(value) for value in found] == [expected for _, expected in cases]


async def test_without_a_number_one_is_made(store: Store) -> None:
    ids = await register(store, [BARE, replace(BARE, email="b@example.com")], now=NOW)
    numbers = [row["customer_number"] for row in await opened(store, customers)]
    assert numbers == [generated_number(id_) for id_ in ids]
    assert len(set(numbers)) == 2


async def test_no_customers_are_no_work(store: Store) -> None:
    assert await register(store, []) == []


async def test_a_transaction_of_the_callers_takes_everything_with_it(store: Store) -> None:
    from resolvers.customers.registration import add

    with pytest.raises(RuntimeError):
        async with reserving(store) as reserved, store.write() as connection:
            await add(connection, store, reserved, [WHOLE], make_id=counter(5_000).__next__, now=NOW)
            await reserved.written(connection)
            await connection.execute(insert(customers).values(await _copy_of(store)))
            raise RuntimeError
    assert await count(store, customers) == 0
    assert await store.keys.lookups.find(Lookup.EMAIL, store.keys.blind_index(Lookup.EMAIL, WHOLE.email)) == NOBODY


async def _copy_of(store: Store) -> dict[str, object]:
    """A second customer's bare row."""
    return {
        "id": 1, "customer_number": b"x", "product_news": False,
        "created_at": NOW, "updated_at": NOW, "version": 1,
    }  # fmt: skip


def test_a_card_number_needs_a_consent() -> None:
    """R20"""
    for consent in (None, replace(CONSENT, state="WITHDRAWN"), replace(CONSENT, kind="PRODUCT_NEWS")):
        with pytest.raises(ValueError, match="R20"):
            NewPaymentMethod("CARD", NOW, card_number="4111111111111111", card_consent=consent)


def test_a_service_has_an_end_exactly_when_it_has_ended() -> None:
    with pytest.raises(ValueError, match="end"):
        NewService("WEB_HOSTING", "Pro", NOW, "TERMINATED")
    with pytest.raises(ValueError, match="end"):
        NewService("WEB_HOSTING", "Pro", NOW, terminated_at=NOW)


@pytest.mark.parametrize(
    ("words", "column"),
    [
        (ServiceKind, services.c.kind), (ServiceStatus, services.c.status),
        (RegistrantKind, domains.c.registrant_kind), (PaymentKind, payment_methods.c.kind),
        (Platform, credentials.c.platform), (FactorKind, second_factors.c.kind), (Strength, credentials.c.strength),
        (Outcome, sign_ins.c.outcome), (ConsentKind, consents.c.kind), (ConsentState, consents.c.state),
    ],
)  # fmt: skip
def test_the_words_are_those_of_the_tables(words: object, column: Column[str]) -> None:
    assert get_args(words) == column.info["choices"]

"""A card is kept by consent alone, and gone with it (R19, R20, R21, R48, R49; D4)."""

from __future__ import annotations

import asyncio
import re

import orjson
import pytest
from sqlalchemy import select

from policy.wordings import VERSION, wording
from schema.api.build import core_schema
from store.tables.consents import consents
from store.tables.outbox import outbox
from store.tables.payments import card_vault, payment_methods
from tests.payments.conftest import BARE, CONSENTS, GENUINE, METHODS, Wallet
from tests.promises.gate import own

pytestmark = pytest.mark.anyio

WITHDRAW = "mutation { withdrawCardConsent(input: {}) { consent { kind state } userErrors { code } } }"
REMOVE = "mutation ($id: ID!) { removePaymentMethod(input: {paymentMethodId: $id}) { userErrors { code field } } }"
DEFAULT = """mutation ($id: ID!) { setDefaultPaymentMethod(input: {paymentMethodId: $id}) {
  paymentMethod { id isDefault } userErrors { code field } } }"""
PAYPAL = """mutation ($a: EmailAddress!, $d: Boolean) { addPayPal(input: {account: $a, makeDefault: $d}) {
  paymentMethod { id kind isDefault ... on PayPal { account } } userErrors { code field } } }"""
BANK = """mutation ($b: String!) { addBankTransfer(input: {bankName: $b}) {
  paymentMethod { id isDefault ... on BankTransfer { bankName } } userErrors { code field } } }"""


async def test_a_ticked_box_keeps_the_card_and_records_what_was_shown(wallet: Wallet) -> None:
    """R20, R49: the consent's wording, version and language stand beside the number, which is sealed."""
    added = await wallet.add()
    assert added["userErrors"] == []
    assert {**added["card"], "id": ""} == {
        "id": "", "brand": "Visa", "last4": "1486", "expMonth": 3, "expYear": 2029, "isDefault": True,
    }  # fmt: skip
    (kept,) = await wallet.rows(card_vault)
    (key,) = await wallet.gate.store.keys.subjects([kept.customer_id])
    assert key is not None and BARE.encode() not in kept.number
    assert key.open(card_vault.c.number, kept.id, kept.number).decode() == BARE
    event = (await wallet.rows(consents))[-1]
    assert (event.kind, event.state, event.language) == ("CARD_STORAGE", "GIVEN", "fr")
    assert event.wording_hash == wording("CARD_STORAGE", "fr").hash


@pytest.mark.parametrize(
    ("consent", "code"),
    [
        ({"agreed": False, "wordingVersion": VERSION, "language": "en"}, "CONSENT_REQUIRED"),
        ({"agreed": True, "wordingVersion": "2019-01", "language": "en"}, "WORDING_OUTDATED"),
    ],
)
async def test_without_the_tick_nothing_is_kept(wallet: Wallet, consent: dict[str, object], code: str) -> None:
    """R20: no byte of the number, and no consent either."""
    before = len(await wallet.rows(consents))
    answer = await wallet.add(consent=consent)
    assert [each["code"] for each in answer["userErrors"]] == [code]
    assert await wallet.rows(card_vault) == [] and len(await wallet.rows(consents)) == before


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"number": "4539578763621487"}, ["INVALID_CARD_CHECKSUM"]),
        ({"number": "4111111111111111"}, ["INVALID_CARD_TEST"]),
        ({"number": "1"}, ["INVALID_CARD_BRAND"]),
        ({"number": "4" * 10_000}, ["INVALID_CARD_CHARACTERS"]),
        ({"expYear": 2026, "expMonth": 8}, ["CARD_EXPIRED"]),
        ({"expMonth": 13}, ["INVALID_EXPIRY"]),
        ({"number": "x", "expYear": 27}, ["INVALID_CARD_CHARACTERS", "INVALID_EXPIRY"]),
    ],
)
async def test_bad_input_is_named_without_its_value(
    wallet: Wallet, changes: dict[str, object], codes: list[str]
) -> None:
    answer = await wallet.add(**changes)
    assert [each["code"] for each in answer["userErrors"]] == codes
    assert (
        str(changes.get("number", "none"))[:12] not in orjson.dumps(answer).decode()
        or len(str(changes.get("number", ""))) < 2
    )
    assert await wallet.rows(card_vault) == []


async def test_the_same_card_is_found_by_fingerprint_also_by_two_at_once(wallet: Wallet) -> None:
    answers = await asyncio.gather(wallet.add(), wallet.add(number=BARE), wallet.add(number="4539-5787-6362-1486"))
    codes = sorted(error["code"] for answer in answers for error in answer["userErrors"])
    assert codes == ["CARD_KNOWN", "CARD_KNOWN"]
    assert len(await wallet.rows(card_vault)) == 1


async def test_withdrawing_deletes_the_number_and_keeps_the_record(wallet: Wallet) -> None:
    """R48: deleted here at once, the default falls back, and given and withdrawn both stand."""
    before = len(await wallet.rows(consents))
    await wallet.ask(PAYPAL, a="me@example.org")
    await wallet.add(makeDefault=True)
    assert (await wallet.ask(WITHDRAW)) == {
        "consent": {"kind": "CARD_STORAGE", "state": "WITHDRAWN"}, "userErrors": [],
    }  # fmt: skip
    assert await wallet.rows(card_vault) == []
    assert [(each["__typename"], each["isDefault"]) for each in await wallet.methods()] == [("PayPal", True)]
    events = [(each["kind"], each["state"]) for each in (await wallet.ask(CONSENTS))["consents"]["nodes"]]
    assert events[:2] == [("CARD_STORAGE", "WITHDRAWN"), ("CARD_STORAGE", "GIVEN")]
    again = await wallet.ask(WITHDRAW)
    assert [each["code"] for each in again["userErrors"]] == ["NOT_CONSENTED"]
    assert (await wallet.add())["userErrors"] == []  # R49: a new tick is a new event
    assert len(await wallet.rows(consents)) == before + 3


async def test_removing_a_card_takes_its_number_along(wallet: Wallet) -> None:
    card = (await wallet.add())["card"]
    await wallet.ask(BANK, b="Example Savings Bank")
    assert (await wallet.ask(REMOVE, id=card["id"]))["userErrors"] == []
    assert await wallet.rows(card_vault) == []
    assert [(each["__typename"], each["isDefault"]) for each in await wallet.methods()] == [("BankTransfer", True)]


async def test_one_default_at_a_time(wallet: Wallet) -> None:
    """R19."""
    paypal = (await wallet.ask(PAYPAL, a="me@example.org", d=True))["paymentMethod"]
    bank = (await wallet.ask(BANK, b="Example Savings Bank"))["paymentMethod"]
    assert (paypal["isDefault"], bank["isDefault"]) == (True, False)
    assert (await wallet.ask(DEFAULT, id=bank["id"]))["paymentMethod"] == {"id": bank["id"], "isDefault": True}
    assert sorted(each.is_default for each in await wallet.rows(payment_methods)) == [False, True]


async def test_nobody_touches_the_methods_of_another(wallet: Wallet) -> None:
    """D6: another one's id and one that does not exist read alike."""
    (theirs, *_) = await Wallet(wallet.gate, 0).methods()
    mine = (await wallet.ask(BANK, b="Example Savings Bank"))["paymentMethod"]["id"]
    for query in (REMOVE, DEFAULT):
        problems = [(await wallet.ask(query, id=id_))["userErrors"] for id_ in (theirs["id"], "x", wallet.gate.id(0))]
        assert problems == [[{"code": "NOT_FOUND", "field": ["paymentMethodId"]}]] * 3
    assert theirs["id"] in [each["id"] for each in await Wallet(wallet.gate, 0).methods()]
    assert [each["id"] for each in await wallet.methods()] == [mine]


async def test_twenty_are_enough(wallet: Wallet) -> None:
    for place in range(20):
        assert (await wallet.ask(BANK, b=f"Bank {place}"))["userErrors"] == []
    assert (await wallet.ask(BANK, b="One more"))["userErrors"][0]["code"] == "TOO_MANY_PAYMENT_METHODS"
    assert (await wallet.add())["userErrors"][0]["code"] == "TOO_MANY_PAYMENT_METHODS"
    assert await wallet.rows(card_vault) == []


async def test_a_number_written_into_the_document_is_refused(wallet: Wallet) -> None:
    """What a document holds is remembered with it."""
    consent = f'consent: {{agreed: true, wordingVersion: "{VERSION}", language: "en"}}'
    query = (
        f'mutation {{ addCard(input: {{number: "{BARE}", expMonth: 3, expYear: 2029, {consent}}}) {{ __typename }} }}'
    )
    answer = await wallet.gate.ask(query, own(wallet.gate.ids[1]))
    assert [each["code"] for each in answer.errors] == ["SECRET_IN_DOCUMENT"]
    assert BARE.encode() not in answer.raw


async def test_an_old_sign_in_keeps_no_card(wallet: Wallet) -> None:
    """S7."""
    consent = {"agreed": True, "wordingVersion": VERSION, "language": "en"}
    card = {"number": GENUINE, "expMonth": 3, "expYear": 2029, "consent": consent}
    query = "mutation ($in: AddCardInput!) { addCard(input: $in) { userErrors { code } } }"
    answer = await wallet.gate.ask(query, own(wallet.gate.ids[1]), variables={"in": card})
    assert [each["code"] for each in answer.errors] == ["STEP_UP_REQUIRED"]


OF_INVOICES = ("Invoice", "InvoiceFilter", "RecordInvoiceInput")


async def test_no_type_shows_a_number_and_only_a_payment_takes_a_security_code() -> None:
    """D4, by the schema itself: what is kept has no place for the code."""
    for name, type_ in core_schema().type_map.items():
        for field in getattr(type_, "fields", {}):
            if re.fullmatch(r"(?i)cvv|cvc|cid|securityCode|pan", field):
                assert name == "OneTimeCardInput", (name, field)
            if field == "number":
                assert name in ("AddCardInput", "OneTimeCardInput", *OF_INVOICES), name


async def test_the_sentence_beside_the_box_can_be_asked_for(wallet: Wallet) -> None:
    query = (
        "query ($l: LanguageTag) { consentWording(kind: CARD_STORAGE, language: $l) { kind version language text } }"
    )
    for asked, spoken in (("fr-CH", "fr"), ("de", "de"), ("rm", "en"), (None, "en")):
        found = await wallet.ask(query, l=asked)
        shown = wording("CARD_STORAGE", spoken)
        assert found == {"kind": "CARD_STORAGE", "version": VERSION, "language": spoken, "text": shown.text}


async def test_the_own_methods_are_all_that_is_read_back(wallet: Wallet) -> None:
    await wallet.add()
    assert [each["__typename"] for each in (await wallet.ask(METHODS))["paymentMethods"]] == ["Card"]
    async with wallet.gate.store.write() as connection:
        assert (await connection.scalars(select(outbox.c.payload))).all() == []  # nobody subscribed to anything

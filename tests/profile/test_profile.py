"""The profile is changed at any time, by what its country takes for an address and a number (R9, R14, R30)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from store.database.store import Store
from tests.promises.gate import Gate, own

pytestmark = pytest.mark.anyio

CHANGE = """mutation ($in: UpdateProfileInput!) { updateProfile(input: $in) {
  customer { version givenName familyName phone locale
             postalAddress { street street2 postalCode city region country formatted } }
  userErrors { code field message } } }"""
HOME = {"street": "Rue du Lac 5", "postalCode": "1003", "city": "Lausanne", "country": "CH"}


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


async def change(gate: Gate, **asked: Any) -> Any:
    return (await gate.ask(CHANGE, own(gate.ids[0]), variables={"in": asked})).data["updateProfile"]


async def test_an_address_is_kept_as_written_and_formatted_for_an_envelope(gate: Gate) -> None:
    done = await change(gate, postalAddress=HOME)
    assert done["userErrors"] == []
    assert done["customer"]["postalAddress"] == HOME | {
        "street2": None, "region": None, "formatted": ["Rue du Lac 5", "CH-1003 Lausanne", "SWITZERLAND"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "faults"),
    [
        ({"country": "US", "street": "1 Main St", "city": "Springfield"},
         {("REQUIRED", "region"), ("REQUIRED", "postalCode")}),
        ({"country": "US", "street": "1 Main St", "city": "Springfield", "region": "ZZ", "postalCode": "62701"},
         {("INVALID_REGION", "region")}),
        ({"country": "DE", "street": "Hauptstr. 1", "city": "Bonn", "postalCode": "5311"},
         {("INVALID_POSTAL_CODE", "postalCode")}),
        ({"country": "XX", "street": "a", "city": "b"}, {("INVALID_COUNTRY", "country")}),
        ({"country": "CH", "city": "Bern"}, {("REQUIRED", "street")}),
        ({"country": "CH", "street": "a\u202eb", "city": "Bern"},
         {("INVALID_CHARACTERS", "street"), ("REQUIRED", "street")}),
        ({"country": "CH", "street": "x" * 10_000, "city": "Bern", "postalCode": "3000"}, {("TOO_LONG", "street")}),
    ],
)  # fmt: skip
async def test_what_the_country_does_not_know_is_named_part_by_part(
    gate: Gate, address: dict[str, str], faults: set[tuple[str, str]]
) -> None:
    done = await change(gate, postalAddress=address)
    found = {(each["code"], each["field"][-1]) for each in done["userErrors"]}
    assert found == faults or found == faults - {("REQUIRED", "street")}
    assert all(each["field"][0] == "postalAddress" for each in done["userErrors"])
    assert done["customer"] is None
    assert not any(value in each["message"] for each in done["userErrors"] for value in address.values() if value[1:])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+41 21 555 12 34", "+41215551234"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+1-202-555-0143", "+12025550143"),
    ],
)
async def test_a_number_is_kept_as_e164(gate: Gate, typed: str, kept: str) -> None:
    assert (await change(gate, phone=typed))["customer"]["phone"] == kept


@pytest.mark.parametrize(
    "typed", ["021 555 12 34", "+41 12", "+999 123456789", "call me", "+" + "1" * 40, "+41\u200b215551234"]
)
async def test_what_is_no_number_is_refused(gate: Gate, typed: str) -> None:
    (error, *_) = (await change(gate, phone=typed))["userErrors"]
    assert error["field"] == ["phone"] and error["code"] in ("INVALID_PHONE", "INVALID_CHARACTERS")
    assert typed not in error["message"]


@pytest.mark.parametrize("name", ["123", "A\u0000", "\u202eevil", "A\u200bB", "x" * 101])
async def test_tricks_in_a_name_are_refused(gate: Gate, name: str) -> None:
    done = await change(gate, givenName=name)
    assert done["userErrors"][0]["field"] == ["givenName"] and done["customer"] is None


async def test_names_are_kept_in_one_form(gate: Gate) -> None:
    """NFC: the same name is the same bytes, however it was typed; apostrophes, hyphens and other scripts are names."""
    done = await change(gate, givenName="Ame\u0301lie ", familyName="O’Neill-李")
    assert (done["customer"]["givenName"], done["customer"]["familyName"]) == ("Am\u00e9lie", "O’Neill-李")


async def test_of_two_edits_at_once_one_is_told_so_and_nothing_is_overwritten(gate: Gate) -> None:
    version = (await change(gate))["customer"]["version"]
    both = await asyncio.gather(*(change(gate, locale=each, ifVersion=version) for each in ("fr", "de")))
    codes = sorted(error["code"] for each in both for error in each["userErrors"])
    assert codes == ["CONFLICT"]
    won, lost = sorted(both, key=lambda each: len(each["userErrors"]))
    assert lost["customer"] == won["customer"], "whoever was too late can merge with the present object"
    assert (await change(gate))["customer"]["version"] == version + 1


async def test_a_person_may_have_one_name(gate: Gate) -> None:
    """H28: either part, not neither."""
    done = await change(gate, givenName=None, familyName="Sukarno")
    assert (done["customer"]["givenName"], done["customer"]["familyName"]) == (None, "Sukarno")
    for each in ({"familyName": " "}, {"familyName": None}, {"givenName": "", "familyName": ""}):
        done = await change(gate, **each)
        assert [(error["code"], error["field"]) for error in done["userErrors"]] == [("REQUIRED", ["familyName"])]
    done = await change(gate, givenName="Sukarno", familyName="")
    assert (done["customer"]["givenName"], done["customer"]["familyName"]) == ("Sukarno", None)


async def test_what_is_as_it_was_is_no_change(gate: Gate) -> None:
    """H4: of a form that is sent whole, the history has what differs."""
    history = "{ me { version changes(first: 5) { nodes { fields } } } }"
    told = {
        "givenName": "Zoë",
        "familyName": "Quark",
        "phone": "+41 21 555 12 34",
        "locale": "fr",
        "postalAddress": HOME,
    }
    await change(gate, **told)
    before = (await gate.ask(history, own(gate.ids[0]))).data["me"]
    done = await change(gate, **told | {"familyName": "Blanc", "phone": "+41 (0)21 555 12 34"})
    assert done["customer"]["version"] == before["version"] + 1
    after = (await gate.ask(history, own(gate.ids[0]))).data["me"]
    assert len(after["changes"]["nodes"]) == len(before["changes"]["nodes"]) + 1
    assert ["Customer.familyName"] in [each["fields"] for each in after["changes"]["nodes"]]
    assert (await change(gate, **told | {"familyName": "Blanc"}))["customer"]["version"] == after["version"]
    assert (await gate.ask(history, own(gate.ids[0]))).data["me"] == after


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("+41 21 320 00 00 ext. 12", "INVALID_PHONE"), ("+41 21 320 00 00 / 079 555 01 03", "INVALID_PHONE"),
        ("021 320 00 00", "INVALID_PHONE"),
    ],
)  # fmt: skip
async def test_nothing_of_a_number_is_dropped(gate: Gate, typed: str, code: str) -> None:
    """H19."""
    (error,) = (await change(gate, phone=typed))["userErrors"]
    assert (error["code"], error["field"]) == (code, ["phone"])

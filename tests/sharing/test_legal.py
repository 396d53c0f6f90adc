"""A binding request is answered by two persons, field by field, and the customer is told in time (R24, R53, A9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands.legal import legal as commands
from gateway.legal import Legal, LegalRefused, NewRequest
from store.database import Store
from tests.promises.gate import TODAY, Gate, own

pytestmark = pytest.mark.anyio

TOLD = "{ me { disclosures { recipientKind recipientName purpose fields trigger } accesses { nodes { client } } } }"


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


def order(gate: Gate, **changes: Any) -> NewRequest:
    number = gate.people[0].customer_number
    assert number is not None
    new = NewRequest(
        reference="LG 4 O 123/26", authority="Landgericht Bonn", country="DE", ground="§ 100j StPO",
        customer_number=number, fields=("Customer.email", "Customer.postalAddress"), officer="A. Meier",
    )  # fmt: skip
    return replace(new, **changes)


async def approved(gate: Gate, **changes: Any) -> Legal:
    desk = Legal(gate.store)
    await desk.file(order(gate, **changes), TODAY)
    await desk.decide("LG 4 O 123/26", "B. Roth", True, TODAY)
    return desk


async def disclosed(gate: Gate) -> list[dict[str, Any]]:
    found = (await gate.ask(TOLD, own(gate.ids[0]))).data["me"]["disclosures"]
    return [each for each in found if each["recipientKind"] == "AUTHORITY"]


async def test_exactly_the_fields_that_the_order_names_leave(gate: Gate) -> None:
    person = gate.people[0]
    found = await (await approved(gate)).answer("LG 4 O 123/26", TODAY)
    address = person.postal_address
    assert found["fields"] == {
        "Customer.email": [person.email],
        "Customer.postalAddress": [
            [address.street, address.street2, address.postal_code, address.city, address.region, address.country]
        ],
    }
    (told,) = await disclosed(gate)
    assert told == {
        "recipientKind": "AUTHORITY", "recipientName": "Landgericht Bonn", "purpose": "LEGAL_REQUEST",
        "fields": ["Customer.email", "Customer.postalAddress"], "trigger": "order:LG 4 O 123/26",
    }  # fmt: skip
    (entry,) = [each for each in await gate.entries() if each["client"] == "legal"]
    assert entry["purpose"] == "LEGAL_REQUEST" and entry["fields"] == told["fields"] and len(entry["subjects"]) == 1
    assert person.email not in str(entry)


async def test_it_takes_two_persons(gate: Gate) -> None:
    desk = Legal(gate.store)
    await desk.file(order(gate), TODAY)
    with pytest.raises(LegalRefused, match="second person"):
        await desk.answer("LG 4 O 123/26", TODAY)
    for same in ("A. Meier", " a. meier ", ""):
        with pytest.raises(LegalRefused, match="two persons"):
            await desk.decide("LG 4 O 123/26", same, True, TODAY)
    assert await disclosed(gate) == [] and not any(each["client"] == "legal" for each in await gate.entries())


async def test_a_refusal_stays_on_record_and_answers_nothing(gate: Gate) -> None:
    desk = Legal(gate.store)
    await desk.file(order(gate), TODAY)
    await desk.decide("LG 4 O 123/26", "B. Roth", False, TODAY)
    for work in (desk.answer("LG 4 O 123/26", TODAY), desk.decide("LG 4 O 123/26", "C. Weiss", True, TODAY)):
        with pytest.raises(LegalRefused):
            await work
    (row,) = await desk.listed()
    assert (row.state, row.officer, row.second_officer) == ("REFUSED", "A. Meier", "B. Roth")


async def test_under_an_embargo_the_customer_is_told_on_its_day(gate: Gate) -> None:
    """Neither by the disclosures nor by who read the data."""
    desk = await approved(gate, embargoed_until=TODAY + timedelta(days=30))
    await desk.answer("LG 4 O 123/26", TODAY)
    assert await disclosed(gate) == []
    (entry,) = [each for each in await gate.entries() if each["client"] == "legal"]
    assert entry["subjects"] == [] and entry["reference"] == "LG 4 O 123/26"
    gate.clock.now = TODAY + timedelta(days=31)
    assert len(await disclosed(gate)) == 1


async def test_nothing_is_answered_about_somebody_erased(gate: Gate) -> None:
    """R53: a backup is never restored to answer."""
    desk = await approved(gate)
    await gate.store.keys.destroy(gate.ids[0])
    with pytest.raises(LegalRefused, match="erased"):
        await desk.answer("LG 4 O 123/26", TODAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "x"},
        {"country": "Germany"},
        {"authority": " "},
        {"ground": ""},
        {"officer": ""},
        {"fields": ()},
        {"fields": ("Customer.shoeSize",)},
        {"fields": ("Credential.passwordHash",)},
        {"customer_number": "C-nobody"},
    ],
)
async def test_what_is_no_request_is_not_filed(gate: Gate, changes: dict[str, Any]) -> None:
    with pytest.raises(LegalRefused) as refused:
        await Legal(gate.store).file(order(gate, **changes), TODAY)
    assert gate.people[0].email not in str(refused.value) and await Legal(gate.store).listed() == []


async def test_a_reference_is_filed_once(gate: Gate) -> None:
    await approved(gate)
    with pytest.raises(LegalRefused):
        await Legal(gate.store).file(order(gate), TODAY)
    with pytest.raises(LegalRefused):
        await Legal(gate.store).answer("unknown/1", TODAY)


def test_the_commands_teach_and_no_secret_can_be_named() -> None:
    assert "second person" in CliRunner().invoke(commands, ["--help"]).output
    listed = CliRunner().invoke(commands, ["fields"]).output.split()
    assert "Customer.email" in listed and "SignIn.ipAddress" in listed
    assert not [each for each in listed if "secret" in each.lower() or "hash" in each.lower()]

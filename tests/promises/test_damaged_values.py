"""A value that was altered, moved or swapped in the database is an error, never garbage and never another's (D2)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from store.tables.customers import customers
from tests.promises.gate import Gate, grant

pytestmark = pytest.mark.anyio

WHO = grant(Purpose.INVOICING)
QUERY = "query ($id: ID!) { customer(by: {id: $id}) { id fullName email postalAddress { city } locale } }"


async def rest(gate: Gate, place: int) -> dict[str, Any]:
    async with gate.store.write() as connection:
        found = await connection.execute(select(customers).where(customers.c.id == gate.ids[place]))
        return dict(found.one()._mapping)


async def put(gate: Gate, place: int, **values: Any) -> None:
    async with gate.store.write() as connection:
        await connection.execute(update(customers).where(customers.c.id == gate.ids[place]).values(**values))


async def damaged(gate: Gate, place: int, field: str) -> None:
    """The field is an error, and everything beside it is as it was."""
    answer = await gate.ask(QUERY, WHO, variables={"id": gate.id(place)})
    assert answer.kind is RequestOutcome.OK
    assert answer.codes == ["DATA_DAMAGED"]
    assert answer.body["errors"][0]["path"] == ["customer", field]
    found = answer.body["data"]["customer"]
    assert found[field] is None and found["id"] == gate.id(place)
    assert all(value is not None for name, value in found.items() if name != field)
    others = [person.email for at, person in enumerate(gate.people) if at != place]
    assert not any(email in answer.raw.decode() for email in others)


@pytest.mark.parametrize("place", [0, 1, 6, 12, 13, 20, -16, -1])
async def test_a_flipped_bit_anywhere_is_an_error(changing: Gate, place: int) -> None:
    """In the version, the nonce, the text and the tag."""
    sealed = bytearray((await rest(changing, 0))["email"])
    sealed[place] ^= 0x01
    await put(changing, 0, email=bytes(sealed))
    await damaged(changing, 0, "email")


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
async def test_a_shortened_value_is_an_error(changing: Gate, length: int) -> None:
    await put(changing, 0, email=(await rest(changing, 0))["email"][:length])
    await damaged(changing, 0, "email")


async def test_a_value_of_another_customer_is_an_error(changing: Gate) -> None:
    await put(changing, 0, email=(await rest(changing, 1))["email"])
    await damaged(changing, 0, "email")
    await put(changing, 2, name=(await rest(changing, 3))["name"])
    await damaged(changing, 2, "fullName")


async def test_a_value_of_another_column_is_an_error(changing: Gate) -> None:
    """Else a phone number could be read as an e-mail address, for any purpose."""
    row = await rest(changing, 0)
    await put(changing, 0, email=row["phone"])
    await damaged(changing, 0, "email")
    await put(changing, 0, email=row["email"], postal_address=row["name"])
    await damaged(changing, 0, "postalAddress")


async def test_the_rest_of_a_page_is_answered(changing: Gate) -> None:
    await put(changing, 1, email=b"\x01garbage that is long enough to hold a nonce and a tag")
    answer = await changing.ask("{ customers { nodes { id email } } }", WHO)
    found = answer.body["data"]["customers"]["nodes"]
    assert [each["email"] for each in found] == [
        person.email if place != 1 else None for place, person in enumerate(changing.people)
    ]
    assert answer.codes == ["DATA_DAMAGED"]
    assert len(await changing.entries()) == 1

"""RDAP shows what is published, marks what is not, and reads nothing else (RFC 9083, RFC 9537; R25, R26)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from gateway.rdap import list_routes, normal
from store.database import Store
from store.domains import domains
from tests.promises.gate import Gate

pytestmark = pytest.mark.anyio

D = domains.c


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


async def look(gate: Gate, name: str, **changes: Any) -> Any:
    """The answer over HTTP, after these changes to every domain."""
    if changes:
        async with gate.store.write() as connection:
            await connection.execute(update(domains).values(**changes))
    app = Starlette(routes=list_routes(gate.store, gate.api, gate.clock))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://rdap") as client:
        return await client.get(f"/rdap/domain/{name}")


def domain(gate: Gate) -> Any:
    return next(each.domain for each in gate.people[0].services if each.domain is not None)


HIDDEN = {f"hide_{field}": True for field in ("name", "address", "email", "phone")}
SHOWN = dict.fromkeys(HIDDEN, False)


async def test_what_is_published_is_shown_as_a_jcard(gate: Gate) -> None:
    answer = await look(gate, domain(gate).name.upper(), tld="com", **SHOWN)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/rdap+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    found = answer.json()
    assert found["objectClassName"] == "domain" and found["ldhName"] == domain(gate).name
    assert "redacted" in found["rdapConformance"] and found["redacted"] == []
    card = {each[0]: each[3] for each in found["entities"][0]["vcardArray"][1]}
    assert card["fn"] == domain(gate).registrant_name and card["email"] == domain(gate).registrant_email
    assert card["adr"][3] == domain(gate).registrant_address.city and len(card["adr"]) == 7


async def test_what_is_hidden_is_marked_and_never_read(gate: Gate) -> None:
    """RFC 9537: emptied values at a path that is there, removed ones at a path that was."""
    gate._statements.clear()
    answer = await look(gate, domain(gate).name, tld="com", **HIDDEN)
    found = answer.json()
    assert [each["name"]["description"] for each in found["redacted"]] == [
        "Registrant Name", "Registrant Address", "Registrant Email", "Registrant Phone",
    ]  # fmt: skip
    assert [each["method"] for each in found["redacted"]] == ["emptyValue", "emptyValue", "removal", "removal"]
    assert all(("postPath" in each) is (each["method"] == "emptyValue") for each in found["redacted"])
    card = {each[0]: each[3] for each in found["entities"][0]["vcardArray"][1]}
    assert card["fn"] == "" and "email" not in card and "tel" not in card and not any(card["adr"])
    assert domain(gate).registrant_email not in answer.text
    (statement,) = [each for each in gate._statements if "registrant_name" in each]
    assert all(f"THEN domains.registrant_{each}" in statement for each in ("name", "address", "email", "phone"))


async def test_the_registry_decides_where_the_customer_does_not(gate: Gate) -> None:
    found = (await look(gate, domain(gate).name, tld="us", registrant_kind="NATURAL_PERSON", **HIDDEN)).json()
    assert found["redacted"] == []
    found = (await look(gate, domain(gate).name, tld="ch", **SHOWN)).json()
    assert len(found["redacted"]) == 4 and "Server policy" in found["redacted"][0]["reason"]["description"]


async def test_each_look_up_stands_in_the_ledger(gate: Gate) -> None:
    await look(gate, domain(gate).name, tld="com", **SHOWN)
    (entry,) = await gate.entries()
    assert (entry["client"], entry["purpose"]) == ("rdap", "DOMAIN_REGISTRATION")
    assert "Domain.registrantName" in entry["fields"]


@pytest.mark.parametrize(
    ("name", "status"),
    [("nobody.example", 404), ("x", 400), ("-a.example", 400), ("a..b", 400), ("%20", 400), ("a" * 300 + ".ch", 400)],
)
async def test_errors_are_rdap_objects(gate: Gate, name: str, status: int) -> None:
    answer = await look(gate, name)
    assert answer.status_code == status and answer.json()["errorCode"] == status
    assert name not in answer.text or len(name) < 3


def test_names_are_compared_by_their_a_labels() -> None:
    assert normal("Bücher.example.") == "xn--bcher-kva.example" == normal("xn--BCHER-kva.example")
    assert normal("a_b.example") is None and normal("") is None


async def test_the_address_is_only_read(gate: Gate) -> None:
    app = Starlette(routes=list_routes(gate.store, gate.api, gate.clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rdap") as client:
        assert (await client.post("/rdap/domain/a.example")).status_code == 405

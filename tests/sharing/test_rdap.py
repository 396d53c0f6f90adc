"""RDAP shows what is published, marks what is not, and reads nothing else (RFC 9083, RFC 9537; R25, R26)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from audits.reports.ledger import ledger_facts
from gateway.access import rate_limits
from gateway.access.rate_limits import RateLimit
from gateway.api.rdap import list_routes
from policy.grant import Grant, Partner
from policy.purposes import Purpose
from schema.documents.requests import Request
from store.database.store import Store
from store.ledger import tally
from store.ledger.tally import EVERY, LATEST
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.domains import domains
from tests.oracle.comparing import Switched
from tests.promises.gate import PATIENT, Answer, Gate, grant, own

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
    app = Starlette(routes=list_routes(gate.api, gate.clock, "https://rdap.example"))
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
    itself = f"https://rdap.example/rdap/domain/{domain(gate).name}"
    assert found["links"] == [{"value": itself, "rel": "self", "href": itself, "type": "application/rdap+json"}]
    assert "redacted" in found["rdapConformance"] and found["redacted"] == []
    card = {each[0]: each[3] for each in found["entities"][0]["vcardArray"][1]}
    assert card["fn"] == domain(gate).registrant_name and card["email"] == domain(gate).registrant_email
    assert card["adr"][3] == domain(gate).registrant_address.city and len(card["adr"]) == 7


async def test_what_is_hidden_is_marked_and_never_read(gate: Gate) -> None:
    """RFC 9537: emptied values at a path that is there, removed ones at a path that was."""
    gate._statements.clear()
    answer = await look(gate, domain(gate).name, tld="com", **HIDDEN)
    found = answer.json()
    assert [next(iter(each["name"].items())) for each in found["redacted"]] == [
        ("type", "Registrant Name"), ("type", "Registrant Street"), ("type", "Registrant City"),
        ("description", "Registrant Region"), ("type", "Registrant Postal Code"), ("type", "Registrant Email"),
        ("type", "Registrant Phone"),
    ]  # fmt: skip
    assert [each["method"] for each in found["redacted"]] == ["emptyValue"] * 5 + ["removal"] * 2
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
    assert len(found["redacted"]) == 8 and "Server policy" in found["redacted"][0]["reason"]["description"]


async def test_g14_look_ups_stand_in_the_ledger_as_one_sum(gate: Gate) -> None:
    """F1: not one entry a hit, and on the disk within ten seconds."""
    assert EVERY < 10 > LATEST
    name = domain(gate).name
    for _ in range(20):
        assert (await look(gate, name, tld="com", **SHOWN)).status_code == 200
    await gate.store.tally.flush()
    (entry,) = await gate.entries()
    assert (entry["client"], entry["purpose"]) == ("rdap", "DOMAIN_REGISTRATION")
    assert "Registrant.name" in entry["fields"]
    assert len(entry["subjects"]) == 1 and entry["counts"] == [20]
    facts = await ledger_facts(gate.store.ledger_reader)
    ((use),) = facts.sorted_uses()
    assert (use.client, use.operations, use.subjects, facts.findings) == ("rdap", 20, 20, [])


async def test_f1_a_sum_comes_by_itself_and_without_it_nothing_more_is_given_out(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "EVERY", 0.05)
    await look(gate, domain(gate).name, tld="com", **SHOWN)
    await asyncio.sleep(0.5)
    assert len(await gate.entries()) == 1

    async def down(_: Any) -> bytes:
        raise StoreUnavailableError(OutageCause.DOWN)

    monkeypatch.setattr(gate.store.ledger, "append", down)
    await look(gate, domain(gate).name)
    monkeypatch.setattr(tally, "LATEST", 0.1)
    await asyncio.sleep(0.3)
    refused = await look(gate, domain(gate).name)
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0
    monkeypatch.undo()
    await asyncio.sleep(0.2)
    await gate.store.tally.flush()
    assert [entry["counts"] for entry in await gate.entries()] == [[1], [1]], "what was counted is not lost"


async def test_g14_one_network_asks_so_often_only_and_others_go_on(gate: Gate) -> None:
    limit = RateLimit(3, proxies=(ip_network("127.0.0.1"),))
    app = Starlette(routes=list_routes(gate.api, gate.clock, "https://rdap.example", limit))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://rdap") as client:

        async def ask(address: str) -> httpx.Response:
            return await client.get("/rdap/domain/nobody.example", headers={"x-forwarded-for": address})

        assert [(await ask("192.0.2.7")).status_code for _ in range(5)] == [404, 404, 404, 429, 429]
        slower = await ask("192.0.2.7")
        assert 0 < int(slower.headers["retry-after"]) <= 20 and slower.json()["errorCode"] == 429
        assert (await ask("192.0.2.8")).status_code == 404
        one_subscriber = [(await ask(f"2001:db8::{n:x}:1")).status_code for n in range(4)]
        assert one_subscriber == [404, 404, 404, 429]
    await gate.store.tally.flush()
    assert await gate.entries() == []


def test_g14_what_a_limit_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MOST", 10)
    limit = RateLimit(1)
    for number in range(50):
        scope = {"type": "http", "client": (f"192.0.2.{number}", 1), "headers": []}
        assert limit.wait(HTTPConnection(scope)) == 0
    assert len(limit._due) <= 10 and limit.wait(HTTPConnection(scope)) > 0


@pytest.mark.parametrize(
    ("name", "status"),
    [("nobody.example", 404), ("x", 400), ("-a.example", 400), ("a..b", 400), ("%20", 400), ("a" * 300 + ".ch", 400)],
)
async def test_errors_are_rdap_objects(gate: Gate, name: str, status: int) -> None:
    answer = await look(gate, name)
    assert answer.status_code == status and answer.json()["errorCode"] == status
    assert name not in answer.text or len(name) < 3


RDAP = "query ($domain: String!) { rdap(domain: $domain) }"
REGISTRAR = grant(Purpose.DOMAIN_REGISTRATION)


async def asked(gate: Gate, name: str, who: Grant, **changes: Any) -> Answer:
    """The answer of the API, after these changes to every domain; graphql-core must give the same."""
    async with gate.store.write() as connection:
        await connection.execute(update(domains).values(tld="com", **(HIDDEN | changes)))
    answer = await gate.ask(RDAP, who, variables={"domain": name})
    api = Switched(gate.store, PATIENT, clock=gate.clock)
    api.standard = True
    other = await api.execute(Request(query=RDAP, variables={"domain": name}), who)
    assert other.body == answer.raw
    return answer


async def test_the_api_tells_the_same_as_the_address(gate: Gate) -> None:
    """One statement, in which what is hidden is left out."""
    answer = await asked(gate, domain(gate).name.upper() + ".", REGISTRAR, hide_email=False)
    found = answer.data["rdap"]
    over_http = (await look(gate, domain(gate).name)).json()
    assert over_http.pop("links") and over_http == found
    assert found["ldhName"] == domain(gate).name and len(found["redacted"]) == 6
    (statement,) = answer.statements
    assert "THEN domains.registrant_name" in statement and "customer_id IN" not in statement
    entry = (await gate.entries())[0]
    assert {"Query.rdap", "Registrant.name"} <= set(entry["fields"]) and len(entry["subjects"]) == 1


async def test_a_customer_sees_the_own_domains_as_everybody_does(gate: Gate) -> None:
    answer = await asked(gate, domain(gate).name, own(gate.ids[0]))
    assert len(answer.data["rdap"]["redacted"]) == 7 and domain(gate).registrant_email not in answer.raw.decode()
    assert (await asked(gate, domain(gate).name, own(gate.ids[1]))).data == {"rdap": None}


async def test_what_is_asked_for_must_be_a_domain_name(gate: Gate) -> None:
    answer = await asked(gate, "no name", REGISTRAR)
    assert answer.codes == ["BAD_USER_INPUT"] and answer.body["data"] == {"rdap": None} and answer.statements == ()
    assert (await asked(gate, "nobody.example", REGISTRAR)).data == {"rdap": None}


async def test_other_purposes_and_partners_are_refused(gate: Gate) -> None:
    """R58, R7: a document opens nothing that its fields do not."""
    refused = await gate.ask(RDAP, grant(Purpose.INVOICING), variables={"domain": domain(gate).name})
    assert {each["coordinate"] for each in refused.errors} == {"Query.rdap", "Query.rdap(domain:)"}
    assert refused.statements == ()
    names = Partner("Lister", "CH", frozenset({"Domain.name"}))
    bound = await gate.ask(RDAP, replace(REGISTRAR, partner=names), variables={"domain": domain(gate).name})
    assert [each["reason"] for each in bound.errors] == ["NOT_IN_UNDERTAKING"] and bound.statements == ()


async def test_a_damaged_detail_is_an_error_and_not_left_out(gate: Gate) -> None:
    answer = await asked(gate, domain(gate).name, REGISTRAR, registrant_name=b"\x01" * 40, hide_name=False)
    assert answer.codes == ["DATA_DAMAGED"] and answer.body["data"] == {"rdap": None}


async def test_the_address_is_only_read(gate: Gate) -> None:
    app = Starlette(routes=list_routes(gate.api, gate.clock, "https://rdap.example"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rdap") as client:
        assert (await client.post("/rdap/domain/a.example")).status_code == 405

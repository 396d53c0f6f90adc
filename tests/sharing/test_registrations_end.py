"""Of a registration that has ended nothing is published, looked up or disclosed, and its name is free (H1, H23)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from gateway.api.rdap import list_routes
from policy.purposes import Purpose
from resolvers.imports.imports import import_customers
from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import lookups
from store.database.store import Store
from store.lookups.reservations import LookupRequest, reserving
from store.sql.engines import transaction
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.services import services
from tests.promises.gate import Answer, Gate, grant, own
from tests.sharing.owners import NAME, OWNER, confirm, key_of, order, register, registered

pytestmark = pytest.mark.anyio

D, S = domains.c, services.c
READER = grant(Purpose.DOMAIN_REGISTRATION, scopes=["domains:write"])
TERMINATE = """mutation ($id: ID!) { terminateService(input: {serviceId: $id}) { userErrors { code } } }"""
OWNERS = "name registrant { kind name email phone address { street } }"
ROADS = [
    ("query ($d: String!) { rdap(domain: $d) }", "rdap"),
    ("query ($d: String!) { domain(name: $d) { %s } }" % OWNERS, "domain"),
    (
        "query ($d: String!) { customer(by: {domain: $d}) { id domains { nodes { %s } } } }" % OWNERS,
        "customer",
    ),
]
"""How a name leads to its owner."""
SHOP = "gone-shop.example.com"


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


async def imported(gate: Gate, folder: Path, email: str = "gone@example.com", **service: Any) -> Any:
    """One customer whose domain publishes all of its owner."""
    domain = {f"hide_{field}": False for field in ("name", "address", "email", "phone")}
    domain |= {"registrant_phone": "+4930123456"} | service.pop("domain", {})
    given = {"kind": "DOMAIN", "name": SHOP, "started_at": "2020-01-01", "domain": domain} | service
    row = {"email": email, "given_name": "Jo", "family_name": "Gone", "street": "Weg 1", "postal_code": "10115"}
    path = folder / f"{email}.ndjson"
    path.write_bytes(orjson.dumps(row | {"city": "Berlin", "country": "DE", "locale": "de", "services": [given]}))
    return await import_customers(gate.store, path, "ndjson", now=gate.clock.now)


async def looked_up(gate: Gate, name: str) -> httpx.Response:
    """What the public gets."""
    transport = httpx.ASGITransport(Starlette(routes=list_routes(gate.api, gate.clock, "https://rdap.example")))
    async with httpx.AsyncClient(transport=transport, base_url="http://rdap") as client:
        return await client.get(f"/rdap/domain/{name}")


async def disclosed(gate: Gate) -> int:
    """How many disclosures there are."""
    async with gate.store.write() as connection:
        return int(await connection.scalar(select(func.count()).select_from(disclosures)) or 0)


async def asked(gate: Gate, query: str, name: str) -> Answer:
    """The registrar's tool asks by a name."""
    return await gate.ask(query, READER, variables={"d": name})


async def assert_gone(gate: Gate, name: str) -> None:
    """Nobody is shown anything of it, and nothing is written down as shown."""
    before = await disclosed(gate)
    assert (await looked_up(gate, name)).status_code == 404
    for query, field in ROADS:
        assert (await asked(gate, query, name)).data == {field: None}, query
    held = await gate.store.keys.lookups.find_all(Lookup.DOMAIN, gate.store.keys.blind_index(Lookup.DOMAIN, name))
    async with gate.store.write() as connection:
        refs = [each.ref for each in held]
        row = (await connection.execute(select(D.id, D.customer_id).where(D.name_ref.in_(refs)))).first()
    assert row is not None, "it is kept, and not shown"
    id_ = gate.outside("Domain", row.id, row.customer_id)
    node = "query ($id: ID!) { node(id: $id) { ... on Domain { %s } } }" % OWNERS
    assert (await gate.ask(node, READER, variables={"id": id_})).data == {"node": None}
    listed = (
        await gate.ask("{ customers(first: 100) { nodes { domains { nodes { id %s } } } } }" % OWNERS, READER)
    ).raw
    assert id_.encode() not in listed
    own_view = await gate.ask("{ me { domains { nodes { name } } } }", own(row.customer_id))
    assert name in [each["name"] for each in own_view.data["me"]["domains"]["nodes"]], "the customer sees what is held"
    assert await disclosed(gate) >= before
    async with gate.store.write() as connection:
        named = select(func.count()).where(disclosures.c.trigger == id_, disclosures.c.purpose == "DOMAIN_REGISTRATION")
        assert not await connection.scalar(named.where(disclosures.c.at >= gate.clock.now))


@pytest.mark.parametrize(
    "service",
    [
        {"status": "TERMINATED", "terminated_at": "2026-10-01", "domain": {"expires_at": "2026-10-01"}},
        {"status": "TERMINATED", "terminated_at": "2026-10-01"},
        {"domain": {"expires_at": "2026-10-01"}},
    ],
    ids=["ended", "ended-without-expiry", "expired"],
)
async def test_an_imported_domain_that_has_ended_is_not_published(gate: Gate, tmp_path: Path, service: Any) -> None:
    """H1 as it was filed."""
    assert (await imported(gate, tmp_path, **service)).imported == 1
    await assert_gone(gate, SHOP)


async def test_a_running_and_a_redeemable_one_are(gate: Gate, tmp_path: Path) -> None:
    """The other side of H1; a domain in REDEMPTION may still be had back (R45)."""
    lasting = {"status": "REDEMPTION", "domain": {"expires_at": "2026-10-01"}}
    assert (await imported(gate, tmp_path, **lasting)).imported == 1
    assert (await looked_up(gate, SHOP)).status_code == 200
    for query, field in ROADS:
        assert (await asked(gate, query, SHOP)).data[field] is not None


async def test_it_ends_with_its_service(gate: Gate) -> None:
    """H1 by `terminateService`."""
    service = await order(gate)
    await register(gate, service)
    await confirm(gate, gate.clock.now)
    assert (await looked_up(gate, NAME)).status_code == 200
    gate.clock.now += timedelta(hours=1)
    ended = await gate.ask(
        TERMINATE, grant(Purpose.SERVICE_PROVISION, scopes=["services:write"]), variables={"id": service}
    )
    assert ended.data == {"terminateService": {"userErrors": []}}
    await assert_gone(gate, NAME)


async def test_it_ends_by_the_clock(gate: Gate) -> None:
    """Nothing has to be written for a registration to expire."""
    ends = gate.clock.now + timedelta(days=1)
    await register(gate, await order(gate), expiresAt=ends.isoformat())
    await confirm(gate, gate.clock.now)
    gate.clock.now = ends - timedelta(seconds=1)
    assert (await looked_up(gate, NAME)).status_code == 200
    gate.clock.now = ends
    await assert_gone(gate, NAME)


@pytest.mark.parametrize("way", ["service", "expiry"])
async def test_the_name_can_be_registered_for_somebody_else(gate: Gate, way: str) -> None:
    """H23; only the one that runs is found by it."""
    ends = gate.clock.now + timedelta(days=1)
    service = await order(gate)
    first = (await register(gate, service, expiresAt=ends.isoformat()))["domain"]["id"]
    again = await register(gate, await order(gate, 1))
    assert [each["code"] for each in again["userErrors"]] == ["TAKEN"], "while it runs it is taken"
    if way == "service":
        tool = grant(Purpose.SERVICE_PROVISION, scopes=["services:write"])
        await gate.ask(TERMINATE, tool, variables={"id": service})
    else:
        gate.clock.now = ends
    second = (await register(gate, await order(gate, 1)))["domain"]["id"]
    found = (await asked(gate, "query ($d: String!) { domain(name: $d) { id customer { id } } }", NAME)).data["domain"]
    assert found == {"id": second, "customer": {"id": gate.id(1)}} and second != first
    third = await register(gate, await order(gate, 1))
    assert [each["code"] for each in third["userErrors"]] == ["TAKEN"]


async def test_an_import_may_bring_both(gate: Gate, tmp_path: Path) -> None:
    """H23: the ended registration of one customer and the running one of another, in either order; two running, no."""
    ended = {"status": "TERMINATED", "terminated_at": "2026-10-01"}
    assert (await imported(gate, tmp_path, "one@example.com", **ended)).imported == 1
    assert (await imported(gate, tmp_path, "two@example.com")).imported == 1
    assert (await imported(gate, tmp_path, "three@example.com", **ended)).imported == 1
    assert (await imported(gate, tmp_path, "four@example.com")).imported == 0
    assert (await looked_up(gate, SHOP)).status_code == 200


async def test_an_import_takes_the_name_of_one_that_expired_here(gate: Gate, tmp_path: Path) -> None:
    """H23: nobody had to write down that it expired."""
    ends = gate.clock.now + timedelta(days=1)
    await register(gate, await order(gate), name=SHOP, expiresAt=ends.isoformat())
    gate.clock.now = ends
    assert (await imported(gate, tmp_path)).imported == 1
    assert (await looked_up(gate, SHOP)).status_code == 200


async def test_the_one_before_keeps_its_look_up_and_gives_the_name_away(gate: Gate) -> None:
    """D15: within a scope of its own, where its owner is found as long as their data are held."""
    ends = gate.clock.now + timedelta(days=1)
    first = await register(gate, await order(gate), name=NAME, expiresAt=ends.isoformat())
    gate.clock.now = ends
    second = await register(gate, await order(gate, 1), name=NAME)
    assert second["userErrors"] == []
    ids = [key_of(gate, each["domain"]["id"]) for each in (first, second)]
    index = gate.store.keys.blind_index(Lookup.DOMAIN, NAME)
    assert [each.row_id for each in await gate.store.keys.lookups.find_all(Lookup.DOMAIN, index)] == ids[::-1]
    assert (await gate.store.keys.lookups.find(Lookup.DOMAIN, index)).row_id == ids[1]
    assert (await gate.store.keys.lookups.find(Lookup.DOMAIN, index, str(ids[0]))).row_id == ids[0]


async def test_a_change_that_breaks_off_lets_go_of_nothing(gate: Gate) -> None:
    """F1: who may still have the domain back keeps its name, though somebody was about to take it."""
    ends = gate.clock.now + timedelta(days=1)
    first = await register(gate, await order(gate), name=NAME, expiresAt=ends.isoformat())
    id_ = key_of(gate, first["domain"]["id"])
    gate.clock.now = ends
    index = gate.store.keys.blind_index(Lookup.DOMAIN, NAME)
    with pytest.raises(KeyboardInterrupt):
        async with reserving(gate.store) as reserved, gate.store.write() as connection:
            wanted = LookupRequest(Lookup.DOMAIN, index, gate.ids[1], 17)
            assert await reserved.take(connection, [wanted], ends) == [id_]
            assert (await gate.store.keys.lookups.find(Lookup.DOMAIN, index)).row_id == 17
            raise KeyboardInterrupt
    assert (await gate.store.keys.lookups.find(Lookup.DOMAIN, index)).row_id == id_
    assert len(await gate.store.keys.lookups.find_all(Lookup.DOMAIN, index)) == 1


async def test_the_database_itself_keeps_a_name_from_running_twice(gate: Gate) -> None:
    """F4: two replicas that looked at the same moment cannot both write."""
    first, other = await registered(gate), await register(gate, await order(gate, 1), name="other.fr")
    held = await gate.store.keys.lookups.find(Lookup.DOMAIN, gate.store.keys.blind_index(Lookup.DOMAIN, NAME))
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with transaction(gate.store.keys.engine) as connection:
            mark = await connection.scalar(select(lookups.c.mark).where(lookups.c.ref == held.ref))
            where = lookups.c.row_id == key_of(gate, other["domain"]["id"])
            await connection.execute(update(lookups).where(where).values(mark=mark))
    assert first


CAUSE = "cause { ... on RegistrationCause { domainId } }"
LIST = (
    f"{{ me {{ disclosures {{ nodes {{ fields {CAUSE} legalBasis recipientName }} }} domains {{ nodes {{ id }} }} }} }}"
)


async def test_a_look_at_one_domain_discloses_one(gate: Gate) -> None:
    """15b: the other domains of the customer were not asked for (R23)."""
    one = (await register(gate, await order(gate)))["domain"]["id"]
    await register(gate, await order(gate), name="second.fr")
    before = (await gate.ask(LIST, own(gate.ids[0]))).data["me"]["disclosures"]["nodes"]
    for spelling in (NAME, NAME.upper() + "."):
        found = await asked(gate, "query ($d: String!) { domain(name: $d) { name hideName } }", spelling)
        assert found.data == {"domain": {"name": NAME, "hideName": True}}
    after = (await gate.ask(LIST, own(gate.ids[0]))).data["me"]["disclosures"]["nodes"]
    new = after[: len(after) - len(before)]
    assert [(each["cause"]["domainId"], each["fields"]) for each in new] == [(one, ["Domain.name"])] * 2


async def test_the_name_is_personal_data(gate: Gate) -> None:
    """G9, D6: only for its purposes; of customers only the own one; and what is no name is told as such."""
    await registered(gate)
    query = "query ($d: String!) { domain(name: $d) { id } }"
    for purpose in (Purpose.INVOICING, Purpose.PRODUCT_NEWS, Purpose.EMERGENCY_CONTACT):
        refused = await gate.ask(query, grant(purpose), variables={"d": NAME}, reference="INC-1")
        assert set(refused.codes) == {"UNAUTHORIZED_FIELD_OR_TYPE"} and refused.statements == ()
    assert (await gate.ask(query, own(gate.ids[1]), variables={"d": NAME})).data == {"domain": None}
    assert (await gate.ask(query, own(gate.ids[0]), variables={"d": NAME})).data["domain"] is not None
    assert (await asked(gate, query, "no name")).codes == ["BAD_USER_INPUT"]


async def test_all_that_a_registration_hands_over_is_recorded_once(gate: Gate) -> None:
    """Item 17, R23: whatever of it the payload shows, and though all of it is hidden in the whois."""
    await register(gate, await order(gate))
    (found,) = [
        each for each in (await gate.ask(LIST, own(gate.ids[0]))).data["me"]["disclosures"]["nodes"]
        if each["recipientName"] == "AFNIC" and "Registrant.phone" in each["fields"]
    ]  # fmt: skip
    details = {f"Registrant.{each}" for each in (*OWNER, "country")}
    assert set(found["fields"]) == {"Domain.name", "Registrant.kind"} | details
    assert found["legalBasis"] == "A6_1_B"
    (id_,) = {found["cause"]["domainId"]}
    async with gate.store.write() as connection:
        rows = select(func.count()).select_from(disclosures).where(disclosures.c.trigger == id_)
        assert await connection.scalar(rows) == 1
    before = await disclosed(gate)
    await register(gate, await order(gate), name="nameless.fr", registrant={"name": "Only Name"})
    assert await disclosed(gate) == before + 1

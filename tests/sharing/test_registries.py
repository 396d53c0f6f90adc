"""What is read to register a domain is disclosed to its registry, detail by detail (R23, R25)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from policy.purposes import Purpose
from store.database.store import Store
from store.tables.domains import domains
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

D = domains.c
REGISTRAR = grant(Purpose.DOMAIN_REGISTRATION)
ONE = "query ($id: ID!) { node(id: $id) { ... on Domain { name registrant { name email } hideName } } }"
TOLD = """{ me { disclosures { nodes { recipientKind recipientName purpose legalBasis fields
                                        cause { ... on RegistrationCause { domainId } } } }
  domains { nodes { id tld } } } }"""


@pytest.fixture
async def gate(store: Store) -> Gate:
    """Two customers; all domains are persons' under .fr, where publication is up to them, and hidden."""
    gate = await Gate.of(store, 2)
    await change(gate, tld="fr", registrant_kind="NATURAL_PERSON")
    return gate


async def change(gate: Gate, **changes: Any) -> None:
    hidden = {f"hide_{field}": True for field in ("name", "address", "email", "phone")}
    async with gate.store.write() as connection:
        await connection.execute(update(domains).values(**(hidden | changes)))


async def told(gate: Gate, place: int = 0, since: int = 0) -> list[dict[str, Any]]:
    """The disclosures that the customer sees, without the oldest ones."""
    found = (await gate.ask(TOLD, own(gate.ids[place]))).data["me"]["disclosures"]["nodes"]
    return found[: len(found) - since]


async def first(gate: Gate) -> str:
    found: str = (await gate.ask(TOLD, own(gate.ids[0]))).data["me"]["domains"]["nodes"][0]["id"]
    return found


async def test_the_customer_sees_which_details_went_to_which_registry(gate: Gate) -> None:
    """By consent what the registry would do without, by contract the rest; what is hidden did not go."""
    before, id_ = len(await told(gate)), await first(gate)
    await change(gate, hide_name=False)
    await gate.ask(ONE, REGISTRAR, variables={"id": id_})
    common = {"recipientKind": "REGISTRY", "recipientName": "AFNIC", "purpose": "DOMAIN_REGISTRATION",
              "cause": {"domainId": id_}}  # fmt: skip
    assert sorted(await told(gate, since=before), key=lambda each: each["legalBasis"]) == [
        common | {"legalBasis": "A6_1_A", "fields": ["Registrant.name"]},
        common | {"legalBasis": "A6_1_B", "fields": ["Domain.name"]},
    ]


async def test_what_the_registry_requires_rests_on_the_contract(gate: Gate) -> None:
    before, id_ = len(await told(gate)), await first(gate)
    await change(gate, tld="us")
    await gate.ask(ONE, REGISTRAR, variables={"id": id_})
    (found,) = await told(gate, since=before)
    assert found["recipientName"] == "Registry Services" and found["legalBasis"] == "A6_1_B"
    assert found["fields"] == ["Domain.name", "Registrant.email", "Registrant.name"]


@pytest.mark.parametrize("standard", [False, True])
@pytest.mark.parametrize(
    "query",
    [
        "{ customers(first: 2) { nodes { domains { nodes { tld registrant { name } } } } } }",
        "{ customers(first: 2) { edges { node { domains { nodes { mine: registrant { name } customer { id } } } } } }"
        " }",
    ],
)
async def test_however_it_was_reached(gate: Gate, query: str, standard: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """R58: each domain that was shown, once, nobody else's, and none that has ended (H1); by either executor."""
    if standard:
        monkeypatch.setattr("schema.api.api.compiled_or_none", lambda model, plan, house: None)
    before = [len(await told(gate, place)) for place in (0, 1)]
    await change(gate, tld="us")
    await gate.ask(query, REGISTRAR)
    assert gate.api.counts["standard:not covered"] == (3 if standard else 0)
    for place in (0, 1):
        found = await told(gate, place, since=before[place])
        ids = [each["id"] for each in (await gate.ask(TOLD, own(gate.ids[place]))).data["me"]["domains"]["nodes"]]
        services = [each for each in gate.people[place].services if each.domain is not None]
        running = [id_ for id_, each in zip(ids, services, strict=True) if each.ended(TODAY) is None]
        assert sorted(each["cause"]["domainId"] for each in found) == sorted(running)


async def test_reading_for_another_purpose_discloses_nothing(gate: Gate) -> None:
    before, id_ = len(await told(gate)), await first(gate)
    names = "query ($id: ID!) { node(id: $id) { ... on Domain { name tld registrant { kind } } } }"
    await gate.ask(names, grant(Purpose.SERVICE_PROVISION), variables={"id": id_})
    await gate.ask("{ customers(first: 1) { nodes { id domains { nodes { tld hideName } } } } }", REGISTRAR)
    await gate.ask("query ($d: String!) { rdap(domain: $d) }", REGISTRAR, variables={"d": "nobody.example"})
    assert len(await told(gate)) == before


async def test_the_disclosure_is_durable_before_the_answer(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be written, nothing is revealed."""

    async def fail(*_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("schema.api.api.disclose_to_registries", fail)
    answer = await gate.ask(ONE, REGISTRAR, variables={"id": await first(gate)})
    assert answer.codes == ["INTERNAL"] and "data" not in answer.body


async def test_an_unknown_ending_has_a_registry_all_the_same(gate: Gate) -> None:
    before, id_ = len(await told(gate)), await first(gate)
    await change(gate, tld="example")
    await gate.ask(ONE, REGISTRAR, variables={"id": id_})
    (found,) = await told(gate, since=before)
    assert found["recipientName"] == "registry of .example" and found["fields"] == ["Domain.name"]

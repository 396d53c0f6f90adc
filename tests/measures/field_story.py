"""What must be true once the field of docs/architecture.md was added; run in the copy by test_add_a_field.py."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from audits.papers.record import record
from audits.papers.record_report import record_report
from audits.papers.registers import SCHEMA_ALONE
from policy.purposes import Purpose
from resolvers.customers.new_customer_rows import FURTHER
from resolvers.customers.registration import register
from resolvers.imports.rows import customer
from resolvers.imports.source import ImportSource
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.schemas import MAIN
from store.database.store import open_store
from tests.audits.papers import OURS, controller, notice_in
from tests.erasure.house import opened_house
from tests.export.office import opened_office
from tests.export.schemas import faults
from tests.gateway.servers import ROOT, Running, command, running
from tests.promises.gate import TODAY, Gate, grant, own
from tests.stores import opened

pytestmark = pytest.mark.anyio

HERS = "Madame la Présidente"
CHANGE = (
    "mutation ($s: String) { updateProfile(input: {salutation: $s}) { customer { salutation } userErrors { code } } }"
)
READ = "{ customers(first: 100) { nodes { id salutation } } }"
NEW = """mutation { registerCustomer(input: {givenName: "Ada", familyName: "Martin", email: "ada@new.example",
  postalAddress: {street: "Rue du Lac 5", postalCode: "1003", city: "Lausanne", country: "CH"}}) {
  customer { id } userErrors { code } } }"""


@pytest.fixture
async def config(tmp_path: Path) -> AsyncIterator[StoreConfig]:
    found = StoreConfig.local(tmp_path)
    await upgrade(found)
    yield found


def ask(server: Running, token: str, query: str, **variables: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"}
    body = {"query": query, "variables": variables}
    return httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=60).json()


def test_through_the_running_demo(tmp_path: Path) -> None:
    """Registered, changed by the customer, read for a purpose of the field's and for no other."""
    with running(["-m", "gateway", "demo"], tmp_path) as server:
        tokens = {each["name"]: each["token"] for each in httpx.get(f"{server.url}/demo/tokens").json()["tokens"]}
        made = ask(server, tokens["orders"], NEW)["data"]["registerCustomer"]
        assert made["userErrors"] == []
        hers = command(["token", "ada@new.example"], tmp_path, PORT=str(server.port)).stdout.strip()
        done = ask(server, hers, CHANGE, s=HERS)["data"]["updateProfile"]
        assert done == {"customer": {"salutation": HERS}, "userErrors": []}
        assert ask(server, hers, CHANGE, s="x" * 300)["data"]["updateProfile"]["userErrors"] == [{"code": "TOO_LONG"}]
        changes = ask(server, hers, "{ me { changes(first: 1) { nodes { fields } } } }")["data"]["me"]["changes"]
        assert changes["nodes"] == [{"fields": ["Customer.salutation"]}]
        one = "query ($id: ID!) { node(id: $id) { ... on Customer { salutation } } }"
        read = ask(server, tokens["support"], one, id=made["customer"]["id"])
        assert read["data"] == {"node": {"salutation": HERS}}
        (refused,) = ask(server, tokens["billing"], one, id=made["customer"]["id"])["errors"]
        assert refused["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"
        assert refused["extensions"]["coordinate"] == "Customer.salutation"
        assert HERS not in server.log(), "(D1)"
        page = httpx.get(f"{server.url}/static/area/documents/Profile.graphql").text
        assert ask(server, hers, page)["data"]["me"]["salutation"] == HERS, "the client area asks for it, too"


async def test_an_export_tells_it_in_every_form(config: StoreConfig) -> None:
    async with opened_office(config, 1) as office:
        assert (await office.ask(CHANGE, s=HERS)).data["updateProfile"]["userErrors"] == []
        id_ = await office.made(language="en")
        whole, portable = [(await office.fetch(id_, form)).json() for form in ("json", "portable")]
        page = (await office.fetch(id_, "html")).text
    assert faults(json.loads((ROOT / "docs" / "export.schema.json").read_text()), whole) == []
    (profile,) = whole["holdings"][0]["records"]
    assert profile["salutation"] == HERS
    told = whole["holdings"][0]["fields"]["salutation"]
    assert told["description"] == "How to address the customer." and told["coordinates"] == ["Customer.salutation"]
    assert HERS in page and "How to address the customer." in page
    assert HERS in json.dumps(portable, ensure_ascii=False), "given by the customer, for the contract (Art. 20)"


async def test_an_erasure_leaves_nothing_of_it(config: StoreConfig) -> None:
    async with opened_house(config) as house:
        await house.ask(CHANGE, 0, s=HERS)
        await house.ask(CHANGE, 1, s="Dear colleague")
        await house.end_services(0)
        assert (await house.ask("mutation { requestErasure(input: {}) { erasure { id } userErrors { code } } }", 0))[
            "erasure"
        ]
        house.wait(days=4)
        await house.until_done(0)
        assert await house.left(0) == {"erasures": 1}
        answer = await house.gate.ask(READ, grant(Purpose.SERVICE_COMMUNICATION))
        assert [each["salutation"] for each in answer.data["customers"]["nodes"]] == ["Dear colleague"]


def test_the_notice_and_the_record_name_it() -> None:
    papers = notice_in("en").data, record_report(OURS, record(OURS, controller(), SCHEMA_ALONE)).data
    assert all('"Customer.salutation"' in json.dumps(each, default=str) for each in papers)


async def test_an_import_brings_it(config: StoreConfig, tmp_path: Path) -> None:
    """Beside somebody without one: what one row lacks, no other row loses."""
    file = tmp_path / "customers.csv"
    columns = ["given_name", "family_name", "email", "street", "postal_code", "city", "country", "salutation"]
    with file.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written)
        writer.writerow(columns)
        for name, salutation in (("bea", ""), ("ada", HERS)):
            writer.writerow(
                [name, "Martin", f"{name}@old.example", "Rue du Lac 5", "1003", "Lausanne", "CH", salutation]
            )
    people = [customer(each, TODAY) for each in ImportSource(file, "csv").records()]
    assert FURTHER == ("salutation",)
    async with opened(config) as store:
        gate = Gate(store, [], [])
        await register(store, people, now=TODAY)  # type: ignore[arg-type]  # a list of faults would fail here
        answer = await gate.ask(READ, grant(Purpose.PERSONALISE_COMMUNICATION))
    assert {each["salutation"] for each in answer.data["customers"]["nodes"]} == {None, HERS}


@pytest.mark.parametrize("former", json.loads(os.environ["FORMER_STORES"]), ids=lambda each: str(each["kind"]))
async def test_a_store_of_the_release_before_is_upgraded(former: dict[str, Any]) -> None:
    places = {name: former[name] for name in ("database_url", "key_store_url", "ledger_url")}
    config = StoreConfig(**places, root_key_path=Path(former["root_key_path"]))
    with pytest.raises(Exception, match="upgrade"):
        await open_store(config)
    await upgrade(config)
    async with opened(config) as store:
        gate = Gate(store, [], [former["customer"]])
        who = own(former["customer"])
        assert (await gate.ask("{ me { email salutation } }", who)).data["me"] == {
            "email": former["email"], "salutation": None,
        }  # fmt: skip
        await gate.ask(CHANGE, who, variables={"s": HERS})
        assert (await gate.ask("{ me { salutation } }", who)).data["me"] == {"salutation": HERS}
        rows = await store.reader.fetch(store.reader.prepare(MAIN.tables.tables["customers"].select()), {})
    assert HERS.encode() not in b"".join(value for value in rows[0] if isinstance(value, bytes)), "it rests sealed"

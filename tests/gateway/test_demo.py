"""Loading the demo: once, whole or not at all, into an empty store only, and readable nowhere but through its keys."""

import asyncio
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import delete, select, update

from gateway import demo
from gateway.commands.demo_instructions import demo_instructions
from gateway.config.settings import read
from gateway.demo import loading
from gateway.demo.demo_queries import CUSTOMER
from gateway.demo.marks import FIRST_ID
from gateway.demo.population import SIZE
from gateway.demo.tokens import DemoTokens
from gateway.run.serving import open_services
from policy.purposes import Purpose
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient
from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.new_customer_rows import TABLES
from resolvers.customers.registration import register
from store.database.config import StoreConfig
from store.database.store import Store
from store.lookups.reservations import LookupTakenError
from store.registers.clients import clients
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.oauth import oauth_clients
from tests.gateway.servers import command
from tests.resolvers.opening import count, opened
from tests.stores import opened as a_store

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
only_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


async def test_the_whole_demo_is_there_within_seconds(store: Store) -> None:
    before = time.process_time()
    assert await demo.load(store, now=NOW)
    assert time.process_time() - before < 10
    assert await count(store, customers) == SIZE
    for table in TABLES:
        assert await count(store, table) > 0
    rows = await opened(store, customers)
    assert rows[0]["email"] == demo.FEATURED
    assert [row["email"] for row in rows] == [one.email for one in demo.population(NOW)]


async def test_printed_commands_stay_true(store: Store) -> None:
    """Identifiers depend on the seed alone, and come before everything that is registered in use."""
    await demo.load(store, now=NOW.replace(year=2031), size=12)
    ids = [row["id"] for row in await opened(store, customers)]
    assert ids == list(range(FIRST_ID, FIRST_ID + 12))
    assert max(ids) < new_id()


async def test_a_second_run_keeps_what_is_there(store: Store) -> None:
    assert await demo.load(store, now=NOW, size=12)
    async with store.write() as connection:
        await connection.execute(update(customers).values(locale="rm-CH"))
    assert not await demo.load(store, now=NOW)
    assert {row["locale"] for row in await opened(store, customers)} == {"rm-CH"}
    assert await count(store, customers) == 12


async def test_a_store_with_customers_of_its_own_is_left_alone(store: Store) -> None:
    await register(store, demo.population(NOW, size=1))
    with pytest.raises(demo.NotADemoStoreError, match="GATEWAY_DATA_DIR"):
        await demo.load(store, now=NOW)
    assert (await count(store, customers), await count(store, clients)) == (1, 0)


async def test_a_store_with_clients_of_its_own_is_left_alone(store: Store) -> None:
    new = NewClient(id="billing", name="B", kind=ClientKind.TOOL, purposes=frozenset({Purpose.INVOICING}))
    await ClientRegistrar(store).create(new, NOW)
    with pytest.raises(demo.NotADemoStoreError, match="GATEWAY_DATA_DIR"):
        await demo.load(store, now=NOW)
    assert (await count(store, customers), await count(store, clients)) == (0, 1)


CSV = """given_name,family_name,email,street,postal_code,city,country,services
Ann,Example,ann@example.com,Street 1,1003,Lausanne,CH,WEB_HOSTING|Pro|2024-01-01
"""


@pytest.mark.parametrize("own", ["customers", "clients"])
def test_the_command_says_in_a_sentence_that_a_store_is_ones_own(tmp_path: Path, own: str) -> None:
    """No traceback, and nothing in the store is changed, its version included: the demo's upgrade comes after."""
    assert command(["db", "upgrade"], tmp_path).returncode == 0
    if own == "customers":
        (tmp_path / "customers.csv").write_text(CSV)
        filled = command(["customers", "import", str(tmp_path / "customers.csv")], tmp_path)
    else:
        client = ["clients", "create", "billing", "--kind", "tool", "--name", "B", "--purpose", "INVOICING"]
        filled = command(client, tmp_path)
    assert filled.returncode == 0, filled.stderr
    database = tmp_path / "data.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE main_version SET version_num = 'main_0012'")
    before = dump(database)
    done = command(["demo"], tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert "one of your own" in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert dump(database) == before


def dump(database: Path) -> list[str]:
    """Everything in a database file."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


async def test_a_load_that_fails_leaves_nothing_and_the_next_one_succeeds(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = demo.population(NOW, size=12)

    def spoilt(*_: object) -> tuple[NewCustomer, ...]:
        return (*people, replace(people[0], customer_number="another"))

    with monkeypatch.context() as patched:
        patched.setattr(loading, "population", spoilt)
        with pytest.raises(LookupTakenError):
            await demo.load(store, now=NOW)
    for table in (clients, *TABLES):
        assert await count(store, table) == 0
    # The keys of the failed attempt are there already, under the same ids.
    assert await demo.load(store, now=NOW, size=12)
    assert len(await opened(store, customers)) == 12


async def test_two_processes_at_once_load_it_once(store: Store, store_config: StoreConfig) -> None:
    async with a_store(store_config) as second:
        done = await asyncio.gather(demo.load(store, now=NOW, size=40), demo.load(second, now=NOW, size=40))
    assert sorted(done) == [False, True]
    assert await count(store, customers) == 40
    assert len(await opened(store, customers)) == 40


@only_sqlite
async def test_it_is_served_when_the_featured_customer_is_found_no_more(store_config: StoreConfig) -> None:
    """Who tries it out changes the address, or has the customer erased: the page and the box go without that token."""
    data = store_config.database.path.parent
    settings = read({"GATEWAY_DATA_DIR": str(data), "GATEWAY_ROOT_KEY_PATH": str(store_config.root_key_path)}, True)
    async with a_store(store_config) as store:
        await demo.load(store, now=NOW, size=2)
    async with open_services(settings) as works:
        tokens = DemoTokens(works.store, works.tokens, settings.demo_token_seconds)
        told = await demo_instructions(tokens, settings)
        assert f"gateway token {demo.FEATURED}" in told and "/tour" in told
        assert len(told.strip().splitlines()) == 4, "four lines, and no token among them"
        assert "eyJ" not in told
        assert CUSTOMER in {each["name"] for each in await tokens.listed()}
        await works.store.keys.destroy(FIRST_ID)
        page = await demo_instructions(tokens, settings)
        assert demo.FEATURED not in page and "gateway token billing" in page
        assert CUSTOMER not in {each["name"] for each in await tokens.listed()}


async def test_clients_ask_for_what_their_row_says(store: Store) -> None:
    await demo.load(store, now=NOW, size=1)
    rows = await store.reader.fetch(
        store.reader.prepare(select(clients.c.id, clients.c.purposes, clients.c.scopes)), {}
    )
    found = {row[0]: (orjson.loads(row[1]), orjson.loads(row[2])) for row in rows}
    assert found == {
        "web": (["SELF_SERVICE"], []),
        "billing": (["INVOICING"], ["invoices:write"]),
        "support": (["SERVICE_COMMUNICATION"], []),
        "noc": (["EMERGENCY_CONTACT"], []),
        "newsletter": (["PRODUCT_NEWS"], []),
        "orders": (["SERVICE_PROVISION"], ["customers:write", "services:write"]),
        "registrar": (["DOMAIN_REGISTRATION"], ["domains:write"]),
        "auditor": ([], ["audit:read"]),
    }


async def test_a_demo_that_was_loaded_long_ago_learns_new_clients(store: Store) -> None:
    await demo.load(store, now=NOW, size=1)
    async with store.write() as connection:
        await connection.execute(delete(oauth_clients).where(oauth_clients.c.client_id == "registrar"))
        await connection.execute(delete(clients).where(clients.c.id == "registrar"))
    assert not await demo.load(store, now=NOW, size=1)
    rows = await store.reader.fetch(store.reader.prepare(select(clients.c.id)), {})
    assert {row[0] for row in rows} == {client.id for client in demo.CLIENTS}


def test_no_tool_of_the_demo_has_two_purposes() -> None:
    """Each newcomer's token then implies its purpose."""
    assert all(len(client.purposes) <= 1 for client in demo.CLIENTS)
    assert {Purpose.EMERGENCY_CONTACT} == {
        p for client in demo.CLIENTS for p in client.purposes if p.requires_reference
    }


def test_disclosures_name_fields_of_the_schema() -> None:
    sdl = (ROOT / "schema" / "schema.graphql").read_text()
    types = dict(re.findall(r"^type (\w+).*?\{\n(.*?)^\}", sdl, re.MULTILINE | re.DOTALL))
    told = {name for one in demo.population(NOW, size=40) for each in one.disclosures for name in each.fields}
    assert told
    for coordinate in told:
        type_, field = coordinate.split(".")
        assert re.search(rf"^  {field}\b", types[type_], re.MULTILINE), coordinate


@only_sqlite
async def test_nothing_readable_rests_in_any_file(store: Store, store_config: StoreConfig) -> None:
    """D1: names, addresses, numbers of people, cards and devices are sealed in every file of the store."""
    people = demo.population(NOW, size=40)
    await demo.load(store, now=NOW, size=40)
    canaries = {
        word.encode()
        for one in people
        for word in (
            one.email, one.phone, one.customer_number, one.name.family, one.postal_address.street,
            *(card.card_number for card in one.payment_methods),
            *(service.domain.name for service in one.services if service.domain),
            *(entry.ip_address for entry in one.sign_ins),
            *(factor.secret for login in one.credentials for factor in login.second_factors),
        )
        if word is not None and len(word) > 6
    }  # fmt: skip
    assert len(canaries) > 400
    files = list(store_config.database.path.parent.iterdir())
    assert {"data.db", "data.db-wal", "keys.db"} <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        assert not [word for word in canaries if word in content], file.name


async def test_disclosures_are_read_newest_first_by_id(store: Store) -> None:
    await demo.load(store, now=NOW, size=12)
    rows = await opened(store, disclosures)
    for owner in {row["customer_id"] for row in rows}:
        moments = [row["at"] for row in rows if row["customer_id"] == owner]
        assert moments == sorted(moments)

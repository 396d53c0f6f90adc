"""Purposes of clients end: unconfirmed or unused after a warning, and those of an emergency by the clock alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select, update

from gateway.cli import gateway
from policy.purposes import Purpose
from resolvers.clients.grants import GrantRegistrar, grants_backlog
from resolvers.clients.oauth_clients import Clients
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from resolvers.clients.registry import ClientRegistry
from schema.api.build import declared_rules
from store.database.config import StoreConfig
from store.database.store import Store
from store.queue.messages import opened
from store.registers.clients import clients
from store.registers.grants import client_grants, emergency_grants
from store.registers.recipients import recipient_contacts
from store.sql.ids import new_id
from store.tables.outbox import outbox
from tests.promises.gate import TODAY, Gate, grant
from tests.sharing.signing import officer
from tests.stores import settle
from workers.grants.closing import GrantKeeper, GrantPeriods
from workers.grants.uses import GrantUses

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
BILLING = NewClient(
    id="billing",
    name="Billing tool",
    kind=ClientKind.TOOL,
    purposes=frozenset({Purpose.INVOICING, Purpose.SERVICE_COMMUNICATION}),
)
WEB = NewClient(
    id="phone",
    name="Client area",
    kind=ClientKind.APP,
    purposes=frozenset({Purpose.SELF_SERVICE}),
    first_party=True,
    redirect_uris=("com.example.app:/back",),
)


@dataclass
class House:
    """A store with two clients, and the worker that ends their purposes."""

    store: Store
    keeper: GrantKeeper
    now: datetime = TODAY

    async def round(self, days: int = 0) -> None:
        self.now += days * DAY
        await self.keeper.round(self.now)

    async def purposes(self, client: str = "billing") -> tuple[set[str], set[str]]:
        """What the door and the authorization server know of a client."""
        wall = self.now.timestamp
        door = await ClientRegistry(self.store.reader, declared_rules(), 0, lambda: 0.0, None, wall).find(client)
        oauth = await Clients(self.store.reader, declared_rules(), "https://data.example", wall).find(client)
        assert door is not None and oauth is not None
        return {each.name for each in door.purposes}, {each.name for each in oauth.purposes}

    async def rows(self) -> dict[tuple[str, str], Any]:
        async with self.store.write() as connection:
            found = (await connection.execute(select(client_grants))).all()
        return {(row.client_id, row.purpose): row for row in found}

    async def letters(self) -> list[dict[str, str]]:
        async with self.store.write() as connection:
            query = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(outbox.c.topic == "email")
            rows = [tuple(row) for row in (await connection.execute(query.order_by(outbox.c.id))).all()]
        return [orjson.loads(each) for each in await opened(self.store.keys, rows) if each is not None]


@pytest.fixture
async def house(store: Store) -> House:
    for each in (BILLING, WEB):
        await ClientRegistrar(store).create(each, TODAY)
    contact = {"id": new_id(), "kind": "TOOL", "name": "billing", "email": "owner@billing.example", "created_at": TODAY}
    async with store.write() as connection:
        await connection.execute(insert(recipient_contacts).values(contact))
    found = House(store, GrantKeeper(store, GrantPeriods(365 * DAY, 180 * DAY), "Quarkwerke", lambda: TODAY))
    await found.round()
    return found


BOTH = {"INVOICING", "SERVICE_COMMUNICATION"}


async def test_an_unused_purpose_is_warned_of_and_closes_by_itself(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Thirty days after the warning, at the door and at the authorization server; the other one was used."""
    uses = GrantUses(house.store, lambda: (TODAY + 100 * DAY).timestamp())
    house.store.ledger.uses.add(("billing", "INVOICING"))
    await uses.write()
    await house.round(179)
    assert await house.letters() == [] and await grants_backlog(house.store, house.now) is not None
    await house.round(1)
    (letter,) = await house.letters()
    assert letter["to"] == "owner@billing.example" and "SERVICE_COMMUNICATION" in letter["subject"]
    assert any("about to end" in each.message for each in caplog.records)
    assert (await grants_backlog(house.store, house.now)).ending == 1
    await house.round(29)
    assert await house.purposes() == (BOTH, BOTH)
    await house.round(1)
    assert await house.purposes() == ({"INVOICING"}, {"INVOICING"})
    assert len(await house.letters()) == 1
    assert (await grants_backlog(house.store, house.now)).ending == 0


async def test_using_a_purpose_ends_the_warning(house: House) -> None:
    """A read through the gateway counts, by what the ledger has of it, and is written once an hour."""
    gate = await Gate.of(house.store, 1)
    await house.round(181)
    assert {row.ends_because for row in (await house.rows()).values()} == {"UNUSED", None}
    house.store.ledger.uses.clear()
    reader = grant(Purpose.INVOICING, client="billing")
    answer = await gate.ask("{ customers(first: 1) { nodes { fullName } } }", reader)
    assert len(answer.data["customers"]["nodes"]) == 1
    uses = GrantUses(house.store, house.now.timestamp)
    await uses.write()
    row = (await house.rows())["billing", "INVOICING"]
    assert row.last_used_at == house.now and row.ends_at is None and row.warned_at is None
    await house.round(31)
    assert (await house.purposes())[0] == {"INVOICING"}
    # Within the hour nothing more is written.
    async with house.store.write() as connection:
        await connection.execute(update(client_grants).values(last_used_at=None))
    house.store.ledger.uses.add(("billing", "INVOICING"))
    await uses.write()
    assert (await house.rows())["billing", "INVOICING"].last_used_at is None


async def test_what_nobody_confirms_ends_though_it_is_used(house: House) -> None:
    """By its date; confirmed, it goes on, and what was closed is granted again."""
    registrar = GrantRegistrar(house.store)
    house.now = TODAY + 335 * DAY
    await registrar.confirm("billing", [Purpose.INVOICING], house.now + 200 * DAY, house.now)
    async with house.store.write() as connection:
        await connection.execute(update(client_grants).values(last_used_at=house.now))
    await house.round()
    (letter,) = await house.letters()
    assert "Nobody confirmed" in letter["text"] and f"{TODAY + 365 * DAY:%Y-%m-%d}" in letter["text"]
    house.store.ledger.uses.add(("billing", "SERVICE_COMMUNICATION"))
    await GrantUses(house.store, house.now.timestamp).write()
    await house.round(29)
    assert (await house.purposes())[0] == BOTH
    await house.round(1)
    assert (await house.purposes())[0] == {"INVOICING"}, "using it does not confirm it"
    with pytest.raises(RegistrationError, match="not registered for PRODUCT_NEWS"):
        await registrar.confirm("billing", [Purpose.PRODUCT_NEWS], None, house.now)
    with pytest.raises(RegistrationError, match="no client"):
        await registrar.confirm("nobody", [Purpose.INVOICING], None, house.now)
    await registrar.confirm("billing", [Purpose.SERVICE_COMMUNICATION], None, house.now)
    await house.round()
    assert await house.purposes() == (BOTH, BOTH)


async def test_customers_never_lose_their_own_data(house: House) -> None:
    """The way to one's rights ends with no date that somebody missed."""
    await house.round(3_000)
    await house.round(3_000)
    assert (await house.purposes())[0] == set()
    assert await house.purposes("phone") == ({"SELF_SERVICE"}, {"SELF_SERVICE"})
    assert {each["subject"].split(" loses ")[1].split()[0] for each in await house.letters()} == BOTH


async def test_workers_share_the_work(house: House) -> None:
    """One letter and one closing, however many run at once; a lease that is held keeps the others away."""
    house.now += 181 * DAY
    async with house.store.write() as connection:
        await connection.execute(update(client_grants).values(leased_until=house.now + timedelta(seconds=30)))
    await house.round()
    assert await house.letters() == []
    house.now += timedelta(minutes=2)
    await asyncio.gather(*(house.round() for _ in range(4)))
    assert len(await house.letters()) == 2
    house.now += 31 * DAY
    await asyncio.gather(*(house.round() for _ in range(4)))
    assert (await house.purposes())[0] == set()


async def emergency(house: House, **changes: Any) -> int:
    given: dict[str, Any] = {
        "client_id": "billing", "purpose": Purpose.EMERGENCY_CONTACT, "reference": "INC-4711",
        "because": "Mail is down", "length": timedelta(hours=4), "staff": "OPS-2", "now": house.now,
    }  # fmt: skip
    return await GrantRegistrar(house.store).open_emergency(**given | changes)


async def test_an_emergency_ends_by_the_clock_alone(house: House) -> None:
    """No worker runs: the registration is compared with the clock whenever it is read."""
    await emergency(house)
    with_it = BOTH | {"EMERGENCY_CONTACT"}
    assert await house.purposes() == (with_it, with_it)
    house.now += timedelta(hours=4, seconds=-1)
    assert await house.purposes() == (with_it, with_it)
    house.now += timedelta(seconds=1)
    assert await house.purposes() == (BOTH, BOTH)
    found = await grants_backlog(house.store, house.now)
    assert (found.running, found.unreviewed) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"purpose": Purpose.INVOICING}, "already"),
        ({"purpose": Purpose.LEGAL_REQUEST}, "R24"),
        ({"purpose": Purpose.SELF_SERVICE}, "nothing that a tool can have"),
        ({"client_id": "phone"}, "no tool of our own"),
        ({"client_id": "nobody"}, "no client"),
        ({"reference": "Jean Dupont"}, "reference"),
        ({"because": "Call +41 44 668 18 00"}, "without an address"),
        ({"length": timedelta(hours=73)}, "72 hours"),
    ],
)
async def test_what_is_no_emergency_is_refused(house: House, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RegistrationError, match=said):
        await emergency(house, **changes)
    async with house.store.write() as connection:
        assert (await connection.execute(select(emergency_grants))).all() == []


async def test_a_row_that_was_written_by_hand_gives_nothing_that_no_tool_may_have(house: House) -> None:
    """(D11)"""
    await emergency(house)
    for purpose in ("LEGAL_REQUEST", "SELF_SERVICE", "NO_SUCH_PURPOSE"):
        async with house.store.write() as connection:
            await connection.execute(update(emergency_grants).values(purpose=purpose))
        assert await house.purposes() == (BOTH, BOTH), purpose


async def test_somebody_else_reviews_it_after_it_ended(house: House) -> None:
    registrar, id_ = GrantRegistrar(house.store), await emergency(house)
    with pytest.raises(RegistrationError, match="still runs"):
        await registrar.review(id_, "As said", "LG-7", house.now)
    with pytest.raises(RegistrationError, match="already, until"):
        await emergency(house)
    house.now += timedelta(hours=1)
    await registrar.end_emergency(id_, house.now)
    assert await house.purposes() == (BOTH, BOTH)
    with pytest.raises(RegistrationError, match="No such grant runs"):
        await registrar.end_emergency(id_, house.now)
    with pytest.raises(RegistrationError, match="Somebody else"):
        await registrar.review(id_, "As said", "OPS-2", house.now)
    await registrar.review(id_, "As said", "LG-7", house.now)
    assert (await grants_backlog(house.store, house.now)).unreviewed == 0
    with pytest.raises(RegistrationError, match="already"):
        await registrar.review(id_, "As said", "LG-8", house.now)


Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def run(house: House, store_config: StoreConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the store of the test."""
    settle(store_config, tmp_path, monkeypatch)

    async def command(*arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(gateway, arguments))

    return command


async def test_the_commands_tell_who_why_and_what_was_read(house: House, run: Run, tmp_path: Path) -> None:
    """From the emergency to its review; `gateway audit grants` counts what the ledger has, and names nobody."""
    gate = await Gate.of(house.store, 3)
    for code, role in (("OPS-2", "OPERATOR"), ("LG-7", "OFFICER")):
        await officer(house.store, tmp_path, code, role)
    given = ("clients", "emergency", "billing", "--purpose", "EMERGENCY_CONTACT", "--reference", "INC-4711",
             "--because", "Mail is down")  # fmt: skip
    assert "Say who you are" in (await run(*given)).output
    done = await run("--as", "OPS-2", *given)
    assert done.exit_code == 0, done.output
    number = done.stdout.strip()
    gate.clock.now = datetime.now(TODAY.tzinfo)
    reader = grant(Purpose.EMERGENCY_CONTACT, client="billing")
    await gate.ask("{ customers(first: 2) { nodes { phone } } }", reader, reference="INC-4711")
    assert (await run("--as", "OPS-2", "clients", "end-emergency", number)).exit_code == 0
    told = await run("audit", "grants", "--format", "json")
    assert told.exit_code == 1, told.output
    (found,) = json.loads(told.stdout)["emergencies"]
    assert (found["state"], found["openedBy"], found["because"]) == ("ENDED", "OPS-2", "Mail is down")
    assert (found["operations"], found["people"]) == (1, 2) and "Customer.phone" in found["fields"]
    assert not any(value in told.stdout for value in gate.values())
    assert (await run("--as", "LG-7", "clients", "review", number, "--finding", "As said")).exit_code == 0
    for purpose in BOTH:
        assert (await run("clients", "confirm", "billing", "--purpose", purpose)).exit_code == 0
    assert (
        await run("clients", "confirm", "billing", "--purpose", "INVOICING", "--until", "2020-01-01")
    ).exit_code == 2
    assert (await run("clients", "confirm", "phone", "--purpose", "SELF_SERVICE")).exit_code == 0
    quiet = await run("audit", "grants")
    assert quiet.exit_code == 0 and "REVIEWED" in quiet.output, quiet.output
    async with house.store.write() as connection:
        assert "EMERGENCY" not in (await connection.scalar(select(clients.c.purposes).where(clients.c.id == "billing")))

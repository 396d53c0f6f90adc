"""A gateway whose customers are erased: the API, a worker, and a clock that tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from aiosmtpd.smtp import SMTP
from sqlalchemy import func, select, update

from messages.catalogue import languages, translate
from policy.purposes import Purpose
from resolvers.commands.dependencies import Site
from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.registration import register
from resolvers.emails.erasure import ErasureEmail
from resolvers.erasure.notifying import ErasureTelling
from store.database.config import StoreConfig
from store.database.store import open_store
from store.ledger.sealer import Tree
from store.ledger.signing_keys import LedgerKeys
from store.queue.messages import opened
from store.records.holdings import holdings
from store.tables.customers import customers
from store.tables.erasures import erasures
from store.tables.outbox import outbox
from store.tables.services import services
from tests.outbox.test_letters import Box
from tests.promises.gate import TODAY, Gate, demo_people, grant, own
from workers.erasure.worker import LEASE, Eraser
from workers.http.client import HttpClient
from workers.outbox.receivers import MailServer, Receivers
from workers.outbox.smtp import Mailer, MailServerSettings
from workers.outbox.worker import Deliverer

E, S, C = erasures.c, services.c, customers.c
ORIGIN = "data.example/ledger"
SITE = Site("Quarkwerke", "https://data.example")
MIDNIGHT_OF = SITE.zone
TOOL = grant(Purpose.SERVICE_PROVISION, scopes=("services:write",), client="shop")

REQUEST = """mutation ($wait: Boolean) { requestErasure(input: {whenServicesEnd: $wait}) {
  erasure { id state cause dueAt notBefore } receipt blockedBy { id } userErrors { code field } } }"""
CANCEL = (
    "mutation ($id: ID!) { cancelErasure(input: {erasureId: $id}) { erasure { state } userErrors { code field } } }"
)
END = (
    "mutation ($id: ID!) { terminateService(input: {serviceId: $id}) { service { state } userErrors { code field } } }"
)
BEGIN = """mutation ($id: ID!, $stay: Boolean) { subscribeService(input: {
  customerId: $id, kind: WEB_HOSTING, name: "new.example", withdrawErasure: $stay}) {
  service { id state } userErrors { code field } } }"""


@dataclass
class House:
    """One replica."""

    gate: Gate
    tree: Tree
    box: Box = field(default_factory=Box)
    """The mail server that takes what the house writes."""
    worker: Eraser = field(init=False)
    mail: MailServer = field(init=False)
    post: Deliverer = field(init=False)
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Every letter that was ever found in the outbox, oldest first."""

    def __post_init__(self) -> None:
        self.store = self.gate.store
        self.keys = LedgerKeys(self.tree.reader, self.tree.engine, self.store.keys.system, ORIGIN)
        self.worker = self.another()
        terms = MailServerSettings("127.0.0.1", self.box.port, "none", "no-reply@shop.example", "Shop")
        self.mail = MailServer(Mailer(terms))
        self.post = Deliverer(self.store, Receivers(self.store, HttpClient()), self.gate.clock, rng=lambda: 0.5)

    def another(self) -> Eraser:
        """One more worker."""
        say = ErasureTelling(self.store, SITE)
        return Eraser(self.store, self.keys.signers, say, MIDNIGHT_OF, self.gate.clock, pause=0.01)

    def wait(self, **time: float) -> None:
        """Let time pass, or go back."""
        self.gate.clock.now += timedelta(**time)

    async def ask(self, query: str, place: int, **variables: Any) -> Any:
        """A customer's own request, freshly signed in."""
        who = own(self.gate.ids[place], authenticated_at=int(self.gate.clock.now.timestamp()))
        answer = await self.gate.ask(query, who, variables=variables)
        ((_, payload),) = answer.data.items()
        return payload

    async def tool(self, query: str, **variables: Any) -> Any:
        """A request of the shop's."""
        answer = await self.gate.ask(query, TOOL, variables=variables)
        ((_, payload),) = answer.data.items()
        return payload

    async def running(self, place: int) -> list[str]:
        """The ids of a customer's services that run."""
        query = select(S.id).where(S.customer_id == self.gate.ids[place], S.status != "TERMINATED").order_by(S.id)
        rows = await self.store.reader.fetch(self.store.reader.prepare(query), {})
        return [self.gate.outside("Service", id_, self.gate.ids[place]) for (id_,) in rows]

    async def end_services(self, place: int) -> None:
        """End all of them, through the API."""
        for id_ in await self.running(place):
            assert (await self.tool(END, id=id_))["service"]["state"] == "TERMINATED"

    async def begin_service(self, place: int, **more: Any) -> Any:
        """A new one, through the API."""
        return await self.tool(BEGIN, id=self.gate.id(place), **more)

    async def slip_in(self, place: int, status: str = "ACTIVE") -> None:
        """A service that begins behind the gateway's back, as an import may bring it."""
        async with self.store.write() as connection:
            mine = select(func.max(S.id)).where(S.customer_id == self.gate.ids[place]).scalar_subquery()
            await connection.execute(update(services).where(S.id == mine).values(status=status, terminated_at=None))
            await connection.execute(
                update(customers).where(C.id == self.gate.ids[place]).values(last_service_ended_at=None)
            )

    async def rows(self, place: int) -> list[Any]:
        """The erasures of a customer, oldest first."""
        async with self.store.write() as connection:
            found = select(erasures).where(E.customer_id == self.gate.ids[place]).order_by(E.id)
            return list((await connection.execute(found)).all())

    async def row(self, place: int) -> Any:
        """The newest one."""
        return (await self.rows(place))[-1]

    async def left(self, place: int) -> dict[str, int]:
        """How many rows of a customer there are, by table, where there are any, but for what hangs on a case."""
        counts = {}
        async with self.store.write() as connection:
            for each in (each for each in holdings() if each.declared.parent is None):
                query = select(func.count()).select_from(each.table).where(each.of(self.gate.ids[place]))
                if count := await connection.scalar(query):
                    counts[each.name] = count
        return counts

    async def letters(self) -> list[dict[str, Any]]:
        """Every letter that was written, oldest first, also those that have left since."""
        columns = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(outbox.c.topic == "email")
        query = columns.where(outbox.c.payload.is_not(None)).order_by(outbox.c.created_at, outbox.c.id)
        rows = await self.store.reader.fetch(self.store.reader.prepare(query), {})
        found = await opened(self.store.keys, [tuple(row) for row in rows])
        for row, message in zip(rows, found, strict=True):
            if message is not None:
                self.seen.setdefault(row[0], orjson.loads(message))
        return list(self.seen.values())

    async def told(self) -> list[str]:
        """What customers were told about erasing, oldest first, in whichever language."""
        names = {translate(each.subject, language): each.name for each in ErasureEmail for language in languages()}
        return [names[each["subject"]] for each in await self.letters() if each["subject"] in names]

    async def work(self) -> None:
        """Everything that is due at this moment."""
        self.wait(minutes=2)  # The worker looks at everybody once a minute.
        while await self.worker.step():
            pass
        await self.deliver()

    async def deliver(self) -> None:
        """Hand every letter that is due to the mail server."""
        await self.letters()
        while await self.post.step(self.mail):
            pass

    async def until_done(self, place: int) -> Any:
        """Work on until a customer is erased; the record."""
        for _ in range(10):
            await self.work()
            row = await self.row(place)
            if row.state == "ERASED":
                return row
            self.wait(seconds=LEASE.length.total_seconds() + 1)
        raise AssertionError(row)


@asynccontextmanager
async def opened_box() -> AsyncIterator[Box]:
    """A real mail server for the length of a block; it keeps what it takes."""
    made = Box()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(made, enable_SMTPUTF8=True), "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


def _is_plain(person: NewCustomer) -> bool:
    return not person.erasures and any(service.status != "TERMINATED" for service in person.services)


def key_of(gate: Gate, id_: str) -> int:
    """The primary key in a global id."""
    found = gate.store.keys.system.ids.decode(id_)
    assert found is not None
    return found.key


@asynccontextmanager
async def opened_house(config: StoreConfig, size: int = 2) -> AsyncIterator[House]:
    """A house for the length of a block, of customers whose services run and who have not asked for anything."""
    store, tree = await open_store(config), Tree.at(config.maintained(config.ledger))
    try:
        plain = [each for each in demo_people(3 * size + 20) if _is_plain(each)][:size]
        async with opened_box() as box:
            yield House(Gate(store, plain, await register(store, plain, now=TODAY)), tree, box)
    finally:
        await tree.close()
        await store.close()

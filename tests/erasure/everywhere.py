"""A customer who has a row in every table that can hold one, each made by what makes it in the product."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from gateway.demo.population import population
from policy.imports import ImportAction
from policy.purposes import Purpose
from policy.wordings import VERSION
from resolvers.account import factors_enrolling as enrolling
from resolvers.clients.oauth_clients import Clients
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient
from resolvers.customers.new_customer import NewCustomer, NewSecondFactor
from resolvers.customers.registration import register
from resolvers.imports.runs import Touched, begin_run, end_run, note_rows
from resolvers.legal.holds import Holds, NewHold
from resolvers.legal.requests import Legal
from resolvers.oauth import codes, families
from resolvers.oauth import consents as allowed
from resolvers.oauth.families import Lifetimes
from resolvers.signin.verdicts import SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor
from schema.api.build import declared_rules
from schema.model.meanings import meanings
from store.crypto.lookup_tables import lookup_changes
from store.database.config import StoreConfig
from store.database.schemas import SCHEMAS
from store.queue.rate_limit import AttemptRate, FailureLimiter
from store.queue.single_use import SingleUse
from store.records.holdings import held_apart, holdings
from store.sql.engines import transaction
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.exports import export_parts, exports, open_part
from tests.erasure.house import REQUEST, House
from tests.erasure.test_at_once import CARD, COOKIES, MOVE, NEWS, PHONE
from tests.export.office import REQUEST as EXPORT
from tests.ledger.logs import Log
from tests.promises.gate import TODAY, Gate, grant, own
from tests.sharing.signing import FIELDS, officer
from tests.sharing.test_legal import DAY, REF, SITE, Bureau
from tests.signin import mmdb
from tests.signin.authenticator import Authenticator
from tests.signin.lobby import ELSEWHERE, Lobby, means
from tests.signin.people import SECRET, Person, newcomer, password
from tests.signin.test_unusual import WORLD, Places
from workers.exports.worker import ExportController as Maker
from workers.exports.worker import Exporter
from workers.recipients.notices import Notifier

RECORD = """mutation ($in: RecordInvoiceInput!) { recordInvoice(input: $in) { userErrors { code field } } }"""
BANK = """mutation { addBankTransfer(input: {bankName: "Kantonalbank"}) { userErrors { code } } }"""
RESTRICT = "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }"
OBJECT = "mutation { objectTo(input: {purpose: ACCOUNT_SECURITY}) { userErrors { code } } }"
ONE = "query ($id: ID!) { customer(by: {id: $id}) { fullName } }"
NUMBER = 4711


def somebody() -> NewCustomer:
    """Of the demo, with all that it has, and passwords that the tests know."""
    found = population(TODAY, size=60)
    rich = next(
        each for each in found
        if each.services and each.invoices and each.cookie_choice and not each.erasures
        and any(getattr(method, "card_number", None) for method in each.payment_methods)
        and any(service.domain for service in each.services)
    )  # fmt: skip
    keys = newcomer(NUMBER, totp=True).credentials
    factors = (NewSecondFactor("TOTP", SECRET, TODAY),)
    mine = tuple(
        replace(key, login_name=rich.email, second_factors=factors if key.second_factors else ()) for key in keys
    )
    return replace(rich, credentials=mine)


@dataclass
class Everywhere:
    """The customer, and the rooms of the product that write about them."""

    house: House
    lobby: Lobby
    log: Log
    person: Person
    bureau: Bureau

    @classmethod
    async def settled(cls, house: House, log: Log, folder: Path) -> Everywhere:
        """Registered; nothing else has been done yet."""
        new = house.gate.people[0]
        passwords = {platform: password(NUMBER, platform) for platform in ("CLIENT_AREA", "WEBMAIL")}
        person = Person(house.gate.ids[0], new.email, passwords, new.name.family)
        lobby = Lobby(house.store, means(places=Places(mmdb.write(folder / "world.mmdb", WORLD))))
        bureau = Bureau(
            house.gate, folder, await officer(house.store, folder, "LG-1"), await officer(house.store, folder, "LG-2")
        )
        return cls(house, lobby, log, person, bureau)

    async def lives(self) -> None:
        """Years of a customer's life, up to the request to be erased and the export."""
        await self._is_imported()
        await self._is_billed()
        await self._is_asked_for()
        await self._is_warned()
        self.lobby.now = self.house.gate.clock.now
        await self._signs_in()
        await self._uses_an_app()
        await self._changes_things()
        await self._guards()
        await self._is_read()
        await self._uses_rights()
        assert (await self.house.ask(REQUEST, 0))["userErrors"] == []
        assert (await self.house.ask(EXPORT, 0))["userErrors"] == []

    async def _is_imported(self) -> None:
        """As a row of a file that a run of an import took."""
        async with self.house.store.write() as connection:
            run = await begin_run(connection, "panel", hold_mail=False, now=TODAY)
            await note_rows(connection, run, [Touched(self.person.id, 1, ImportAction.ADDED, 1)], TODAY)
            await end_run(connection, run, TODAY, {"added": 1})

    async def _is_billed(self) -> None:
        """By the billing system, with a line that names what was bought."""
        biller, gate = grant(Purpose.INVOICING, scopes=("invoices:write",), client="billing"), self.house.gate
        line = {"description": "Web hosting for anna", "amount": "12.00"}
        bill = {"customerId": gate.id(0), "number": "R-2026-0042", "issuedAt": TODAY.isoformat(), "currency": "CHF"}
        asked = {"in": bill | {"total": "12.00", "lines": [line]}}
        assert (await gate.ask(RECORD, biller, variables=asked)).data["recordInvoice"]["userErrors"] == []

    async def _is_asked_for(self) -> None:
        """By an authority, while services run; and there was an order to preserve."""
        await self.bureau.file(fields=("Customer.email",))
        await self.bureau.approve()
        await Legal(self.house.store, SITE, FIELDS).answer(REF, TODAY)
        number = self.house.gate.people[0].customer_number
        assert number is not None
        hold = NewHold(number, "LG 5 O 1/26", ("Customer.email",), "Art. 265 StPO", 30, visible=True)
        await Holds(self.house.store).place(hold, ("Customer.email",), TODAY)
        await Holds(self.house.store).lift("LG 5 O 1/26", TODAY + DAY)

    async def _is_warned(self) -> None:
        """Months after the last service: the letters of an erasure that nobody asked for."""
        await self.house.end_services(0)
        for _ in range(3):
            self.house.wait(days=45)
            await self.house.work()
        assert (await self.house.row(0)).cause == "RETENTION"

    async def _signs_in(self) -> None:
        lobby, person = self.lobby, self.person
        await lobby.enter(person)
        lobby.wait(7200)
        await lobby.enter(person, visitor=Visitor(ELSEWHERE, "curl"))
        lobby.wait(90)
        opened = await lobby.enter(person)
        actor = await lobby.actor(opened)
        begun = await enrolling.begin_passkey(actor, None)
        await enrolling.finish_passkey(actor, None, Authenticator().create(begun.options or ""), "My key")
        await enrolling.begin_passkey(actor, None)
        assert isinstance(await lobby.knock(person, person.password), SecondFactorRequired), (
            "and the code is never typed"
        )
        await lobby.knock(person, "no such password")
        await lobby.resets.request("CLIENT_AREA", person.login, lobby.visitor, lobby.now)
        self.opened: SignedIn = opened

    async def _uses_an_app(self) -> None:
        """What the authorization server writes for a customer who is signed in."""
        store, now = self.house.store, self.lobby.now
        purposes, back = frozenset({Purpose.SELF_SERVICE}), "https://app.example/back"
        app = NewClient(id="guest", name="Guest", kind=ClientKind.APP, purposes=purposes, redirect_uris=(back,),
                        actions=frozenset({"profile:read"}))  # fmt: skip
        await ClientRegistrar(store).create(app, now)
        client = await Clients(store.reader, declared_rules(), "https://data.example", lambda: now.timestamp()).find(
            "guest"
        )
        session = await self.lobby.session(self.opened)
        assert client is not None and session is not None
        sign_in = codes.AuthenticationEvent(self.person.id, session.id, now, ("pwd",))
        code = codes.AuthorizationCode("guest", sign_in, new_id(), back, "profile:read", "c" * 43, None, True)

        def allow(connection: Connection) -> None:
            allowed.give(connection, client, frozenset({"profile:read"}), self.person.id, now)
            text = codes.issue(connection, code, now)
            assert codes.redeem(connection, text, "guest", now) is not None
            families.begin(connection, code, Lifetimes(DAY / 24, DAY, 30 * DAY), now, None, "Guest")

        async with store.write() as connection:
            await connection.run_sync(allow)

    async def _changes_things(self) -> None:
        ask = self.house.ask
        for query, facts in (
            (PHONE, {}), (NEWS, {}), (COOKIES, {"version": VERSION}), (MOVE, {}),
            (CARD, {"version": VERSION, "number": "4539578763621437"}),
        ):  # fmt: skip
            assert (await ask(query, 0, **facts))["userErrors"] == []
        who = own(self.person.id, authenticated_at=int(self.house.gate.clock.now.timestamp()))
        assert "errors" not in (await self.house.gate.ask(BANK, who, idempotency_key="k-1")).body

    async def _uses_rights(self) -> None:
        """Processing restricted, and a purpose objected to; whoever has copies is to be told."""
        for query in (RESTRICT, OBJECT):
            assert (await self.house.ask(query, 0))["userErrors"] == []
        notifier = Notifier(self.house.store, self.house.gate.clock)
        for _ in range(5):  # Of each customer the oldest first, and one a round.
            await notifier.step()

    async def _guards(self) -> None:
        """Marks against misuse; and a look-up whose form an upgrade would have changed."""
        store, now = self.house.store, self.house.gate.clock.now
        await FailureLimiter(store, lambda: now.timestamp()).count({f"customer {self.person.id}": AttemptRate(5, 60)})
        await SingleUse(store).claim("dpop", "a proof of theirs", now + DAY)
        row = {"id": new_id(), "customer_id": self.person.id, "kind": "EMAIL", "row_id": self.person.id, "scope": ""}
        async with transaction(store.keys._engine) as connection:
            await connection.execute(insert(lookup_changes).values(row | {"mark": b"\x02" * 16, "epoch": 1}))

    async def _is_read(self) -> None:
        for client, purpose in (("billing", Purpose.INVOICING), ("shop", Purpose.SERVICE_PROVISION)):
            who = grant(purpose, client=client)
            assert (await self.house.gate.ask(ONE, who, variables={"id": self.house.gate.id(0)})).data["customer"]
        await self.log.sealer.seal_all()

    async def exported(self) -> Any:
        """The export that was asked for, made now and opened in place."""
        maker = Exporter(self.house.store, meanings(self.house.gate.api.model), Maker("Quarkwerke", SITE.origin),
                         self.house.gate.clock)  # fmt: skip
        assert await maker.step()
        (key,) = await self.house.store.keys.subjects([self.person.id])
        assert key is not None
        P = export_parts.c  # noqa: N806
        newest = select(func.max(exports.c.id)).where(exports.c.customer_id == self.person.id).scalar_subquery()
        mine = select(export_parts).where(P.export_id == newest, P.form == "JSON").order_by(P.position)
        async with self.house.store.write() as connection:
            rows = (await connection.execute(mine)).all()
        places = [(each.attempt, "JSON", each.position) for each in rows]
        pieces = [open_part(key, each.export_id, place, at == len(rows), each.content)
                  for at, (each, place) in enumerate(zip(rows, places, strict=True), 1)]  # fmt: skip
        return b"".join(pieces).decode()

    async def counts(self) -> dict[str, int]:
        """How many rows of the customer there are, by table."""
        async with self.house.store.write() as connection:
            queries = {each.name: select(func.count()).select_from(each.table).where(each.of(self.person.id))
                       for each in holdings()}  # fmt: skip
            return {name: int(await connection.scalar(query) or 0) for name, query in queries.items()}

    async def apart(self) -> dict[str, int]:
        """How many rows of the customer an erasure is to remove from the key store's database, by table."""
        found, reader = dict[str, int](), self.house.store.keys._reader
        for each in held_apart():
            if each.removed:
                query = select(func.count()).select_from(each.table).where(each.of(self.person.id))
                ((found[each.name],),) = await reader.fetch(reader.prepare(query), {})
        return found

    async def totals(self) -> dict[str, int]:
        """How many rows each table of the three databases has, whoever they are about."""
        store, found = self.house.store, dict[str, int]()
        readers = {"main": store.reader, "ledger": store.ledger_reader, "keys": store.keys._reader}
        for schema in SCHEMAS:
            reader = readers[schema.name]
            for table in schema.tables.sorted_tables:
                ((count,),) = await reader.fetch(reader.prepare(select(func.count()).select_from(table)), {})
                found[table.name] = count
        return found

    async def dump(self) -> str:
        """Everything that rests in the three databases, as text."""
        store, found = self.house.store, list[str]()
        readers = {"main": store.reader, "ledger": store.ledger_reader, "keys": store.keys._reader}
        for schema in SCHEMAS:
            reader = readers[schema.name]
            for table in schema.tables.sorted_tables:
                rows = await reader.fetch(reader.prepare(select(*table.c)), {})
                found += [str(value) for row in rows for value in row if value is not None]
        return "\n".join(found)


async def settled(config: StoreConfig, house: House, folder: Path) -> Everywhere:
    """In a house whose first customer is the one."""
    return await Everywhere.settled(house, Log(house.store, house.tree), folder)


async def peopled(store: Any) -> Gate:
    """The customer, and somebody else whom nothing may happen to."""
    people = [somebody(), newcomer(NUMBER + 1)]
    return Gate(store, people, await register(store, people, now=TODAY))


__all__ = ["Everywhere", "customers", "peopled", "settled"]

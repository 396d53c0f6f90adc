"""What the oracle asks about: a small population on a real store, with every row that is out of the ordinary."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import Column, Table, insert, select, update

from gateway.demo.population import population
from policy.purposes import Purpose
from policy.restricting import Ground, ObjectionOutcome, objection_to
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies, Site
from resolvers.customers.new_customer import NewCustomer, PersonName, PostalAddress
from resolvers.customers.registration import register
from resolvers.restriction.restrictions import THE_CUSTOMER, object_, restrict
from schema.model.model import SchemaModel
from schema.sources.relations import Connection
from store.crypto.cursors import Cursors, ListPlace
from store.crypto.global_ids import GlobalIds
from store.crypto.lookup_tables import lookups
from store.database.config import StoreConfig
from store.database.store import Store, open_store
from store.ledger.append import Entry, LedgerAppender
from store.sql.engines import transaction
from store.tables.access import sign_ins
from store.tables.changes import customer_changes
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.exports import exports
from store.tables.invoices import invoices
from store.tables.payments import payment_methods
from store.tables.requests import rights_requests
from store.tables.restrictions import objections, restrictions
from store.tables.services import services
from tests.oracle.arguments import Pools
from tests.promises.gate import own

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIZE = 12
IDS_KEY = bytes(range(32))
CLIENT = "client"

# Places in the population: what `gateway.demo.population` tells of the first ten, and what is done to some here.
WHOLE, ERASED, DAMAGED, REGRETTING, EMPTIED, ODD, RESTRICTED, OBJECTING, BARE = 0, 2, 3, 4, 5, 6, 8, 9, 12
"""Untouched; without a key; with values that do not open; with a consent taken back; with nulls; with rare values; with
processing restricted; with objections to every purpose that can be objected to; with no rows at all."""


class Kept:
    """The ledger's disk: entries in a list."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []

    async def write(self, entries: Sequence[Entry]) -> None:
        """All of them."""
        self.entries += [entry for entry, _ in entries]

    async def check(self) -> None:
        """Always well."""

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True)
class World:
    """One store with its people, by their place in the population."""

    store: Store
    people: Sequence[int]
    kept: Kept


@asynccontextmanager
async def world(config: StoreConfig) -> AsyncIterator[World]:
    """A store of either kind; ids are counted, and encrypted under one key, so that two worlds hold the same."""
    store = await open_store(config)
    try:
        store.keys.system._ids = GlobalIds({1: IDS_KEY}, 1), Cursors({1: IDS_KEY}, 1)
        ids = count(1_000)
        people = await register(store, newcomers(), make_id=lambda: next(ids), now=NOW)
        await _empty(store, people[EMPTIED])
        await _damage(store, people[DAMAGED])
        await _make_odd(store, people[ODD], people[WHOLE])
        await _take_back(store, people[REGRETTING])
        await _export(store, people[WHOLE])
        await _changes(store, people[WHOLE])
        await _restrict(store, people[RESTRICTED])
        await _object(store, people[OBJECTING])
        await store.keys.destroy(people[ERASED])
        kept = Kept()
        await store.ledger.close()
        store.ledger = LedgerAppender(kept)
        yield World(store, people, kept)
    finally:
        await store.close()


def newcomers() -> Sequence[NewCustomer]:
    """The demo's first customers, and somebody who only registered: every list is empty."""
    bare = NewCustomer(
        name=PersonName("Ʒ", "Ünal 🦔"),
        email="bare@example.org",
        postal_address=PostalAddress("1 Main St", "0", "Ávila", "ES"),
        created_at=NOW,
        customer_number="C-1",
    )
    return [*population(NOW, SIZE), bare]


async def rows(store: Store, table: Table, owner: int, *columns: Column[Any]) -> Sequence[Any]:
    """The rows of one customer, oldest first."""
    owned = table.c.id if table is customers else table.c.customer_id
    return await store.reader.fetch(store.reader.prepare(select(*columns).where(owned == owner).order_by("id")), {})


async def _change(store: Store, table: Table, id_: int, **values: Any) -> None:
    async with store.write() as connection:
        await connection.execute(update(table).where(table.c.id == id_).values(**values))


async def _empty(store: Store, person: int) -> None:
    """Null wherever a column may be null, but for the ties of values that may not be: these are still looked up."""
    ties = customers.c.number_ref, domains.c.name_ref
    for table in (customers, services, domains, payment_methods, invoices, sign_ins):
        owned = table.c.id if table is customers else table.c.customer_id
        nulls = {column.name: None for column in table.c if column.nullable and column not in set(ties)}
        async with store.write() as connection:
            await connection.execute(update(table).where(owned == person).values(**nulls))
    async with transaction(store.keys.engine) as connection:  # Names that were let go of are held again, too.
        named = update(lookups).where(lookups.c.customer_id == person, lookups.c.kind == "DOMAIN")
        await connection.execute(named.values(scope=""))


async def _damage(store: Store, person: int) -> None:
    """Sealed values that were altered, cut, emptied, moved, or claim another version; a currency that there is not."""

    async def damage(table: Table, column: Column[Any], nth: int, change: Any) -> None:
        id_, value = (await rows(store, table, person, table.c.id, column))[nth]
        await _change(store, table, id_, **{column.name: change(bytes(value))})

    await damage(customers, customers.c.email, 0, lambda value: value[:-1] + bytes([value[-1] ^ 1]))
    await damage(services, services.c.name, 0, lambda value: b"\x02" + value[1:])
    await damage(services, services.c.name, 1, lambda value: b"")
    await damage(invoices, invoices.c.billed_name, 0, lambda value: value[:20])
    await damage(invoices, invoices.c.billed_address, 1, lambda value: b"\x00" + value[1:])
    bills = await rows(store, invoices, person, invoices.c.id)
    await _change(store, invoices, bills[2][0], currency="ABC")
    await damage(payment_methods, payment_methods.c.card_expiry, 0, lambda value: value + b"!")
    ips = await rows(store, sign_ins, person, sign_ins.c.id, sign_ins.c.ip_address)
    await _change(store, sign_ins, ips[-1][0], ip_address=ips[-2][1])


async def _take_back(store: Store, person: int) -> None:
    """The consent to keep a card, withdrawn later; the card is still there."""
    given = (await rows(store, consents, person, *consents.c))[0]
    event = dict(zip((column.name for column in consents.c), given, strict=True))
    async with store.write() as connection:
        later = {**event, "id": 2**40, "kind": "CARD_STORAGE", "state": "WITHDRAWN", "at": NOW}
        await connection.execute(insert(consents).values(**later))


async def _export(store: Store, person: int) -> None:
    """An export that is ready, and one that is not."""
    row = {"customer_id": person, "language": "fr", "requested_at": NOW, "attempts": 1}
    ready = {"state": "READY", "ready_at": NOW, "expires_at": NOW + timedelta(days=7)}
    waiting = {"state": "REQUESTED", "ready_at": None, "expires_at": None}
    async with store.write() as connection:
        await connection.execute(insert(exports), [row | ready | {"id": 2**41}, row | waiting | {"id": 2**41 + 1}])


async def _changes(store: Store, person: int) -> None:
    """Changes that were made through two applications."""
    row = {"customer_id": person, "at": NOW}
    made = [("client-area", '["Customer.phone"]'), ("web", '["Customer.email", "Customer.name"]'), ("web", "[]")]
    rows_ = [row | {"id": 2**42 + nth, "client": through, "fields": what} for nth, (through, what) in enumerate(made)]
    async with store.write() as connection:
        await connection.execute(insert(customer_changes), rows_)


async def _restrict(store: Store, person: int) -> None:
    """By the module that does it."""
    (key,) = await store.keys.subjects([person])
    assert key is not None
    async with store.write() as connection:
        await restrict(connection, Site(), key, Ground.ACCURACY_CONTESTED, THE_CUSTOMER, NOW)
    await _renumbered(store, person)


async def _object(store: Store, person: int) -> None:
    """To everything, by the module that does it."""
    (key,) = await store.keys.subjects([person])
    assert key is not None
    desk = CommandContext(store, own(person), Purpose.SELF_SERVICE, None, NOW, SignInDependencies())
    async with store.write() as connection:
        for purpose in Purpose:
            if objection_to(purpose) is not ObjectionOutcome.NONE:
                await object_(connection, desk, key, purpose, THE_CUSTOMER)
    await _renumbered(store, person)


async def _renumbered(store: Store, person: int) -> None:
    """The rows that are shown get ids that two worlds have in common."""
    for table in (restrictions, objections, consents, customer_changes, rights_requests):
        order = table.c.purpose if table is objections else table.c.id
        mine = select(table.c.id).where(table.c.customer_id == person, table.c.id > 2**45).order_by(order)
        async with store.write() as connection:
            for nth, (id_,) in enumerate((await connection.execute(mine)).all()):
                await connection.execute(update(table).where(table.c.id == id_).values(id=2**43 + person * 100 + nth))


async def _make_odd(store: Store, person: int, whole: int) -> None:
    """Values at the edge of their types, and rows that share what is usually one row's own."""
    bills = await rows(store, invoices, person, invoices.c.id)
    await _change(store, invoices, bills[0][0], amount_minor=2**63 - 1, currency="KWD")
    await _change(store, invoices, bills[1][0], amount_minor=-5, due_at=datetime(987, 6, 5, 4, 3, 2, tzinfo=UTC))
    await _change(store, invoices, bills[2][0], currency="JPY")
    told = await rows(store, disclosures, whole, disclosures.c.id)
    await _change(store, disclosures, told[0][0], embargoed_until=NOW + timedelta(days=1))
    await _change(store, disclosures, told[1][0], embargoed_until=NOW - timedelta(days=1))
    named = await rows(store, disclosures, person, disclosures.c.id)
    await _change(store, disclosures, named[0][0], purpose="A_PURPOSE_OF_OLD", fields="[]")
    async with store.write() as connection:
        row = (await connection.execute(select(payment_methods).where(payment_methods.c.customer_id == whole))).first()
        assert row is not None
        values = {column.name: None for column in payment_methods.c if column.nullable}
        twin = {"id": 1, "customer_id": whole, "kind": "BANK_TRANSFER", "is_default": False, "created_at": NOW}
        await connection.execute(insert(payment_methods).values(**values, **twin))


async def pools(world_: World, model: SchemaModel) -> Pools:
    """Everything that a question may name, from what is stored."""
    keys: dict[Table, list[tuple[int, int]]] = {}
    house = world_.store.keys.system
    for table in model.types_of_table:
        owned = table.c.id if table is customers else table.c.customer_id
        found = await world_.store.reader.fetch(
            world_.store.reader.prepare(select(owned, table.c.id).order_by("id")), {}
        )
        favourites = [(owner, id_) for owner, id_ in found if owner == world_.people[WHOLE]]
        keys[table] = [*favourites[:4], *((owner, id_) for owner, id_ in found)][:60]
    ids: Mapping[str, Sequence[str]] = {
        name: [
            house.ids(name, *key) for key in keys[table] or [(5, 5)]
        ]  # Nobody has one yet: of one that is not there.
        for table, names in model.types_of_table.items()
        for name in names
    }

    @cache
    def cursors(subject: int | None) -> Mapping[str, Sequence[str]]:
        found = {}
        for field in model.fields.values():
            if isinstance(field.source, Connection):
                newest = field.source.newest_first
                seal = house.cursors.sealer(ListPlace(CLIENT, subject, field.coordinate, newest))
                found[field.coordinate] = [seal(key) for _, key in keys[field.source.leads_to] or [(5, 5)]]
        return found

    nothing = house.cursors.sealer(ListPlace(CLIENT, None, "Query.nothing"))(5)
    another = house.cursors.sealer(ListPlace("another", None, "Query.customers"))(1_003)
    wrong = (
        house.ids("Customer", 5, 5),
        house.ids("Nothing", 5, 1),
        house.ids("Customer", 0, 5),
        house.ids("Customer", 5, 0),
    )
    return Pools(
        ids={"Customer": ids["Customer"], **ids},
        wrong_ids=["", "x", *wrong, wrong[0] + "="],
        cursors=cursors(None),
        cursors_of=cursors,
        wrong_cursors=["", "x", nothing, another, *(each[0] for each in cursors(None).values())],
        lookups=_lookups()
        | {
            "id": [*ids["Customer"], *wrong],
            "invoiceNumber": [*(each[0] for each in await _bills(world_)), " nothing "],
        },
        compared=await _compared(world_),
        moments=[f"{NOW + timedelta(days=each):%Y-%m-%dT%H:%M:%SZ}" for each in (-900, -200, -60, -14, 0, 30, 300)],
    )


async def _bills(world_: World) -> Sequence[Any]:
    return await rows(world_.store, invoices, world_.people[WHOLE], invoices.c.number)


async def _compared(world_: World) -> Mapping[str, Sequence[str]]:
    bills = await _bills(world_)
    told = await rows(world_.store, disclosures, world_.people[WHOLE], disclosures.c.trigger)
    names = _lookups()["domain"]
    return {
        "InvoiceFilter.number": [*(each[0] for each in bills[:3]), "nothing"],
        "DisclosureFilter.causeId": [*(each[0].removeprefix("invoice:") for each in told), "nothing"],
        "DomainFilter.tld": ["ch", "COM", "fr", "nothing"],
        "DomainFilter.name": [*names, "no name", ""],
    }


def _lookups() -> Mapping[str, Sequence[str]]:
    people = newcomers()
    named = [service.domain.name for person in people for service in person.services if service.domain is not None]
    return {
        "email": [*(person.email for person in people), "nobody@example.org", ""],
        "customerNumber": [*(person.customer_number or "" for person in people), "c-1", "C-0"],
        "phone": [*(person.phone for person in people if person.phone), "+41213209999", "no number"],
        "serviceName": [*(service.name for person in people for service in person.services), "nothing"],
        "externalId": [*(person.external_id or "" for person in people), "crm:0", "CRM:100000", "crm", ":"],
        "domain": [*named, named[0].upper() + ".", "nothing.example"],
    }

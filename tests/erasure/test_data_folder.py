"""D8: after a removal no byte of it is in any file of a real PostgreSQL, its statistics and free space included."""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import pytest
from sqlalchemy import LargeBinary, Table, select

from policy.wordings import VERSION
from store.crypto.key_tables import subject_keys
from store.crypto.lookup_tables import lookups
from store.records.holdings import holdings
from store.tables.access import sign_ins
from store.tables.customers import customers
from store.tables.payments import card_vault, payment_methods
from tests.erasure.house import REQUEST, House
from tests.payments.conftest import ADD, GENUINE
from tests.payments.test_cards import BANK, REMOVE, WITHDRAW
from tests.profile.test_email import ASK, CONFIRM, NEW
from tests.sharing import owners
from tests.stores import Databases
from workers.retention.worker import Sweeper

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)]

SHORT = 12
"""Bytes from which a value is found by itself and not by chance."""


async def sampled(house: House) -> None:
    """Take samples of everything, as PostgreSQL does by itself, before anything is removed."""
    for address in (house.store._parts.config.database, house.store._parts.config.key_store):
        connection = await asyncpg.connect(address.dsn)
        try:
            await connection.execute("ANALYZE")
        finally:
            await connection.close()


async def values(house: House, place: int, *tables: Table) -> set[bytes]:
    """What rests of a customer in some tables or in all: ciphertexts, indexes, hashes; of all, the key, too."""
    found = set[bytes]()
    me = house.gate.ids[place]
    async with house.store.write() as connection:
        for each in holdings():
            columns = [column for column in each.table.c if isinstance(column.type, LargeBinary)]
            if columns and (not tables or each.table in tables):
                rows = await connection.execute(select(*columns).where(each.of(me)))
                found |= {bytes(value) for row in rows for value in row if value is not None}
    if not tables:
        reader = house.store.keys._reader
        query = reader.prepare(select(subject_keys.c.wrapped).where(subject_keys.c.customer_id == me))
        ((wrapped,),) = await reader.fetch(query, {})
        found.add(bytes(wrapped))
        marks = await reader.fetch(reader.prepare(select(lookups.c.mark).where(lookups.c.customer_id == me)), {})
        assert len(marks) > 2, "an address, a number and a login name at least"
        found |= {bytes(mark) for (mark,) in marks}
    return {value for value in found if len(value) >= SHORT}


async def databases_of(house: House) -> set[str]:
    """The folders of the two databases: those of other tests are not searched."""
    found = set()
    for address in (house.store._parts.config.database, house.store._parts.config.key_store):
        connection = await asyncpg.connect(address.dsn)
        try:
            found.add(str(await connection.fetchval("SELECT oid FROM pg_database WHERE datname = current_database()")))
        finally:
            await connection.close()
    return found


async def in_files(house: House, databases: Databases, needles: set[bytes]) -> list[str]:
    """Where any of these bytes stand in the data folder, its log of changes apart, which certificates name; and in
    which statistics, where they could stand compressed."""
    found = []
    await databases.administer("CHECKPOINT")
    folder = databases.server.folder / "data"
    ours = await databases_of(house)
    for path in sorted(folder.rglob("*")):
        elsewhere = path.parent.parent.name == "base" and path.parent.name not in ours
        if path.is_file() and "pg_wal" not in path.parts and not elsewhere:
            content = path.read_bytes()
            found += [str(path.relative_to(folder)) for needle in needles if needle in content]
    config = house.store._parts.config
    for address in (config.database, config.key_store):
        connection = await asyncpg.connect(address.dsn)
        try:
            for row in await connection.fetch("SELECT tablename, attname, s::text AS said FROM pg_stats s"):
                found += [f"{row[0]}.{row[1]}" for needle in needles if needle.hex() in row["said"]]
            names = {}
            for row in await connection.fetch("SELECT pg_relation_filepath(oid), relname FROM pg_class"):
                names[row[0]] = row[1]
            found = [f"{each} ({names[each]})" if each in names else each for each in found]
        finally:
            await connection.close()
    return sorted(set(found))


async def test_an_erased_customer(house: House, databases: Databases) -> None:
    """D5, D8: values and wrapped key."""
    needles = await values(house, 0)
    others = await values(house, 1)
    await sampled(house)
    assert len(needles) > 20 and await in_files(house, databases, needles), "the search finds what is there"
    await house.end_services(0)
    needles |= await values(house, 0)
    needles -= others  # Such as the hash of a wording, which everybody has read.
    await house.ask(REQUEST, 0)
    house.wait(days=4)
    await house.until_done(0)
    assert await in_files(house, databases, needles) == []
    assert await in_files(house, databases, others), "the others' are there"


async def test_a_card_whose_consent_was_withdrawn(house: House, databases: Databases) -> None:
    """R21, D8: at once."""
    consent = {"agreed": True, "wordingVersion": VERSION, "language": "en"}
    card = {"number": GENUINE, "expMonth": 3, "expYear": 2029, "consent": consent}
    assert (await house.ask(ADD, 0, **{"in": card}))["userErrors"] == []
    needles = await values(house, 0, card_vault)
    await sampled(house)
    assert needles and await in_files(house, databases, needles)
    assert (await house.ask(WITHDRAW, 0))["userErrors"] == []
    assert await in_files(house, databases, needles) == []


async def test_a_method_of_payment_that_was_removed(house: House, databases: Databases) -> None:
    before = await values(house, 0, payment_methods)
    method = (await house.ask(BANK, 0, b="Bank von Irgendwo"))["paymentMethod"]["id"]
    needles = await values(house, 0, payment_methods) - before
    await sampled(house)
    assert needles and await in_files(house, databases, needles)
    assert (await house.ask(REMOVE, 0, id=method))["userErrors"] == []
    await tidied(house)
    assert await in_files(house, databases, needles) == []


async def test_an_address_of_email_that_was_changed(house: House, databases: Databases) -> None:
    """The old address stays readable nowhere but in what still waits to be sent to it."""
    columns = customers.c.email, customers.c.email_ref
    async with house.store.write() as connection:
        row = (await connection.execute(select(*columns).where(customers.c.id == house.gate.ids[0]))).one()
    async with house.store.keys.engine.connect() as connection:
        mark = await connection.scalar(select(lookups.c.mark).where(lookups.c.ref == row.email_ref))
    needles = {bytes(value) for value in (*row, mark)}
    await sampled(house)
    assert await in_files(house, databases, needles)
    await house.ask(ASK, 0, e=NEW)
    links = [found for each in await house.letters() if (found := re.search(r"/email/confirm\?t=(\S+)", each["text"]))]
    assert (await house.ask(CONFIRM, 0, t=links[-1][1]))["userErrors"] == []
    await tidied(house)
    assert await in_files(house, databases, needles) == []


async def test_an_owner_of_a_domain_who_was_another(house: House, databases: Databases) -> None:
    """R52, D8: a registrant's name, address and mailbox, once they were changed."""
    domain = await owners.registered(house.gate)
    row = await owners.resting(house.gate, domain)
    needles = {bytes(row[name]) for name in ("registrant_name", "registrant_address", "registrant_email")}
    await sampled(house)
    assert await in_files(house, databases, needles)
    other = {"name": "Atelier Neuf", "address": owners.ADDRESS | {"street": "Rue Neuve 1"}, "email": "n@neuf.example"}
    assert (await owners.change(house.gate, domain, registrant=owners.OWNER | other))["userErrors"] == []
    await tidied(house)
    assert await in_files(house, databases, needles) == []


async def test_what_was_kept_for_long_enough(house: House, databases: Databases) -> None:
    """R60: the records of signing in."""
    needles = await values(house, 0, sign_ins)
    await sampled(house)
    assert needles and await in_files(house, databases, needles)
    house.wait(days=400)
    await tidied(house)
    assert await values(house, 0, sign_ins) == set()
    assert await in_files(house, databases, needles) == []


async def tidied(house: House) -> None:
    """A round of the sweeper."""

    async def prune(before: Any) -> int:
        return 0

    await Sweeper(house.store, prune, house.gate.clock).step()

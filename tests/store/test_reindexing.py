"""F5 (S14): rows of an earlier release are found by this release's form, and what two of them would share is told."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, update

from resolvers.customers.new_customer import (
    NewCredential,
    NewCustomer,
    NewDomain,
    NewService,
    PersonName,
    PostalAddress,
)
from resolvers.customers.registration import register
from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import lookup_changes, lookups
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.store import Store, open_store
from store.lookups.holders import PLACES
from store.operations.index_changes import LOOKUPS, index_rebuilds
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.domains import domains
from store.upgrade import reindexing, reindexing_writing
from store.upgrade.reindexing_writing import collisions, rebuild
from store.upgrade.upgrade import reindex_all, upgrade_all
from tests.stores import opened

pytestmark = pytest.mark.anyio

WHEN = datetime(2026, 11, 23, tzinfo=UTC)
HOME = PostalAddress("Rue du Lac 5", "1003", "Lausanne", "CH")


def person(email: str, *names: str, login: str | None = None) -> NewCustomer:
    """A customer with these domains, as an earlier release wrote them down."""
    services = [
        NewService("DOMAIN", each, WHEN, domain=NewDomain(
            each, each.rpartition(".")[2], "NATURAL_PERSON", "Zélie Quark", HOME, email, None, WHEN, None,
        ))
        for each in names
    ]  # fmt: skip
    credential = NewCredential("CLIENT_AREA", login or email, None, WHEN, None)
    name = PersonName("Zélie", "Quark")
    return NewCustomer(name, email, HOME, WHEN, services=tuple(services), credentials=(credential,))


def former_form(lookup: Lookup, value: str) -> str:
    """What a value was looked up by in an earlier release: `ß` was `ss`, and domains were in whatever letters."""
    folded = unicodedata.normalize("NFKC", value).strip().casefold()
    return folded.rstrip(".") if lookup is Lookup.DOMAIN else folded


async def former_store(config: StoreConfig, people: Sequence[NewCustomer], patch: pytest.MonkeyPatch) -> list[int]:
    """A store as main_0013 leaves that of the release before: customers looked up by its form, all to be looked at.

    The tables are of today: this release cannot write those of that one, and later migrations do not run twice.
    """
    with patch.context() as before:
        for each in (Lookup.EMAIL, Lookup.LOGIN, Lookup.DOMAIN):
            before.setattr(each, "normalise", lambda value, each=each: former_form(each, value))
        async with opened(config) as store:
            ids = await register(store, people, now=WHEN)
    engine = make_engine(config.database)
    async with transaction(engine) as connection:
        rows = [{"lookup": each, "after": 0, "scanned": False, "awaited": True} for each in LOOKUPS]
        await connection.execute(insert(index_rebuilds), rows)
    await engine.dispose()
    return ids


async def owner_of(store: Store, lookup: Lookup, value: str) -> int | None:
    """Whose it is."""
    scope = "CLIENT_AREA" if lookup is Lookup.LOGIN else ""
    held, place = await store.keys.lookups.find(lookup, store.keys.blind_index(lookup, value), scope), PLACES[lookup]
    async with store.write() as connection:
        true = place.table.c.id == held.row_id, place.ref == held.ref
        found: int | None = await connection.scalar(select(place.owner).where(*true))
        return found


async def count(store: Store, table: Any) -> int:
    async with store.write() as connection:
        return len((await connection.execute(select(table))).all())


async def noted(store: Store) -> int:
    async with transaction(store.keys.engine) as connection:
        return len((await connection.execute(select(lookup_changes))).all())


async def test_rows_of_before_are_found_by_the_form_of_now(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [
        person("owner@faß.de", "bücherei.example"), person("straße1@example.com", login="Straße"),
        person("иван@пример.рф"), person("plain@example.com", "plain.example", login="plain"),
        person("Big@Example.com"),
    ]  # fmt: skip
    ids = await former_store(store_config, people, monkeypatch)
    with pytest.raises(StoreUnavailableError, match="gateway db upgrade"):
        await open_store(store_config)
    changed, collided = await upgrade_all(store_config)
    assert collided == [] and changed == 7, "three e-mails, three logins and a domain; what reads alike is not written"
    async with opened(store_config) as store:
        for lookup, value, place in (
            (Lookup.EMAIL, "owner@faß.de", 0), (Lookup.EMAIL, "owner@xn--fa-hia.de", 0),
            (Lookup.LOGIN, "OWNER@faß.de", 0), (Lookup.EMAIL, "owner@fass.de", None),
            (Lookup.DOMAIN, "xn--bcherei-n2a.example", 0), (Lookup.DOMAIN, "bücherei.example", 0),
            (Lookup.EMAIL, "straße1@example.com", 1), (Lookup.EMAIL, "strasse1@example.com", None),
            (Lookup.LOGIN, "straße", 1), (Lookup.EMAIL, "иван@xn--e1afmkfd.xn--p1ai", 2),
            (Lookup.EMAIL, "plain@example.com", 3), (Lookup.LOGIN, "plain", 3), (Lookup.DOMAIN, "plain.example", 3),
            (Lookup.EMAIL, "big@example.com", 4),
        ):  # fmt: skip
            assert await owner_of(store, lookup, value) == (None if place is None else ids[place]), value
        async with store.write() as connection:
            row = (await connection.execute(select(domains).where(domains.c.customer_id == ids[0]))).one()
        (key,) = await store.keys.subjects([ids[0]])
        assert key is not None and key.open(domains.c.name, row.id, row.name) == b"xn--bcherei-n2a.example"
        assert row.tld == "example"
        assert (await noted(store), await count(store, index_rebuilds)) == (0, 0)
    assert await upgrade_all(store_config) == (0, [])


TWINS = [
    person("o@bücher.example", "bücher.example"), person("o@xn--bcher-kva.example", "xn--bcher-kva.example"),
    person("o@bücher\u3002example"), person("alone@faß.de"),
]  # fmt: skip


async def test_what_two_would_share_stays_as_it_is_and_is_told(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the customers' ids; what one of them holds already stays theirs, and nobody is guessed at."""
    ids = await former_store(store_config, TWINS, monkeypatch)
    changed, collided = await upgrade_all(store_config)
    assert changed == 2, "of the one who shares nothing"
    told = sorted((each.lookup, each.customer, each.others) for each in collided)
    one, held, other = ids[:3]
    assert told == sorted([
        ("EMAIL", one, (held, other)), ("EMAIL", other, (one, held)),
        ("LOGIN", one, (held, other)), ("LOGIN", other, (one, held)), ("DOMAIN", one, (held,)),
    ])  # fmt: skip
    async with opened(store_config) as store:
        assert await owner_of(store, Lookup.EMAIL, "o@bücher.example") == held
        assert await owner_of(store, Lookup.DOMAIN, "bücher.example") == held
        assert await owner_of(store, Lookup.EMAIL, "alone@faß.de") == ids[3]
        async with store.write() as connection:
            for table in (credentials, domains):  # The one who held it is erased.
                await connection.execute(delete(table).where(table.c.customer_id == held))
            await connection.execute(update(customers).where(customers.c.id == held).values(email_ref=b"x" * 8))
        with monkeypatch.context() as before:
            before.setattr(Lookup.EMAIL, "normalise", lambda value: former_form(Lookup.EMAIL, value))
            assert await owner_of(store, Lookup.EMAIL, "o@bücher.example") == one, "as it was"
    changed, collided = await upgrade_all(store_config)
    assert changed == 1, "the domain is free; the two addresses are still one"
    assert {(each.lookup, each.others) for each in collided} == {
        ("EMAIL", (one,)), ("EMAIL", (other,)), ("LOGIN", (one,)), ("LOGIN", (other,)),
    }  # fmt: skip
    async with opened(store_config) as store, store.write() as connection:
        await connection.execute(delete(credentials).where(credentials.c.customer_id == other))
        await connection.execute(update(customers).where(customers.c.id == other).values(email_ref=b"y" * 8))
    assert await upgrade_all(store_config) == (2, []), "one of the two has another address now"
    async with opened(store_config) as store:
        assert await owner_of(store, Lookup.EMAIL, "o@xn--bcher-kva.example") == one


@asynccontextmanager
async def rebuilding(config: StoreConfig) -> AsyncIterator[Store]:
    store = await open_store(config, reindexing=True)
    try:
        yield store
    finally:
        await store.close()


def crowd(size: int) -> list[NewCustomer]:
    return [person(f"straße{number}@example.com", f"straße{number}.example") for number in range(size)]


async def test_it_goes_on_where_it_was_killed(store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pages; nobody is served until it is done, and no page is looked at twice."""
    ids = await former_store(store_config, crowd(20), monkeypatch)
    for module in (reindexing, reindexing_writing):
        monkeypatch.setattr(module, "PAGE", 3)
    await upgrade(store_config)
    looked, changes, write = list[int](), reindexing._changes, reindexing_writing._write
    pages = {"left": 4, "written": 3}

    async def looking(store: Store, name: str, rows: Sequence[Any]) -> Any:
        if pages["left"] == 0:
            raise KeyboardInterrupt
        pages["left"] -= 1
        looked.extend(row.id for row in rows)
        return await changes(store, name, rows)

    async def writing(*arguments: Any) -> None:
        if pages["written"] == 0:
            raise KeyboardInterrupt
        pages["written"] -= 1
        await write(*arguments)

    monkeypatch.setattr(reindexing, "_changes", looking)
    monkeypatch.setattr(reindexing_writing, "_write", writing)
    with pytest.raises(KeyboardInterrupt):
        async with rebuilding(store_config) as store:
            await rebuild(store)
    assert len(looked) == 12
    with pytest.raises(StoreUnavailableError) as refused:
        await open_store(store_config)
    assert refused.value.cause is OutageCause.NOT_REINDEXED
    pages["left"] = 1000
    with pytest.raises(KeyboardInterrupt):
        async with rebuilding(store_config) as store:
            await rebuild(store)
    pages["written"] = 1000
    assert (await upgrade_all(store_config))[1] == []
    assert len(looked) == len({*looked}) * 5 // 4 == 100, "each value of four tables, once"
    async with opened(store_config) as store:
        for number, id_ in enumerate(ids):
            assert await owner_of(store, Lookup.EMAIL, f"straße{number}@example.com") == id_
            assert await owner_of(store, Lookup.LOGIN, f"STRAßE{number}@example.com") == id_
            assert await owner_of(store, Lookup.DOMAIN, f"straße{number}.example") == id_
        assert await noted(store) == 0


async def test_replicas_share_the_work(store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """F4: each row is changed once, and all of them find it done."""
    ids = await former_store(store_config, [*crowd(30), *TWINS], monkeypatch)
    for module in (reindexing, reindexing_writing):
        monkeypatch.setattr(module, "PAGE", 5)
    await upgrade(store_config)
    async with rebuilding(store_config) as one, rebuilding(store_config) as other:
        changed = await asyncio.gather(rebuild(one), rebuild(other))
        assert sum(changed) == 92
        told = {(found.lookup, found.customer) for _, found in await collisions(one)}
    assert {customer for _, customer in told} == {ids[30], ids[32]} and len(told) == 5
    async with opened(store_config) as store:
        assert await owner_of(store, Lookup.EMAIL, "straße7@example.com") == ids[7]


async def test_what_was_written_by_a_replica_of_before_is_found_by_looking_again(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await former_store(store_config, [person("a@faß.de")], monkeypatch)
    await upgrade_all(store_config)
    async with opened(store_config) as store:
        with monkeypatch.context() as before:
            for each in (Lookup.EMAIL, Lookup.LOGIN):
                before.setattr(each, "normalise", lambda value, each=each: former_form(each, value))
            ids += await register(store, [person("b@faß.de")], now=WHEN)
        assert await owner_of(store, Lookup.EMAIL, "b@faß.de") is None
        await reindexing.begin_anew(store)
    async with opened(store_config):
        pass  # Who starts meanwhile serves: only an upgrade is waited for.
    assert await reindex_all(store_config) == (2, [])
    async with opened(store_config) as store:
        assert await owner_of(store, Lookup.EMAIL, "b@faß.de") == ids[1]


async def test_rows_that_change_meanwhile_are_left_alone(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer who has another address by now, and one who registered with the very value."""
    ids = await former_store(store_config, [person("a@faß.de"), person("b@faß.de")], monkeypatch)
    await upgrade(store_config)
    async with rebuilding(store_config) as store:
        await reindexing.scan(store, "EMAIL")
        async with store.write() as connection:
            await connection.execute(update(customers).where(customers.c.id == ids[0]).values(email_ref=b"z" * 8))
        (newcomer,) = await register(store, [person("b@xn--fa-hia.de")], now=WHEN)
        await rebuild(store)
        assert await owner_of(store, Lookup.EMAIL, "b@faß.de") == newcomer
        assert ("EMAIL", ids[1], True) in {(o.lookup, o.customer, o.found) for _, o in await collisions(store)}
        async with transaction(store.keys.engine) as connection:
            await connection.execute(lookups.delete().where(lookups.c.customer_id == ids[1]))
        assert ("EMAIL", ids[1], False) in {(o.lookup, o.customer, o.found) for _, o in await collisions(store)}
        async with store.write() as connection:
            index = await connection.scalar(select(customers.c.email_ref).where(customers.c.id == ids[0]))
        assert bytes(index) == b"z" * 8


async def test_a_store_without_customers_needs_no_key(bare_config: StoreConfig) -> None:
    """The keys may be elsewhere when the tables are made."""
    assert await upgrade_all(bare_config) == (0, [])
    assert not bare_config.root_key_path.exists()


async def test_rows_that_read_alike_cost_a_look_and_no_write(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten million rows of plain addresses: a page is one read, and one note of how far it is."""
    await former_store(store_config, [person(f"p{number}@example.com") for number in range(50)], monkeypatch)
    monkeypatch.setattr(reindexing, "PAGE", 10)
    await upgrade(store_config)
    async with rebuilding(store_config) as store:
        seen = list[str]()
        engine = store._parts.transactions._engine.sync_engine

        @event.listens_for(engine, "before_cursor_execute")
        def ran(_c: Any, _k: Any, statement: str, *_: Any) -> None:
            seen.append(statement.split("\n")[0])

        assert await rebuild(store) == 0
        written = {each.split()[1] for each in seen if each.startswith(("UPDATE", "INSERT"))}
        assert written == {"index_rebuilds"}
        assert len([each for each in seen if each.startswith("UPDATE")]) == 3 * 6 + 4

"""Look-ups rest in the key store, unique across both databases, whatever breaks off, rotates or races meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from resolvers.customers.registration import add, register
from store.crypto import lookup_rotation
from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import lookup_epochs, lookups
from store.crypto.lookups import NOBODY
from store.database.config import StoreConfig
from store.database.store import Store
from store.lookups import sweeping as lookup_sweeping
from store.lookups.holders import LookupState, states
from store.lookups.reservations import LookupTakenError, reserving
from store.lookups.sweeping import sweep
from store.sql.engines import transaction
from store.sql.errors import StoreUnavailableError
from store.tables.customers import customers
from tests.store import elsewhere
from tests.store.people import add_customers
from tests.store.reserving import WHEN, newcomer
from tests.stores import opened

pytestmark = pytest.mark.anyio

L, C = lookups.c, customers.c


async def owner(store: Store, email: str) -> int:
    """Whose it is by both databases; 0 for nobody's."""
    held = await store.keys.lookups.find(Lookup.EMAIL, store.keys.blind_index(Lookup.EMAIL, email))
    (state,) = await states(store.reader, Lookup.EMAIL, [(held.row_id, held.ref)], WHEN)
    return held.customer_id if state is LookupState.IN_USE else 0


async def rows(store: Store, *where: Any) -> Sequence[Any]:
    async with transaction(store.keys.engine) as connection:
        return (await connection.execute(select(lookups).where(*where).order_by(L.kind, L.row_id))).all()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweep what was reserved a moment ago, too."""
    monkeypatch.setattr(lookup_sweeping, "AGE", timedelta(seconds=-60))


async def test_what_nobody_has_costs_what_somebody_has(store: Store) -> None:
    """G7: one read of the key store, and a row of the data to ask for."""
    await add_customers(store, 3)
    seen: list[str] = []
    store._parts.key_reader.listeners.append(seen.append)
    for email in ("person1@example.com", "nobody@example.com"):
        await store.keys.lookups.find(Lookup.EMAIL, store.keys.blind_index(Lookup.EMAIL, email))
    assert len(seen) == 2 and len(set(seen)) == 1
    assert await owner(store, "person1@example.com")
    assert await store.keys.lookups.find(Lookup.EMAIL, bytes(16)) == NOBODY


async def test_many_are_found_in_few_statements(store: Store) -> None:
    await add_customers(store, 250)
    indexes = [store.keys.blind_index(Lookup.EMAIL, f"person{number}@example.com") for number in range(300)]
    seen: list[str] = []
    store._parts.key_reader.listeners.append(seen.append)
    assert (await store.keys.lookups.find_each(Lookup.EMAIL, indexes)).keys() == set(indexes[:250])
    assert len(seen) == 3


async def test_one_who_has_it_keeps_others_out(store: Store) -> None:
    (first,) = await register(store, [newcomer("a@example.com")], now=WHEN)
    with pytest.raises(LookupTakenError) as taken:
        await register(store, [newcomer("b@example.com"), newcomer("A@EXAMPLE.com")], now=WHEN)
    assert [each.kind for each in taken.value.taken] == [Lookup.EMAIL, Lookup.LOGIN]
    assert "@" not in str(taken.value)
    assert {row.customer_id for row in await rows(store)} == {first}, "what was reserved with it was released"
    with pytest.raises(LookupTakenError):
        await register(store, [newcomer("c@example.com"), newcomer("c@example.com")], now=WHEN)
    assert await register(store, [newcomer("c@example.com")], now=WHEN)


async def test_of_many_tasks_one_gets_it(store_config: StoreConfig) -> None:
    async with opened(store_config) as one, opened(store_config) as other:
        tries = [register(store, [newcomer("a@example.com")], now=WHEN) for store in (one, other) * 6]
        done = await asyncio.gather(*tries, return_exceptions=True)
        won = [each for each in done if isinstance(each, list)]
        assert len(won) == 1
        assert all(isinstance(each, (list, LookupTakenError, StoreUnavailableError)) for each in done)
        assert await owner(one, "a@example.com") == won[0][0]
        assert len(await rows(one, L.kind == "EMAIL")) == 1


async def test_of_two_processes_one_gets_each(store_config: StoreConfig) -> None:
    emails = [f"p{number}@example.com" for number in range(12)]
    running = [elsewhere.start("reserving", store_config, "0", *emails) for _ in range(2)]
    told = [line.split() for process in running for line in process.communicate(timeout=120)[0].splitlines()]
    won = {email: int(id_) for email, id_ in (each for each in told if len(each) == 2)}
    assert len(won) == 12 and len([each for each in told if len(each) == 2]) == 12
    async with opened(store_config) as store:
        assert [await owner(store, email) for email in emails] == [won[email] for email in emails]
        async with store.write() as connection:
            assert await connection.scalar(select(func.count()).select_from(customers)) == 12


async def killed_in_between(config: StoreConfig) -> None:
    """A process that has reserved an address and not yet the data."""
    process = elsewhere.start("reserving", config, "60", "a@example.com")
    assert process.stdout is not None
    while process.stdout.readline().strip() != "reserved":
        pass
    async with opened(config) as store:
        assert len(await rows(store)) == 3
        if config.database.is_sqlite:
            process.kill()
        else:
            with pytest.raises(LookupTakenError):  # It is alive, and may write the data at any moment.
                await register(store, [newcomer("a@example.com")], now=WHEN)
            process.kill()
    process.wait()
    process.stdout.close()
    if not config.database.is_sqlite:
        await asyncio.sleep(1.0)  # The server notices that it is gone.


async def test_after_a_crash_the_next_one_has_it(store_config: StoreConfig) -> None:
    await killed_in_between(store_config)
    async with opened(store_config) as store:
        (id_,) = await register(store, [newcomer("a@example.com")], now=WHEN)
        assert await owner(store, "a@example.com") == id_
        assert len(await rows(store, L.kind == "EMAIL")) == 1


@pytest.mark.usefixtures("at_once")
async def test_after_a_crash_it_is_swept(store_config: StoreConfig) -> None:
    await killed_in_between(store_config)
    async with opened(store_config) as store:
        await register(store, [newcomer("b@example.com")], now=WHEN)
        assert not await sweep(store)
        kept = dict.fromkeys(("EMAIL", "CUSTOMER_NUMBER", "LOGIN"))
        assert {row.kind: row.reservation for row in await rows(store)} == kept
        assert await owner(store, "b@example.com")


async def test_it_is_swept_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch, at_once: None) -> None:
    monkeypatch.setattr(lookup_sweeping, "PAGE", 3)
    await add_customers(store, 4)
    assert [await sweep(store) for _ in range(3)] == [True, True, False]
    assert not [row for row in await rows(store) if row.reservation is not None]


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_changes_that_take_long_do_not_keep_what_is_over_from_being_swept(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    """A large import has reserved more, and earlier, than a page holds."""
    monkeypatch.setattr(lookup_sweeping, "PAGE", 3)
    async with opened(store_config) as one, opened(store_config) as other:
        async with reserving(one) as reserved, one.write() as connection:
            await add(connection, one, reserved, [newcomer(f"a{n}@example.com") for n in range(5)], now=WHEN)
            ids = await register(other, [newcomer("b@example.com")], now=WHEN)
            assert {row.reservation for row in await rows(other, L.customer_id.in_(ids))} != {None}
            while await sweep(other):
                pass
            assert {row.reservation for row in await rows(other, L.customer_id.in_(ids))} == {None}
            assert None not in {row.reservation for row in await rows(other, L.customer_id.not_in(ids))}
            await reserved.written(connection)
        while await sweep(other):
            pass
        assert {row.reservation for row in await rows(other)} == {None}


async def test_what_the_data_has_after_all_is_kept(store: Store) -> None:
    """The commit was carried out, and only the answer was lost."""
    with pytest.raises(ConnectionError):
        async with reserving(store) as reserved:
            async with store.write() as connection:
                (id_,) = await add(connection, store, reserved, [newcomer("a@example.com")], now=WHEN)
                await reserved.written(connection)
            raise ConnectionError
    assert await owner(store, "a@example.com") == id_


async def test_erased_customers_are_looked_up_by_nothing(store: Store) -> None:
    ids = await add_customers(store, 3)
    await store.keys.destroy(ids[1])
    assert {row.customer_id for row in await rows(store)} == {ids[0], ids[2]}
    assert [bool(await owner(store, f"person{number}@example.com")) for number in range(3)] == [True, False, True]


async def test_the_data_decides(store: Store) -> None:
    """A row that has another tie by now, such as one of a backup: nobody is found, and the value is free."""
    (id_,) = await add_customers(store, 1)
    async with store.write() as connection:
        await connection.execute(update(customers).where(C.id == id_).values(email_ref=b"another "))
    assert await owner(store, "person0@example.com") == 0
    (other,) = await register(store, [newcomer("person0@example.com")], now=WHEN)
    assert await owner(store, "person0@example.com") == other


async def test_while_the_root_key_is_replaced_all_are_found_and_unique(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process registers and looks up, and has not heard of the new epoch; a third one only reads."""
    async with opened(store_config) as one, opened(store_config) as other, opened(store_config) as reading:
        await add_customers(one, 30)
        page, pages = lookup_rotation._page, 0

        async def watched(*arguments: Any) -> bool:
            nonlocal pages
            more = await page(*arguments)
            if more and pages < 12:
                number = pages = pages + 1
                assert await owner(other, f"person{number}@example.com"), "in whichever epoch it is"
                with pytest.raises(LookupTakenError):
                    await register(other, [newcomer(f"person{29 - number}@example.com")], now=WHEN)
                await register(other, [newcomer(f"new{number}@example.com")], now=WHEN)
                assert await one.keys.pending() > 0
            return more

        monkeypatch.setattr(lookup_rotation, "_page", watched)
        await one.keys.rotate(batch=5)
        assert pages == 12 and await one.keys.pending() == 0
        assert {row.epoch for row in await rows(one)} == {2}
        assert [each.number for each in reading.keys.lookups.epochs.living] == [1], "it has not heard of the new one"
        for store in (reading, one, other):
            for number in range(30):
                assert await owner(store, f"person{number}@example.com")
            for number in range(1, 13):
                assert await owner(store, f"new{number}@example.com")
        async with transaction(one.keys.engine) as connection:
            assert list(await connection.scalars(select(lookup_epochs.c.epoch))) == [2]


async def test_a_change_of_epochs_that_was_killed_goes_on(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(store_config) as store:
        await add_customers(store, 10)
        page, left = lookup_rotation._page, 2

        async def dying(*arguments: Any) -> bool:
            nonlocal left
            if not left:
                raise KeyboardInterrupt
            left -= 1
            return await page(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(lookup_rotation, "_page", dying)
            with pytest.raises(KeyboardInterrupt):
                await store.keys.rotate(batch=4)
        assert {row.epoch for row in await rows(store)} == {1, 2}
        assert await store.keys.pending() == 12 + 1 and await store.keys.destroy_old_roots() == []
    async with opened(store_config) as store:
        assert await owner(store, "person3@example.com")
        marked = list[int]()
        await store.keys.rotate(batch=5, marked=marked.append)
        assert sum(marked) == 12 and max(marked) == 5, "what was left to be done, as it goes on"
        assert await store.keys.pending() == 0 and store.keys.root_version() == 2
        assert await store.keys.destroy_old_roots() == [1]
        assert await owner(store, "person3@example.com")


async def test_replicas_replace_the_key_together(store_config: StoreConfig) -> None:
    async with opened(store_config) as one, opened(store_config) as other:
        await add_customers(one, 40)
        await asyncio.gather(one.keys.rotate(batch=3), other.keys.rotate(batch=3))
        assert await one.keys.pending() == 0
        assert len({row.epoch for row in await rows(one)}) == 1
        assert all([await owner(other, f"person{number}@example.com") for number in range(40)])

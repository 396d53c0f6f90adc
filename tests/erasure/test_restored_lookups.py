"""A store that was restored alone is not served before its look-ups are made anew: nobody takes a living customer's
address meanwhile, and she is found by what the data says of her."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from resolvers.customers.registration import register
from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import lookups
from store.database.config import StoreConfig
from store.database.schemas import KEYS, MAIN, Schema
from store.database.store import Store, open_store
from store.lookups import sweeping as lookup_sweeping
from store.lookups.reservations import LookupRequest, LookupTakenError, reserving
from store.lookups.sweeping import sweep
from store.operations.lookup_counts import LookupCount, counted, key_lookup_count, lookup_count
from store.sql.engines import transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.upgrade.upgrade import reindex_all, upgrade_all
from tests.erasure.test_restored_by_number import Backup
from tests.store.reserving import WHEN, newcomer
from tests.store.test_lookups import owner
from tests.stores import opened

pytestmark = pytest.mark.anyio

C = customers.c
OLD, NEW = "anna.old@example.com", "anna.new@example.com"
ALONE = pytest.mark.parametrize("restored", [MAIN, KEYS], ids=["data", "keys"])


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweep what was reserved a moment ago, too."""
    monkeypatch.setattr(lookup_sweeping, "AGE", timedelta(seconds=-60))


async def change_address(store: Store, customer: int, email: str) -> None:
    """As `resolvers.account.email_changing` does it, once the link was followed."""
    index = store.keys.blind_index(Lookup.EMAIL, email)
    wanted = LookupRequest(Lookup.EMAIL, index, customer, customer)
    (key,) = await store.keys.subjects([customer])
    assert key is not None
    name, login = credentials.c.login_name, store.keys.blind_index(Lookup.LOGIN, email)
    async with reserving(store) as reserved, store.write() as connection:
        before = await connection.scalar(select(C.email_ref).where(C.id == customer))
        mine = select(credentials.c.id, credentials.c.platform, credentials.c.login_ref)
        account = (await connection.execute(mine.where(credentials.c.customer_id == customer))).one()
        renamed = LookupRequest(Lookup.LOGIN, login, customer, account.id, account.platform)
        replaced = [(customer, before), (customer, account.login_ref)]
        await reserved.take(connection, [wanted, renamed], WHEN, replacing=replaced)
        resting = {"login_name": key.seal(name, account.id, email.encode()), "login_ref": renamed.ref}
        await connection.execute(update(credentials).where(credentials.c.id == account.id).values(resting))
        change = {"email": key.seal(C.email, customer, email.encode()), "email_ref": wanted.ref}
        await connection.execute(update(customers).where(C.id == customer).values(change))
        await reserved.written(connection)


async def addresses(store: Store) -> int:
    """How many are reserved, whether the data has them or not."""
    async with transaction(store.keys.engine) as connection:
        return len((await connection.execute(select(lookups).where(lookups.c.kind == "EMAIL"))).all())


async def restored_alone(config: StoreConfig, which: Schema) -> int:
    """One of the stores is of before an address changed; whose it was."""
    backup = Backup(config, (which,))
    async with opened(config) as store:
        (anna, _) = await register(store, [newcomer(OLD), newcomer("other@example.com")], now=WHEN)
        await sweep(store)
    await backup.take()
    async with opened(config) as store:
        await change_address(store, anna, NEW)
        assert (await owner(store, NEW), await owner(store, OLD)) == (anna, 0)
    await backup.put_back()
    return anna


async def refused(config: StoreConfig) -> bool:
    with pytest.raises(StoreUnavailableError) as caught:
        await open_store(config)
    return caught.value.cause is OutageCause.NOT_REINDEXED and "gateway db reindex" in str(caught.value)


@ALONE
@pytest.mark.parametrize("mend", [reindex_all, upgrade_all])
async def test_nobody_is_served_before_look_ups_are_made_anew(
    store_config: StoreConfig, restored: Schema, mend: object
) -> None:
    anna = await restored_alone(store_config, restored)
    for _ in range(3):
        assert await refused(store_config), "also a second time"
    assert callable(mend)
    assert (await mend(store_config))[1] == []
    has, had = (OLD, NEW) if restored is MAIN else (NEW, OLD)
    async with opened(store_config) as store:
        assert (await owner(store, has), await owner(store, had)) == (anna, 0)
        with pytest.raises(LookupTakenError):
            await register(store, [newcomer(has)], now=WHEN)
        assert await addresses(store) == 2, "what nothing of the data has is removed"
        (somebody,) = await register(store, [newcomer(had)], now=WHEN)
        assert await owner(store, had) == somebody
    async with opened(store_config) as store:
        assert await owner(store, has) == anna


@ALONE
async def test_a_second_restore_is_noticed_while_the_first_one_is_mended(
    store_config: StoreConfig, restored: Schema
) -> None:
    backup = Backup(store_config, (restored,))
    async with opened(store_config) as store:
        (anna,) = await register(store, [newcomer(OLD)], now=WHEN)
    await backup.take()
    async with opened(store_config) as store:
        await change_address(store, anna, NEW)
    for _ in range(2):
        await backup.put_back()
        assert await refused(store_config)
        await reindex_all(store_config)
        async with opened(store_config) as store:
            assert await owner(store, OLD if restored is MAIN else NEW) == anna
    other = Backup(store_config, (restored,))
    await other.take()
    async with opened(store_config) as store:
        await change_address(store, anna, "third@example.com")
    await other.put_back()
    assert await refused(store_config), "also of the time after it was mended"


async def test_replicas_that_start_at_once_are_all_refused(store_config: StoreConfig) -> None:
    anna = await restored_alone(store_config, KEYS)
    tried = await asyncio.gather(*(open_store(store_config) for _ in range(4)), return_exceptions=True)
    assert [each.cause for each in tried if isinstance(each, StoreUnavailableError)] == [OutageCause.NOT_REINDEXED] * 4
    await reindex_all(store_config)
    async with opened(store_config) as store:
        assert await owner(store, NEW) == anna


async def test_stores_of_the_same_time_start_at_once(store_config: StoreConfig) -> None:
    both = Backup(store_config, (MAIN, KEYS))
    async with opened(store_config) as store:
        (anna,) = await register(store, [newcomer(OLD)], now=WHEN)
        await change_address(store, anna, NEW)
        await sweep(store)
        await both.take()
        await change_address(store, anna, "third@example.com")
    await both.put_back()
    async with opened(store_config) as store:
        assert await owner(store, NEW) == anna


async def test_a_change_that_broke_off_makes_no_difference(store_config: StoreConfig) -> None:
    async with opened(store_config) as store:
        (anna,) = await register(store, [newcomer(OLD)], now=WHEN)
        with pytest.raises(RuntimeError):
            async with reserving(store) as reserved, store.write() as connection:
                wanted = LookupRequest(Lookup.EMAIL, store.keys.blind_index(Lookup.EMAIL, NEW), anna, anna)
                await reserved.take(connection, [wanted], WHEN)
                raise RuntimeError
        data, keys = await counted(store.reader, lookup_count), await counted(store._parts.key_reader, key_lookup_count)
    assert (data, keys) == (LookupCount(1, 1), LookupCount(2, 1))
    async with opened(store_config) as store:
        assert await owner(store, OLD) == anna


async def test_look_ups_of_customers_whom_the_data_lost_are_removed(store_config: StoreConfig) -> None:
    backup = Backup(store_config, (MAIN,))
    async with opened(store_config) as store:
        await register(store, [newcomer(OLD)], now=WHEN)
    await backup.take()
    async with opened(store_config) as store:
        await register(store, [newcomer(NEW)], now=WHEN)
        await sweep(store)
        await lookup_sweeping.release_unused(store)
        assert await addresses(store) == 2, "the data has both"
    await backup.put_back()
    assert await refused(store_config)
    assert await reindex_all(store_config) == (0, [])
    async with opened(store_config) as store:
        assert await addresses(store) == 1
        assert await register(store, [newcomer(NEW)], now=WHEN)


async def test_pages_of_what_the_data_lost_end(store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_sweeping, "PAGE", 2)
    async with opened(store_config) as store:
        ids = await register(store, [newcomer(f"p{each}@example.com") for each in range(7)], now=WHEN)
        while await sweep(store):
            pass
        async with store.write() as connection:
            await connection.execute(update(customers).where(C.id.in_(ids[::2])).values(email_ref=b"8 others"))
        await lookup_sweeping.release_unused(store)
        assert await addresses(store) == 3
        assert [await owner(store, f"p{each}@example.com") for each in (1, 3, 5)] == ids[1::2]

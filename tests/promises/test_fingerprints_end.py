"""(D15, D5) What a person was looked up by outlives neither them nor the root key, whatever backup is beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from sqlalchemy import LargeBinary, Table, select

from resolvers.customers.new_customer import (
    NewCredential,
    NewCustomer,
    NewDomain,
    NewService,
    PersonName,
    PostalAddress,
)
from resolvers.customers.registration import register
from store.crypto.blind_index import Lookup, blind_index
from store.crypto.key_tables import signing_keys, subject_keys, system_keys
from store.crypto.lookup_tables import lookup_epochs, lookups
from store.crypto.root_key import RootKeyError, RootKeys
from store.database.config import StoreConfig
from store.database.store import Store
from store.sql.metadata import key_metadata, metadata
from tests.stores import opened

pytestmark = pytest.mark.anyio

WHEN = datetime(2026, 11, 23, tzinfo=UTC)
HOME = PostalAddress("Rue du Lac 5", "1003", "Lausanne", "CH")
EMAIL, NUMBER, LOGIN, DOMAIN = "zelie@quark.example", "K-4711", "zelie.quark", "quark.example"
EXTERNAL = "crm:4711"
VALUES = {
    Lookup.EMAIL: EMAIL, Lookup.CUSTOMER_NUMBER: NUMBER, Lookup.LOGIN: LOGIN, Lookup.DOMAIN: DOMAIN,
    Lookup.EXTERNAL_ID: EXTERNAL, Lookup.SERVICE_NAME: DOMAIN,
}  # fmt: skip
PLACES = {subject_keys: ("subject", "customer_id"), system_keys: ("system", "name"), signing_keys: ("signing", "kid"),
          lookup_epochs: ("lookups", "epoch")}  # fmt: skip

Copy = dict[Table, list[dict[str, Any]]]


def person(email: str = EMAIL, number: str = NUMBER, login: str = LOGIN, name: str = DOMAIN) -> NewCustomer:
    domain = NewDomain(name, "example", "NATURAL_PERSON", "Zélie Quark", HOME, email, None, WHEN, None)
    return NewCustomer(
        PersonName("Zélie", "Quark"), email, HOME, WHEN, customer_number=number, external_id=f"crm:{number[2:]}",
        services=(NewService("DOMAIN", name, WHEN, domain=domain),),
        credentials=(NewCredential("CLIENT_AREA", login, None, WHEN, None),),
    )  # fmt: skip


async def copy_of(engine: Any, tables: list[Table]) -> Copy:
    """Every row of a database: a backup."""
    async with engine.connect() as connection:
        return {each: [dict(row) for row in (await connection.execute(select(each))).mappings()] for each in tables}


async def data_of(store: Store) -> Copy:
    return await copy_of(store._parts.engine, metadata.sorted_tables)


async def keys_of(store: Store) -> Copy:
    return await copy_of(store.keys.engine, key_metadata.sorted_tables)


def unwrapped(keys: Copy, root: RootKeys) -> Iterator[bytes]:
    """Every key of a key store that this root key opens."""
    for table, (word, column) in PLACES.items():
        for row in keys[table]:
            if row["wrapped"] is not None:
                try:
                    yield root.unwrap(row["root_version"], f"{word}:{row[column]}", bytes(row["wrapped"]))
                except RootKeyError:
                    continue


def confirmed(
    resting: list[Copy], keys: list[Copy], root: RootKeys, guesses: dict[Lookup, str] = VALUES
) -> set[Lookup]:
    """What somebody confirms who holds these databases and this root key, and tries a value that they guess.

    They take every key that opens, make the blind index under it, and look for it among all bytes that rest: as it is,
    or encrypted under any other key.
    """
    there = {
        bytes(value)
        for copy in resting for table, rows in copy.items() for row in rows for column in table.c
        if isinstance(column.type, LargeBinary) and (value := row[column.name]) is not None
    }  # fmt: skip
    opens = [key for each in keys for key in unwrapped(each, root) if len(key) == 32]
    found = set()
    for (lookup, value), key in product(guesses.items(), opens):
        index = blind_index(key, lookup, value)
        made = {index, *(Cipher(AES(other), ECB()).encryptor().update(index) for other in opens)}
        if made & there:
            found.add(lookup)
    return found


async def test_the_attack_confirms_a_living_customer(store: Store, store_config: StoreConfig) -> None:
    """What follows would prove nothing if the attack could not succeed: with both stores of today it does."""
    await register(store, [person()], now=WHEN)
    keys = await keys_of(store)
    assert confirmed([await data_of(store), keys], [keys], RootKeys(store_config.root_key_path)) == set(VALUES)


async def test_the_data_of_before_confirm_nobody(store: Store, store_config: StoreConfig) -> None:
    """A backup of the data from before beside today's key store, whether the customer is gone or lives."""
    ids = await register(store, [person(), person("b@example.com", "K-2", "b", "b.example")], now=WHEN)
    before, root = await data_of(store), RootKeys(store_config.root_key_path)
    assert confirmed([before], [await keys_of(store)], root) == set(), "in the data there is nothing to confirm by"
    await store.keys.destroy(ids[0])
    after = await keys_of(store)
    assert [row["customer_id"] for row in after[lookups]] == [ids[1]] * len(VALUES)
    assert confirmed([before, await data_of(store), after], [after], root) == set()
    others = {Lookup.EMAIL: "b@example.com", Lookup.LOGIN: "b"}
    assert confirmed([before, after], [after], root, others) == set(others), "who lives is found"


async def test_the_keys_of_before_confirm_nobody_after_a_rotation(store: Store, store_config: StoreConfig) -> None:
    """A backup of the key store from before beside today's data, key store and root key."""
    ids = await register(store, [person()], now=WHEN)
    before, data = await keys_of(store), await data_of(store)
    await store.keys.destroy(ids[0])
    root = RootKeys(store_config.root_key_path)
    assert confirmed([data, before], [before, await keys_of(store)], root) == set(VALUES), "until the root key is gone"
    await store.keys.rotate()
    assert await store.keys.destroy_old_roots() == [1]
    root, today = RootKeys(store_config.root_key_path), await keys_of(store)
    assert list(unwrapped(today, root)), "today's keys open"
    assert confirmed([data, await data_of(store), before, today], [before, today], root) == set()


async def test_the_index_key_lives_on_and_confirms_nothing(store_config: StoreConfig) -> None:
    """It is wrapped anew with each root key; the keys of look-ups are not, and every mark is another one afterwards."""
    async with opened(store_config) as store:
        await register(store, [person()], now=WHEN)
        before = {row["mark"] for row in (await keys_of(store))[lookups]}
        index = store.keys.blind_index(Lookup.EMAIL, EMAIL)
        await store.keys.rotate()
        today = await keys_of(store)
        assert store.keys.blind_index(Lookup.EMAIL, EMAIL) == index
        assert len(before) == len(VALUES) and not before & {row["mark"] for row in today[lookups]}
        assert [(row["epoch"], row["root_version"]) for row in today[lookup_epochs]] == [(2, 2)]
        held = await store.keys.lookups.find(Lookup.EMAIL, index)
        assert held.customer_id != 0

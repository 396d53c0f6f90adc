"""The key store: keys in the order of the ids, cached for a while, and gone everywhere once destroyed."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import bindparam, select

from store.crypto.blind_index import LENGTH, Lookup
from store.crypto.global_ids import GlobalIds
from store.crypto.key_store import SubjectErasedError
from store.crypto.key_tables import subject_keys, system_keys
from store.crypto.subject_key import SubjectKey
from store.database.config import StoreConfig
from store.database.store import Store
from store.sql.ids import new_id
from store.sql.metadata import instant
from tests.store.people import add_customers
from tests.stores import opened

IDS = GlobalIds({1: bytes(32)}, 1)
MONDAY = datetime.fromtimestamp(0, UTC) + timedelta(weeks=2969)
"""A week begins, as keys of the week are counted."""

pytestmark = pytest.mark.anyio


def watch(store: Store) -> list[str]:
    """The statements that the key store reads with, from now on."""
    seen: list[str] = []
    store._parts.key_reader.listeners.append(seen.append)
    return seen


async def test_keys_come_in_the_order_of_the_ids_with_one_statement(store_config: StoreConfig) -> None:
    async with opened(store_config) as store:
        ids = [new_id() for _ in range(30)]
        await store.keys.create(ids)
    async with opened(store_config) as store:
        seen = watch(store)
        asked = [*reversed(ids), 17, ids[3]]
        keys = await store.keys.subjects(asked)
        assert [key and key.customer_id for key in keys] == [*reversed(ids), None, ids[3]]
        assert len(seen) == 1
        again = await store.keys.subjects(ids)
        assert len(seen) == 1, "cached"
        assert again == [*reversed(keys[:30])]
        assert await store.keys.subjects([]) == []


async def test_a_customer_keeps_the_key_whoever_creates_it_twice(store: Store) -> None:
    id_ = new_id()
    (first,), (second,) = await asyncio.gather(store.keys.create([id_]), store.keys.create([id_]))
    assert first.pseudonym == second.pseudonym
    sealed = first.seal("customers.email", id_, b"a")
    assert second.open("customers.email", id_, sealed) == b"a"


async def test_pseudonyms_are_22_characters_differ_and_stay(store_config: StoreConfig) -> None:
    ids = [new_id() for _ in range(50)]
    async with opened(store_config) as store:
        before = [key.pseudonym for key in await store.keys.create(ids)]
    async with opened(store_config) as store:
        after = [key.pseudonym for key in await store.keys.subjects(ids) if key]
    assert before == after
    assert len(set(before)) == 50
    assert {len(pseudonym) for pseudonym in before} == {22}


async def test_a_destroyed_key_is_gone_and_cannot_be_made_again(store: Store) -> None:
    first, second = await add_customers(store, 2)
    mark = await store.keys.destroy(first)
    assert mark is not None
    assert len(mark) == 16
    gone, kept = await store.keys.subjects([first, second])
    assert gone is None
    assert kept is not None
    assert await store.keys.destroy(first) == mark, "asking again is harmless"
    with pytest.raises(SubjectErasedError):
        await store.keys.create([first])
    assert await store.keys.subjects([first]) == [None]
    assert await store.keys.destroy(new_id()) is None
    reader = store._parts.key_reader
    row = reader.prepare(select(subject_keys).where(subject_keys.c.customer_id == bindparam("id")))
    ((_, _, wrapped, left, _, destroyed_at, number),) = await reader.fetch(row, {"id": first})
    assert wrapped is None
    assert left == mark
    assert instant(destroyed_at) and number == 1


async def test_a_key_destroyed_by_one_replica_dies_on_the_others(store_config: StoreConfig) -> None:
    quick = replace(store_config, key_max_age=0.2)
    async with opened(store_config) as one, opened(quick) as other:
        (id_,) = await add_customers(one, 1)
        assert (await other.keys.subjects([id_]))[0] is not None
        await one.keys.destroy(id_)
        assert await one.keys.subjects([id_]) == [None]
        await asyncio.sleep(0.25)
        assert await other.keys.subjects([id_]) == [None]


async def test_a_key_read_while_it_is_destroyed_is_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (id_,) = [key.customer_id for key in await store.keys.create([new_id()])]
    store.keys._kept.clear()
    was_read, go_on = asyncio.Event(), asyncio.Event()
    fetch = store.keys._reader.fetch

    async def held_up(*arguments: Any) -> Any:
        rows = await fetch(*arguments)
        was_read.set()
        await go_on.wait()
        return rows

    monkeypatch.setattr(store.keys._reader, "fetch", held_up)
    reading = asyncio.create_task(store.keys.subjects([id_]))
    await was_read.wait()
    await store.keys.destroy(id_)
    go_on.set()
    await reading
    assert await store.keys.subjects([id_]) == [None]


async def test_the_cache_is_bounded_and_the_oldest_go_first(store_config: StoreConfig) -> None:
    async with opened(replace(store_config, keys_kept=10)) as store:
        ids = [new_id() for _ in range(25)]
        await store.keys.create(ids)
        keys = await store.keys.subjects(ids)
        assert None not in keys, "more than the cache holds are answered all the same"
        assert list(store.keys._kept) and len(store.keys._kept) <= 10
        seen = watch(store)
        await store.keys.subjects(list(store.keys._kept))
        assert not seen


async def test_a_key_says_nothing_when_printed() -> None:
    key = SubjectKey(7, b"0123456789abcdef0123456789abcdef", 0.0, IDS)
    assert repr(key) == str(key) == f"<key of {IDS('Customer', 7, 7)}>"
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize(
    ("kind", "alike"),
    [
        ("email", [" Anna@Example.com", "anna@example.COM "]),
        ("email", ["jose\u0301@example.com", "jos\u00e9@example.com"]),
        ("customer_number", ["k-10", "K-10 "]),
        ("domain", ["Example.COM.", "example.com"]),
        ("login", ["Anna", "anna"]),
    ],
)
async def test_alike_values_are_looked_up_alike(store: Store, kind: str, alike: list[str]) -> None:
    indexes = [store.keys.blind_index(kind, value) for value in alike]
    assert all(one == other for one, other in pairwise(indexes))
    assert {len(index) for index in indexes} == {LENGTH}


async def test_look_ups_differ_by_kind_value_and_store(store: Store, databases: object, store_kind: str) -> None:
    made = {store.keys.blind_index(kind, value) for kind in Lookup for value in ("a1", "b2", "c3")}
    assert len(made) == 3 * len(Lookup)
    assert store.keys.blind_index("email", "a1") == store.keys.blind_index(Lookup.EMAIL, "a1")
    with pytest.raises(ValueError, match="nothing is looked up by shoe size"):
        store.keys.blind_index("shoe size", "44")
    async with databases.fresh(store_kind) as other, opened(other) as another:  # type: ignore[attr-defined]
        assert another.keys.blind_index("email", "a1") not in made


async def test_house_keys_are_the_same_for_all_who_ask(store_config: StoreConfig) -> None:
    async with opened(store_config) as one, opened(store_config) as two:
        keys = await asyncio.gather(*[store.keys.system.named("cursor") for store in (one, two) for _ in range(3)])
        assert len(set(keys)) == 1
        assert len(keys[0]) == 32
        assert await one.keys.system.named("other") != keys[0]


async def house_rows(store: Store) -> dict[str, bytes]:
    query = store.keys._reader.prepare(select(system_keys.c.name, system_keys.c.wrapped))
    return {name: bytes(wrapped) for name, wrapped in await store.keys._reader.fetch(query, {})}


async def test_a_key_of_the_week_is_gone_with_its_week(store_config: StoreConfig) -> None:
    """D10: one row, whoever asks; also that of a release which kept one for ever."""
    async with opened(store_config) as one, opened(store_config) as two:
        lasting = await one.keys.system.named("guesses")
        first = await asyncio.gather(*[each.keys.system.weekly("guesses", MONDAY) for each in (one, two, one, two)])
        assert len(set(first)) == 1 and len(first[0]) == 32 and first[0] != lasting
        assert await two.keys.system.weekly("guesses", MONDAY + timedelta(days=6, hours=23)) == first[0]
        assert await one.keys.system.weekly("letters", MONDAY) != first[0]
        before = await house_rows(one)
        assert "guesses" not in before
        later = [MONDAY + timedelta(weeks=weeks) for weeks in (1, 2, 9)]
        keys = [
            (await one.keys.system.weekly("guesses", at), await two.keys.system.weekly("guesses", at)) for at in later
        ]
        assert all(mine == theirs for mine, theirs in keys)
        assert len({first[0], *(mine for mine, _ in keys)}) == 4
        after = await house_rows(one)
        assert len([name for name in after if name.startswith("guesses")]) == 1
        assert len(after) == len(before) and not {before[n] for n in before if "guesses" in n} & set(after.values())


async def test_a_key_of_the_week_ends_though_nobody_asks_for_the_next(store_config: StoreConfig) -> None:
    """By the hourly round, `Store.tidy`, in whichever process."""
    async with opened(store_config) as one, opened(store_config) as two:
        await one.keys.system.weekly("guesses", MONDAY)
        before = await house_rows(one)
        await two.tidy(MONDAY + timedelta(days=6))
        assert await house_rows(one) == before
        await two.tidy(MONDAY + timedelta(days=8))
        gone = set(before.items()) - set((await house_rows(one)).items())
        assert [name.partition(":")[0] for name, _ in gone] == ["guesses"]


async def test_clocks_that_differ_make_one_key_of_the_week(store_config: StoreConfig) -> None:
    """F3: who is behind by a little goes on with the newest; what a clock of years ahead made is replaced."""
    async with opened(store_config) as one, opened(store_config) as two:
        ahead = await one.keys.system.weekly("guesses", MONDAY)
        assert await two.keys.system.weekly("guesses", MONDAY - timedelta(seconds=1)) == ahead
        assert await two.keys.system.weekly("guesses", MONDAY) == ahead
        wrong = await one.keys.system.weekly("guesses", MONDAY + timedelta(weeks=500))
        right = await two.keys.system.weekly("guesses", MONDAY + timedelta(weeks=2))
        assert right not in (ahead, wrong)
        assert await one.keys.system.weekly("guesses", MONDAY + timedelta(weeks=2)) == right


async def test_keys_of_the_week_survive_a_rotation_of_the_root_key(store_config: StoreConfig) -> None:
    async with opened(store_config) as one:
        key = await one.keys.system.weekly("guesses", MONDAY)
        await one.keys.rotate()
    async with opened(store_config) as again:
        assert await again.keys.system.weekly("guesses", MONDAY) == key


async def test_hashes_under_a_customers_key_differ_by_kind_value_and_customer() -> None:
    """D10: HKDF-Expand (RFC 5869) of the data key, as an independent implementation has it."""
    key = SubjectKey(7, b"k" * 32, 0, IDS)
    expanded = HKDFExpand(SHA256(), 32, b"gateway keyed hash: card").derive(b"k" * 32)
    assert key.keyed_hash("card", b"4111") == hmac.digest(expanded, b"4111", "sha256")[:16]
    other = SubjectKey(7, b"j" * 32, 0, IDS)
    values = [(kind, value) for kind in ("card", "context") for value in (b"", b"1")]
    made = {each.keyed_hash(kind, value) for each in (key, other) for kind, value in values}
    assert len(made) == 8
    assert "4111" not in repr(key) and "kkkk" not in repr(key)


async def test_signing_keys_are_kept_listed_and_retired(store_config: StoreConfig) -> None:
    async with opened(store_config) as store:
        assert await store.keys.system.signing_keys() == []
        assert await store.keys.system.add_signing_key("k1", b"private", '{"kty":"EC"}')
        assert not await store.keys.system.add_signing_key("k1", b"other", "{}"), "the first one stays"
        await store.keys.system.retire_signing_key("k1")
    async with opened(store_config) as store:
        (key,) = await store.keys.system.signing_keys()
        assert (key.kid, key.private, key.public_jwk) == ("k1", b"private", '{"kty":"EC"}')
        assert key.retired_at is not None and key.retired_at >= key.created_at
        assert "private" not in repr(key).replace("public_jwk", "")

"""Keys that change by themselves (O8), rows that go, values that work once, failures counted: on both stores."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Table, func, insert, select

from gateway.tokens.signing_keys import ANNOUNCED
from resolvers.account.signins_tidying import tidy
from store.database.config import StoreConfig
from store.database.store import Store
from store.queue.rate_limit import AttemptRate, FailureLimiter
from store.queue.revocations import News, announce, client_changed, end_sessions
from store.queue.single_use import SingleUse
from store.tables.oauth import oauth_codes, oauth_families, revocations, slowdowns, used_values
from tests.gateway.desk import LIFE, START, Desk
from tests.store.people import add_customers
from tests.stores import opened
from workers.operations.housekeeping import Housekeeping

pytestmark = pytest.mark.anyio
NOW = datetime.fromtimestamp(START, UTC)
HOUR = timedelta(hours=1)


@dataclass
class Replica:
    """A desk that keeps house."""

    desk: Desk
    work: Housekeeping

    @classmethod
    def at(cls, store: Store, days: int = 30) -> Replica:
        desk = Desk(store)
        return cls(desk, Housekeeping(store, desk.keys, SingleUse(store), timedelta(days=days), tidy))

    async def round(self) -> None:
        await self.work.round(datetime.fromtimestamp(self.desk.clock(), UTC))


async def test_keys_change_on_schedule_and_no_token_is_refused(store_config: StoreConfig) -> None:
    """O8: two replicas keep house for 72 days; each token works at both, and three keys have signed."""
    async with opened(store_config) as one, opened(store_config) as two:
        first, second = Replica.at(one), Replica.at(two)
        second.desk.clock = first.desk.clock
        second.desk.__post_init__()
        second.work = Housekeeping(two, second.desk.keys, SingleUse(two), timedelta(days=30), tidy)
        replicas, signers = (first, second), []
        await first.desk.keys.open()
        for _ in range(24):
            first.desk.clock.time += 3 * 86_400
            for _ in range(3):
                await asyncio.gather(*(replica.round() for replica in replicas))
                tokens = [await replica.desk.token() for replica in replicas]
                signers += [(await replica.desk.keys.signing())[0] for replica in replicas]
                first.desk.clock.time += ANNOUNCED.total_seconds()
                for token in tokens:
                    for replica in replicas:
                        await replica.desk.tokens.verify(token)
        assert len(set(signers)) == 3
        assert len(await first.desk.keys.listed()) <= 2, "what nothing needs any more is gone"


async def test_two_replicas_make_one_new_key(store: Store) -> None:
    replicas = [Replica.at(store) for _ in range(2)]
    await replicas[0].round()
    for replica in replicas:
        replica.desk.clock.time += 31 * 86_400
    await asyncio.gather(*(replica.round() for replica in replicas))
    replicas[0].desk.clock.time += 61
    states = [state for _, state in await replicas[0].desk.keys.listed()]
    assert states == ["signs", "announced"]


async def test_zero_days_mean_never(store: Store) -> None:
    replica = Replica.at(store, days=0)
    await replica.round()
    replica.desk.clock.time += 10_000 * 86_400
    await replica.round()
    assert len(await replica.desk.keys.listed()) == 1


async def count(store: Store, table: Table) -> int:
    async with store.write() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def test_what_is_over_goes_and_what_is_not_stays(store: Store) -> None:
    replica = Replica.at(store)
    await replica.desk.register()
    (customer,) = await add_customers(store, 1)
    common = {
        "customer_id": customer, "client_id": "billing", "scope": "a", "session_id": 1, "authenticated_at": NOW,
        "amr": "pwd",
    }  # fmt: skip
    code = common | {"redirect_uri": "x", "challenge": "c", "refreshable": True, "used_at": NOW}
    family = common | {"salt": b"s" * 16, "generation": 0, "created_at": NOW, "ends_at": NOW + 99 * HOUR}
    async with store.write() as connection:
        for number, hours in enumerate((1, 48)):
            until = NOW + hours * HOUR
            await connection.execute(insert(oauth_families), family | {"id": number, "expires_at": until})
            row = code | {"hash": bytes([number]) * 32, "family_id": number, "expires_at": NOW}
            await connection.execute(insert(oauth_codes), row)
            await connection.execute(insert(used_values), {"hash": bytes([number]) * 32, "until": until})
            await connection.execute(insert(slowdowns), {"key": str(number), "due": until.timestamp() * 1000})
            await connection.run_sync(announce, [News("TOKEN", str(number), until)])
    tables = (oauth_families, oauth_codes, used_values, revocations)
    for hours, left in ((0, 2), (26, 1), (80, 0)):
        await replica.work.tidy(NOW + hours * HOUR)
        assert [await count(store, table) for table in tables] == [left, left, left, max(left, 1)], hours


async def test_a_value_works_once_however_many_bring_it(store_config: StoreConfig) -> None:
    """F4: at two replicas, at the same moment; a value of another kind is another value."""
    async with opened(store_config) as one, opened(store_config) as two:
        users = [SingleUse(one), SingleUse(two)]
        until = datetime.now(UTC) + HOUR
        for value in ("a", "b"):
            answers = await asyncio.gather(*(users[number % 2].claim("kind", value, until) for number in range(20)))
            assert answers.count(True) == 1
        assert await users[0].claim("other", "a", until)
        many = await asyncio.gather(*(users[n % 2].claim("kind", str(n), until) for n in range(1_200)))
        assert all(many)
        assert not any(await asyncio.gather(*(users[1].claim("kind", str(n), until) for n in range(1_200))))


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_when_nobody_can_tell_nobody_is_let_in(store: Store) -> None:
    """F2: every one of them learns it, and the next ones are answered again."""
    single, broken = SingleUse(store), RuntimeError("no store")

    class Broken:
        def write(self) -> None:
            raise broken

    single._store = Broken()  # type: ignore[assignment]
    until = datetime.now(UTC) + HOUR
    answers = await asyncio.gather(*(single.claim("k", str(n), until) for n in range(3)), return_exceptions=True)
    assert answers == [broken] * 3
    single._store = store
    assert await single.claim("k", "0", until)


@dataclass
class Moment:
    time: float = START

    def __call__(self) -> float:
        return self.time


async def test_failures_are_counted_together_and_forgotten_one_by_one(store_config: StoreConfig) -> None:
    async with opened(store_config) as one, opened(store_config) as two:
        clock = Moment()
        replicas = [FailureLimiter(one, clock), FailureLimiter(two, clock)]
        pace = {"name": AttemptRate(burst=3, seconds=10)}
        for number in range(3):
            assert await replicas[number % 2].waits(pace) == {"name": 0}
            await replicas[number % 2].count(pace)
        assert await replicas[1].waits(pace) == {"name": 10}
        clock.time += 9
        assert await replicas[0].waits(pace) == {"name": 1}
        clock.time += 1
        assert await replicas[0].waits(pace) == {"name": 0}
        await asyncio.gather(*(replica.count(pace) for replica in replicas * 2))
        assert (await replicas[0].waits(pace))["name"] == 40
        assert await replicas[0].waits({"another": AttemptRate(3, 10)}) == {"another": 0}


async def test_a_clock_that_was_set_back_locks_nobody_out(store: Store) -> None:
    """F3."""
    clock = Moment(START + 10**7)
    slow = FailureLimiter(store, clock)
    pace = {"name": AttemptRate(burst=2, seconds=10)}
    for _ in range(5):
        await slow.count(pace)
    clock.time = START
    assert await slow.waits(pace) == {"name": 0}
    for _ in range(2):
        await slow.count(pace)
    assert await slow.waits(pace) == {"name": 10}


async def test_the_table_of_failures_names_nobody(store: Store) -> None:
    """D1: a keyed hash of the address, not the address."""
    slow = FailureLimiter(store, Moment())
    await slow.count({"client:billing:192.0.2.7": AttemptRate(2, 10)})
    async with store.write() as connection:
        (key,) = (await connection.execute(select(slowdowns.c.key))).scalars()
    assert len(key) == 32
    assert "192" not in key or int(key, 16)


async def test_revocations_are_numbered_without_a_gap_by_any_number_of_writers(store_config: StoreConfig) -> None:
    """O5: who has read up to a number has missed none before it."""
    async with opened(store_config) as one, opened(store_config) as two:

        async def write(number: int) -> None:
            async with (one, two)[number % 2].write() as connection:
                await end_sessions(connection, [number], NOW)

        await asyncio.gather(*(write(number) for number in range(30)))
        async with one.write() as connection:
            found = list((await connection.execute(select(revocations.c.sequence).order_by("sequence"))).scalars())
        assert found == list(range(1, 31))


async def test_a_list_that_is_another_one_is_read_anew(store: Store) -> None:
    """A store that was restored from a backup: what was known stays known, and nothing new is missed."""
    desk = Desk(store)
    await desk.register()
    tokens = [await desk.token() for _ in range(3)]
    ids = [(await desk.tokens.verify(token)).token_id for token in tokens]

    async def write(*which: int, first: bool = False) -> None:
        async with store.write() as connection:
            if first:
                await connection.execute(revocations.delete())
            news = [News("TOKEN", ids[number], NOW + HOUR) for number in which]
            await connection.run_sync(announce, news)

    async def ended() -> list[bool]:
        await desk.revocations.follow()
        return [await desk.revocations.has_ended((await desk.tokens.verify(token)).marks) for token in tokens]

    await write(0)
    assert await ended() == [True, False, False]
    await write(1, first=True)
    assert await ended() == [True, True, False]
    await write(first=True)
    assert await ended() == [True, True, False]
    await write(2)
    assert await ended() == [True, True, True]


async def test_a_changed_client_is_read_again_at_once(store: Store) -> None:
    desk = Desk(store)
    await desk.register()
    token = await desk.token()
    assert (await desk.authenticator.authenticate(token)).max_page == 50
    await desk.change("billing", max_page=7)
    assert (await desk.authenticator.authenticate(token)).max_page == 50, "nobody said so"
    async with store.write() as connection:
        await client_changed(connection, "billing", NOW)
    assert (await desk.authenticator.authenticate(token)).max_page == 7


async def test_what_is_forgotten_was_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by what may still come."""
    monkeypatch.setattr("store.queue.revocation_list.TIDY_EVERY", 10)
    desk = Desk(store)
    async with store.write() as connection:
        news = [News("TOKEN", str(n), NOW + timedelta(seconds=LIFE if n % 2 else -1)) for n in range(10)]
        await connection.run_sync(announce, news)
    await desk.revocations.follow()
    assert sorted(value for _, value in desk.revocations._ended) == ["1", "3", "5", "7", "9"]

"""The forms of libpq: several hosts are failed over between, and none is left out in silence."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from store.database.config import FEWEST, Pools, StoreConfig
from store.sql.addresses import Address, connect_postgresql
from store.sql.semaphore import IdleConnections
from tests.stores import opened


@pytest.mark.parametrize(
    ("text", "hosts", "target"),
    [
        ("postgresql://u@/db", (), None),
        ("postgresql://u@a/db", (("a", 5432),), None),
        ("postgresql://u@a:1,b:2/db", (("a", 1), ("b", 2)), "primary"),
        ("postgresql://u@a,b/db?sslmode=require", (("a", 5432), ("b", 5432)), "primary"),
        ("postgresql://u@[::1]:7,b/db", (("::1", 7), ("b", 5432)), "primary"),
        ("postgresql://u@/db?host=a,b&port=1,2", (("a", 1), ("b", 2)), "primary"),
        ("postgresql://u@/db?host=a,b&port=7", (("a", 7), ("b", 7)), "primary"),
        ("postgresql://u@/db?host=/run/x", (("/run/x", 5432),), None),
        ("postgresql://u@%2Frun%2Fx/db", (("/run/x", 5432),), None),
        ("postgresql://u@a,b/db?target_session_attrs=any", (("a", 5432), ("b", 5432)), "any"),
        # A session that only reads would never find a server that writes.
        ("postgresql://u@a/db?target_session_attrs=read-write", (("a", 5432),), "primary"),
    ],
)
def test_each_form_names_its_hosts(text: str, hosts: tuple[tuple[str, int], ...], target: str | None) -> None:
    address = Address.parse(text)
    assert (address.hosts, address.target) == (hosts, target)
    assert Address.parse(address.dsn).hosts == hosts, "what is handed on is the same"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("postgresql://u:secret@a:x/db", "postgresql://USER@HOST:PORT/NAME"),
        ("postgresql://u:secret@/db?host=a,b&port=1,2,3", "postgresql://USER@HOST:PORT/NAME"),
        ("postgresql://u:secret@a/db?host=b", "once"),
        ("postgresql://u:secret@a,b/db?target_session_attrs=standby", "standby"),
        ("mysql://u:secret@a/db", "sqlite:// or postgresql://"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        Address.parse(text)
    assert "secret" not in str(refused.value)


@pytest.mark.anyio
@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_host_that_is_gone_is_passed_by(store_config: StoreConfig) -> None:
    """One that refuses, and one that takes connections and says nothing, as a machine without power would."""
    real = parse_qs(urlsplit(store_config.database_url).query)["host"][0]
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hosts = (("/nowhere", 5432), ("127.0.0.1", silent.getsockname()[1]), (real, 5432))
        address = replace(store_config.database, hosts=hosts)
        for patience in (1.0, 30.0):  # The second time it is asked first: nothing is waited for.
            connection = await connect_postgresql(address, "test", 1.0, connect_timeout=patience)
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()


@pytest.mark.anyio
@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_every_session_is_set_to_what_is_relied_on(store_config: StoreConfig) -> None:
    """Whatever the server is set to: a commit that does not wait for the disk, another isolation."""
    owner = await connect_postgresql(store_config.database, "test", 1.0)
    name = store_config.database.url.database
    await owner.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'")
    await owner.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    await owner.close()
    session = await connect_postgresql(store_config.database, "test", 1.0)
    assert await session.fetchval("SHOW synchronous_commit") == "on"
    assert await session.fetchval("SHOW transaction_isolation") == "read committed"
    await session.close()
    async with opened(store_config) as store:
        await store.ready()


@pytest.mark.parametrize("connections", [FEWEST, 11, 12, 20, 30, 99, 100])
def test_the_pools_are_together_what_was_allowed(connections: int) -> None:
    pools = Pools.of(connections)
    each = (pools.readers, pools.writers, pools.key_readers, pools.key_writers)
    assert min(each) >= 1 and sum(each) + Pools.SINGLE == connections


def test_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="10"):
        Pools.of(FEWEST - 1)


@pytest.mark.anyio
async def test_connections_without_a_use_are_given_back() -> None:
    closed: list[int] = []
    idle = IdleConnections(closed.append, seconds=0.2)
    for number in range(3):
        idle.put(number)
    async with asyncio.timeout(60):
        while len(closed) < 2:
            # The last one is in use all the time, and so it stays.
            used = idle.take()
            assert used == 2
            idle.put(used)
            await asyncio.sleep(0.01)
        assert closed == [0, 1]
        while len(closed) < 3:  # noqa: ASYNC110  (nothing tells that a connection was closed)
            await asyncio.sleep(0.01)
    assert (closed, idle.take(), len(idle)) == ([0, 1, 2], None, 0)

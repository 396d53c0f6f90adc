"""A database that is down when the gateway starts, and goes away while it runs: 503, then on as before (F2)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.gateway.servers import Running, command, running
from tests.postgres import PostgresServer


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test alone, which it may stop."""
    postgres = PostgresServer()
    try:
        yield postgres
    finally:
        postgres.remove()


def ask(gateway: Running, token: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"}
    query = {"query": "{ customers(first: 1) { nodes { fullName } } }"}
    return httpx.post(f"{gateway.url}/graphql", json=query, headers=headers, timeout=120)


def until_answered(gateway: Running, token: str) -> None:
    deadline = time.monotonic() + 120
    while (answer := ask(gateway, token)).status_code != 200:
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < deadline, gateway.log()
        time.sleep(0.2)
    assert answer.json()["data"]["customers"]["nodes"]


def assert_out(gateway: Running, token: str) -> None:
    """Typed, with a time to wait, and without a word of the database."""
    answers = [ask(gateway, token), httpx.get(f"{gateway.url}/readyz", timeout=120)]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers.get("retry-after", "0")) > 0, answer.text
        assert "postgres" not in answer.text.lower()
        assert "SELECT" not in answer.text
    assert httpx.get(f"{gateway.url}/healthz").status_code == 200


async def _databases(server: PostgresServer) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    for name in ("main", "keys"):
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


def test_the_gateway_outlives_its_database(server: PostgresServer, tmp_path: Path) -> None:
    asyncio.run(_databases(server))
    settings = {"GATEWAY_DATABASE_URL": server.url("main"), "GATEWAY_KEY_STORE_URL": server.url("keys")}
    with running(["-m", "gateway", "demo"], tmp_path, **settings) as gateway:  # 1. it runs
        token = command(["token", "billing"], tmp_path, **settings).stdout.strip()
        until_answered(gateway, token)
        server.stop()  # 2. the database goes away
        assert_out(gateway, token)
        server.start()  # 3. and comes back
        until_answered(gateway, token)
        server.stop()
        assert gateway.stop() == 0
        assert "Traceback" not in gateway.log()
    with running(
        ["-m", "gateway", "serve"], tmp_path, GATEWAY_DEMO="yes", **settings
    ) as gateway:  # 4. it starts without
        assert_out(gateway, token)
        server.start()
        until_answered(gateway, token)
        assert httpx.get(f"{gateway.url}/readyz").status_code == 200
        assert len(httpx.get(f"{gateway.url}/.well-known/jwks.json").json()["keys"]) == 1
        assert gateway.stop() == 0

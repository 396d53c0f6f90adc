"""The metrics of requests, sign-ins and pools, by registered names alone; and what is told while the store is down."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Router

from gateway.api.metrics import list_routes, of_sign_ins
from store.database.store import Store
from store.ledger.append import LedgerAppender
from store.sql.errors import OutageCause, StoreUnavailableError
from tests.store.people import add_customers

pytestmark = pytest.mark.anyio


async def families(store: Store, **more: Any) -> dict[str, dict[tuple[str, ...], float]]:
    """The values of each family by its labels' values."""
    routes = list_routes(store, {}, [ip_network("127.0.0.0/8")], lambda: datetime.now(UTC), **more)
    transport = httpx.ASGITransport(Router(routes=routes), client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    found = text_string_to_metric_families(answer.text)
    return {each.name: {tuple(sample.labels.values()): sample.value for sample in each.samples} for each in found}


async def test_what_the_process_is_busy_with_is_told(store: Store) -> None:
    owners = await add_customers(store, 3)
    await store.keys.subjects(owners)
    await asyncio.gather(*(store.ledger.append({"n": number}) for number in range(20)))
    found = await families(store, more=[of_sign_ins({("password", "SignedIn"): 2})])
    assert found["gateway_sign_ins"] == {("password", "SignedIn"): 2}
    assert found["gateway_key_lookups"][("cached",)] >= 3
    assert found["gateway_ledger_entries"][()] == 20 > found["gateway_ledger_commits"][()], "commits are shared"
    assert found["gateway_ledger_withheld"] == {(): 0} and found["gateway_store_up"] == {(): 1}
    if store.on_server:
        assert found["gateway_database_connections_most"].keys() == {("read",), ("write",), ("keys",)}
        assert set(found["gateway_database_connections_used"].values()) == {0}


async def test_while_the_store_is_down_the_rest_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailableError(OutageCause.DOWN)

    monkeypatch.setattr(store.reader, "fetch", down)
    found = await families(store)
    assert found["gateway_store_up"] == {(): 0} and "gateway_ledger_entries" in found


class _Writer:
    async def write(self, entries: object) -> None:
        await asyncio.sleep(0)


async def test_a_group_is_one_commit() -> None:
    ledger = LedgerAppender(_Writer())  # type: ignore[arg-type]
    await asyncio.gather(*(ledger.append({"n": number}) for number in range(50)))
    assert (ledger.entries, ledger.groups) == (50, 1)

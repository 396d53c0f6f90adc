"""Durations of requests as Prometheus reads them: by addresses that the gateway has, and by nothing that was asked."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from gateway.http.latencies import Latencies
from gateway.http.middleware import Observed
from tests.gateway.servers import running

pytestmark = pytest.mark.anyio


async def _fails(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError


async def test_each_request_is_observed_under_an_address_of_ours() -> None:
    registry = CollectorRegistry()
    routes = [Route("/known", lambda _: PlainTextResponse("ok")), Route("/broken", _fails)]
    app = Observed(Router(routes=routes), frozenset({"/known", "/broken"}), [Latencies(registry).observe])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        for path in ("/known", "/known?email=ada%40example.net", "/ada@example.net", "/broken"):
            await http.get(path)
        await http.request("ADA", "/known")
    text = generate_latest(registry).decode()
    assert "ada" not in text.lower()
    counted = {
        tuple(sample.labels[name] for name in ("path", "method", "status")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.endswith("_count")
    }
    assert counted == {
        ("/known", "GET", "2xx"): 2,
        ("(other)", "GET", "4xx"): 1,
        ("/broken", "GET", "5xx"): 1,
        ("/known", "(other)", "4xx"): 1,
    }


def test_a_gateway_tells_how_long_its_requests_take(tmp_path: Path) -> None:
    """The whole way: settings, server, a request, and what a Prometheus server would read of it."""
    with running(["-m", "gateway", "demo"], tmp_path, GATEWAY_METRICS="127.0.0.0/8") as server:
        assert httpx.post(f"{server.url}/graphql", json={"query": "{ me { id } }"}).status_code == 401
        answer = httpx.get(f"{server.url}/metrics")
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}
    asked = {"path": "/graphql", "method": "POST", "status": "4xx", "le": "+Inf"}
    samples = families["gateway_http_request_duration_seconds"].samples
    assert [each.value for each in samples if each.labels == asked] == [1]
    assert {"gateway_erasures", "gateway_outbox_waiting", "gateway_ledger_unsealed"} <= families.keys()

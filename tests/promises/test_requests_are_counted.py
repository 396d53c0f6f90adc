"""Requests are counted by client, purpose and outcome: registered names and words of the policy, and no value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gateway.api.metrics import Collected, of_graphql
from policy.purposes import Purpose
from tests.promises.gate import Gate, grant

pytestmark = pytest.mark.anyio


async def test_requests_are_counted_by_client_purpose_and_outcome(gate: Gate) -> None:
    before = dict(gate.api.requests)
    who = grant(Purpose.INVOICING)
    for asked in ("{ customers(first: 1) { nodes { id } } }", "{ customers(first: 1) { nodes { phone } } }", "{ no }"):
        await gate.ask(asked, who)
    new = {key: count - before.get(key, 0) for key, count in gate.api.requests.items() if count != before.get(key)}
    assert new == {
        (who.client_id, "INVOICING", "OK"): 1,
        (who.client_id, "", "REFUSED"): 1,
        (who.client_id, "", "REQUEST_ERROR"): 1,
    }
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected(list(await of_graphql(gate.api.requests)(datetime.now(UTC)))))
    text = generate_latest(registry).decode()
    assert f'gateway_graphql_requests_total{{client="{who.client_id}",outcome="OK",purpose="INVOICING"}}' in text

"""`gateway audit use`: who read a field, from the ledger, before it is removed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audits.reports.coordinate_use import coordinate_report, coordinate_uses
from policy.purposes import Purpose
from store.database.store import Store
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio


async def test_what_was_read_is_told_with_client_and_purpose(store: Store) -> None:
    gate = await Gate.of(store, 3)
    billing = grant(Purpose.INVOICING, client="billing")
    for _ in range(2):
        assert (await gate.ask("{ customers(first: 2) { nodes { id fullName } } }", billing)).data
    assert (await gate.ask("{ me { fullName email } }", own(gate.ids[0], client="web"))).data
    asked = ("Customer.fullName", "Customer.email", "Customer.phone")
    found = await coordinate_uses(store.ledger_reader, asked, TODAY - timedelta(days=1))
    assert [(each.coordinate, each.client, each.purpose, each.operations) for each in found] == [
        ("Customer.email", "web", "SELF_SERVICE", 1),
        ("Customer.fullName", "billing", "INVOICING", 2),
        ("Customer.fullName", "web", "SELF_SERVICE", 1),
    ]
    assert {each.last for each in found} == {int(TODAY.timestamp())}
    data = coordinate_report(found, asked, TODAY).data
    assert data["unused"] == ["Customer.phone"]
    later = await coordinate_uses(store.ledger_reader, asked, TODAY + timedelta(days=400))
    assert later == [], "what is older does not count"

"""(G17) A refusal leaves a log line, a metric and a sum (client, purpose, coordinate, reason), and never a value."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.routing import Router

from audits.reports.refusals import refusal_facts, refusals_report
from gateway.api.metrics import list_routes
from policy.grant import Grant
from policy.purposes import Purpose
from schema.api.api import Api
from schema.documents.requests import Denial, RequestOutcome
from store.database.store import Store
from store.operations.refusals import refusal_counts
from tests.promises.gate import PATIENT, TODAY, Answer, Gate, grant
from workers.operations.refusals import BEYOND, ROOM, Refusals

pytestmark = pytest.mark.anyio
BILLING = grant(Purpose.INVOICING, client="billing")
PHONES = "{ customers(first: 2) { nodes { fullName phone productNews } } }"


class Counting:
    """A gate whose refusals are counted, by the clock of the test."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.time = gate, TODAY.timestamp()
        self.refusals = self.replica()
        gate.api = Api(gate.store, PATIENT, clock=gate.clock, tally=self.refusals)

    def replica(self) -> Refusals:
        return Refusals(self.gate.store, lambda: self.time)

    async def ask(self, query: str, who: Grant, **request: Any) -> Answer:
        return await self.gate.ask(query, who, **request)

    async def sums(self) -> dict[tuple[str, str, str, str], int]:
        await self.refusals.write()
        columns = [refusal_counts.c[name] for name in ("client_id", "purpose", "coordinate", "reason", "operations")]
        async with self.gate.store.write() as connection:
            return {tuple(row[:4]): row[4] for row in (await connection.execute(select(*columns))).all()}


@pytest.fixture
async def counting(store: Store) -> Counting:
    return Counting(await Gate.of(store, 2))


async def test_the_request_itself_pays_no_statement_for_it(counting: Counting) -> None:
    """(G17) Cheaper than any answer: nothing is read, and nothing is written before the background does."""
    for _ in range(3):
        answer = await counting.ask(PHONES, BILLING)
        assert answer.kind is RequestOutcome.REFUSED and answer.statements == answer.key_statements == ()
    assert await counting.gate.entries() == []
    assert await counting.sums() == {
        ("billing", "INVOICING", "Customer.phone", "PURPOSE_NOT_ALLOWED"): 3,
        ("billing", "INVOICING", "Customer.productNews", "PURPOSE_NOT_ALLOWED"): 3,
    }


@pytest.mark.parametrize(
    ("who", "request_", "expected"),
    [
        (grant(Purpose.INVOICING), {"purpose": "PRODUCT_NEWS"}, ("tests", "PRODUCT_NEWS", "", "PURPOSE_NOT_GRANTED")),
        (grant(), {}, ("tests", "", "", "PURPOSE_NOT_GRANTED")),
        (grant(Purpose.EMERGENCY_CONTACT), {"reference": "TEL +41 21"}, ("tests", "", "", "REFERENCE_MALFORMED")),
        (grant(Purpose.INVOICING, documents_only=True), {}, ("tests", "", "", "PERSISTED_DOCUMENT_REQUIRED")),
    ],
)
async def test_an_operation_that_is_refused_as_a_whole(
    counting: Counting, who: Grant, request_: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """(G17) By the purpose that was asked; a reference, which may hold anything, is not kept."""
    assert (await counting.ask("{ customers { nodes { fullName } } }", who, **request_)).kind is RequestOutcome.REFUSED
    assert await counting.sums() == {expected: 1}


async def test_introspection_scopes_inputs_and_withheld_fields_leave_a_trace_too(counting: Counting) -> None:
    """(G17) And a dry run, an error of the caller and an answer leave none."""
    await counting.ask("{ __schema { types { name } } }", BILLING)
    await counting.ask("{ audit { schema { sha256 } } }", BILLING)
    withheld = await counting.ask(PHONES, grant(Purpose.INVOICING, client="crm", withhold=True))
    assert withheld.kind is RequestOutcome.OK
    await counting.ask(PHONES, BILLING, dry_run=True)
    await counting.ask("{ customers(first: -1) { nodes { id } } }", BILLING)
    await counting.ask("{ customers(first: 1) { nodes { fullName } } }", BILLING)
    assert await counting.sums() == {
        ("billing", "", "", "INTROSPECTION_DISABLED"): 1,
        ("billing", "INVOICING", "Query.audit", "SCOPE_MISSING"): 1,
        ("crm", "INVOICING", "Customer.phone", "PURPOSE_NOT_ALLOWED"): 1,
        ("crm", "INVOICING", "Customer.productNews", "PURPOSE_NOT_ALLOWED"): 1,
    }


async def test_no_value_reaches_the_sums_the_log_or_the_metric(
    counting: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    """(G17, D1) Whatever stands in the document, in variables or in a reference."""
    person = counting.gate.people[0]
    query = 'query ($mail: String!) { customerByEmail(email: $mail) { phone } b: customer(by: {id: "%s"}) { phone } }'
    for given in ({"mail": person.email}, {}):
        await counting.ask(query % person.email, BILLING, variables=given)
    await counting.ask("query ($e: String!) { customer(email: $e) { phone } }", BILLING, variables={"e": "a@b.c"})
    with caplog.at_level(logging.WARNING, "gateway"):
        found = await counting.sums()
    lines = [vars(each) for each in caplog.records if each.message == "refused"]
    shown = await metrics(counting)
    said = f"{found} {[list(each.values()) for each in lines]} {shown}"
    assert person.email not in said and not any(value in said for value in counting.gate.values())
    assert {(each["client"], each["purpose"], each["coordinate"], each["reason"]) for each in lines} == found.keys()
    for client, purpose, coordinate, reason in found:
        labels = f'client="{client}",coordinate="{coordinate}",purpose="{purpose}",reason="{reason}"'
        assert f"gateway_refusals_total{{{labels}}}" in shown


async def test_the_metric_counts_what_is_refused_after_the_start(counting: Counting) -> None:
    """(G17) The addresses are made before anything was refused, as `gateway serve` makes them."""
    app = metrics_app(counting)
    await counting.ask(PHONES, BILLING)
    assert 'gateway_refusals_total{client="billing",coordinate="Customer.phone",purpose="INVOICING"' in await read(app)


async def metrics(counting: Counting) -> str:
    return await read(metrics_app(counting))


def metrics_app(counting: Counting) -> Router:
    networks = [ip_network("127.0.0.0/8")]
    routes = list_routes(counting.gate.store, {}, networks, counting.gate.clock, (), counting.refusals.totals)
    return Router(routes=routes)


async def read(app: Router) -> str:
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        return (await http.get("/metrics")).text


async def test_replicas_add_to_the_same_sums_and_days_are_counted_apart(counting: Counting) -> None:
    """(G17, F4) At the same moment, too."""
    denials = [Denial("INVOICING", f"Customer.field{number}", "PURPOSE_NOT_ALLOWED") for number in range(20)]
    replicas = [counting.replica() for _ in range(4)]
    for _ in range(2):
        for replica in replicas:
            replica.note("billing", denials)
        await asyncio.gather(*(replica.write() for replica in replicas))
    assert set((await counting.sums()).values()) == {8}
    counting.time += 86_400
    counting.refusals.note("billing", denials[:1])
    await counting.refusals.write()
    now = TODAY + timedelta(days=2)
    largest, *_ = await refusal_facts(counting.gate.store.reader, TODAY - timedelta(days=1), now)
    assert (largest.operations, largest.days, largest.coordinate) == (9, 2, "Customer.field0")
    assert len(await refusal_facts(counting.gate.store.reader, TODAY, now)) == 1, "a day that has begun"
    assert await refusal_facts(counting.gate.store.reader, TODAY - timedelta(days=1), now, "crm") == []
    report = refusals_report([largest], TODAY, now)
    assert report.data["refusals"][0]["operations"] == 9


async def test_a_client_has_room_for_so_many_sums_a_day(counting: Counting) -> None:
    """(G17, G14) What is beyond is one sum for each reason; nothing is lost."""
    refusals = counting.refusals
    for number in range(ROOM + 50):
        refusals.note("billing", [Denial("INVOICING", f"Customer.f{number:05}", "PURPOSE_NOT_ALLOWED")])
        if number == ROOM // 2:
            await refusals.write()
    refusals.note("crm", [Denial("INVOICING", "Customer.phone", "PURPOSE_NOT_ALLOWED")])
    found = await counting.sums()
    mine = {key: count for key, count in found.items() if key[0] == "billing"}
    assert len(mine) == ROOM + 1 and sum(mine.values()) == ROOM + 50
    assert mine["billing", "", BEYOND, "PURPOSE_NOT_ALLOWED"] == 50
    assert found["crm", "INVOICING", "Customer.phone", "PURPOSE_NOT_ALLOWED"] == 1


async def test_what_cannot_be_written_waits_and_is_written_on_the_way_out(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(G17, F6)"""
    counting.refusals.note("billing", [Denial("INVOICING", "Customer.phone", "PURPOSE_NOT_ALLOWED")])
    stop = asyncio.Event()
    stop.set()
    with monkeypatch.context() as broken:
        broken.setattr(counting.refusals, "_store", None)
        await counting.refusals.run(stop)
    await counting.refusals.run(stop)
    assert not counting.refusals._waiting, "written by what runs, not by who asks for the sums below"
    assert list((await counting.sums()).values()) == [1]


async def test_auditors_see_who_keeps_asking(counting: Counting) -> None:
    """(G17) Over GraphQL with audit:read, as `gateway audit refusals`; and nobody without."""
    await counting.ask(PHONES, BILLING)
    await counting.refusals.write()
    counting.gate.clock.now = TODAY + timedelta(hours=1)
    query = "{ audit { refusals { client purpose coordinate reason operations days } } }"
    told = (await counting.ask(query, grant(scopes=["audit:read"], client="auditor"))).data["audit"]["refusals"]
    assert told == [
        {
            "client": "billing", "purpose": "INVOICING", "coordinate": coordinate, "reason": "PURPOSE_NOT_ALLOWED",
            "operations": 1, "days": 1,
        }
        for coordinate in ("Customer.phone", "Customer.productNews")
    ]  # fmt: skip
    assert (await counting.ask(query, BILLING)).kind is RequestOutcome.REFUSED

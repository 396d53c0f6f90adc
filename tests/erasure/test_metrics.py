"""What operators watch: the backlog of erasures, the next deadline, and what is past it (R36)."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from ipaddress import ip_network

import httpx
import pytest
from starlette.routing import Router

from gateway.api.metrics import list_routes
from gateway.http.middleware import LastResort
from tests.erasure.house import REQUEST, House

pytestmark = pytest.mark.anyio


async def shown(house: House, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    """What a client at this address gets."""
    routes = list_routes(house.store, house.gate.api.counts, [ip_network("127.0.0.0/8")], house.gate.clock)
    transport = httpx.ASGITransport(LastResort(Router(routes=routes)), client=(client, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        return await http.get("/metrics", headers=headers)


async def values(house: House) -> dict[str, float]:
    """Every value by its name and labels."""
    answer = await shown(house)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    for value in house.gate.values():
        assert value not in answer.text  # D1
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_a_deadline_that_comes_near_is_seen_before_it_is_missed(house: House) -> None:
    house.box.refusal = "451 4.3.0 Try again later"
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    found = await values(house)
    assert found['gateway_erasures{state="SCHEDULED"}'] == 1 and found["gateway_erasures_alarm"] == 0
    assert 29 * 86_400 < found["gateway_erasure_next_deadline_seconds"] < 31 * 86_400
    house.wait(days=29)
    found = await values(house)
    assert found["gateway_erasures_alarm"] == 1 and found["gateway_erasures_overdue"] == 0
    house.wait(days=5)
    found = await values(house)
    assert found["gateway_erasures_overdue"] == 1 and found["gateway_erasure_next_deadline_seconds"] < 0
    await house.until_done(0)
    found = await values(house)
    assert found["gateway_erasures_overdue"] == 0
    assert found['gateway_outbox_waiting{topic="email"}'] == 1
    assert found['gateway_operations_total{how="compiled"}'] >= 1


async def test_the_operator_is_told_once_of_each_change(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """R36, F9: before anything else is tried, also when nothing else works, and it names nobody (D1)."""

    def alarms() -> list[int]:
        found = [each for each in caplog.records if each.levelno == logging.ERROR and "deadline" in each.message]
        assert not [value for value in house.gate.values() for each in found if value in str(each.__dict__)]
        return [each.cases for each in found]  # type: ignore[attr-defined]

    for place in (0, 1):
        await house.end_services(place)
    await house.ask(REQUEST, 0)
    await house.worker.step()
    assert alarms() == [], "nothing is late yet"
    alarm = (await house.row(0)).alarm_at
    house.gate.clock.now = alarm - timedelta(seconds=1)
    await house.worker._alarm(house.gate.clock.now)
    assert alarms() == []
    await house.worker._alarm(alarm)
    await house.worker._alarm(alarm)
    assert alarms() == [1], "once, and not at every look"
    house.gate.clock.now = alarm
    await house.another().step()
    assert alarms() == [1, 1], "by each replica, at the first look of its round, though it then erases"
    await house.until_done(0)
    await house.worker._alarm(house.gate.clock.now)
    assert alarms() == [1, 1], "it is over"


async def test_only_the_named_networks_may_look_and_nobody_through_a_proxy(house: House) -> None:
    assert (await shown(house, "10.1.2.3")).status_code == 404
    assert (await shown(house, **{"X-Forwarded-For": "127.0.0.1"})).status_code == 404
    assert list_routes(house.store, {}, [], house.gate.clock) == []


async def test_the_form_is_prometheus_own(house: House) -> None:
    for line in (await shown(house)).text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) gateway_\w+ .+|gateway_\w+(\{\w+="[^"]*"\})? [-+.\w]+', line), line

"""What the law holds: which fields, because of what, until when, and told as far as it may be (R53, A18, D9)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.routing import Router

from gateway.api.receipts import list_routes
from gateway.http.middleware import LastResort
from resolvers.legal.holds import HoldError, Holds, NewHold
from schema.api.build import declared_rules
from store.links.receipts import receipt_of
from store.records.holdings import holdings, rows_of
from store.tables.erasures import legal_holds
from tests.erasure.house import REQUEST, House
from workers.certificates.certificates import verified

pytestmark = pytest.mark.anyio

BASIS = "Art. 265 StPO"


async def held(house: House, told: bool, days: int = 10) -> None:
    """The customer asked to be erased, and an order to preserve came."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    new = NewHold(house.gate.people[0].customer_number, "4 O 123/26", ("Customer.email",), BASIS, days, told)
    await Holds(house.store).place(new, declared_rules().keys(), house.gate.clock.now)


async def status(house: House) -> Any:
    """What the receipt opens."""
    receipt = await receipt_of(house.store.keys.system, (await house.row(0)).id)
    app = LastResort(Router(routes=list_routes(house.store)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://data.example") as http:
        return (await http.get(f"/erasures/{receipt}")).json()


async def exported(house: House) -> list[Any]:
    """What an export tells of holds."""
    (key,) = await house.store.keys.subjects([house.gate.ids[0]])
    (holding,) = [each for each in holdings() if each.table is legal_holds]
    assert key is not None
    return [row async for row in rows_of(house.store.reader, holding, key, house.gate.clock.now)]


async def facts_of(house: House) -> Any:
    """The certificate, once the order has ended."""
    row = await house.until_done(0)
    return verified(row.certificate, [key.verifier for key in await house.keys.all()])


async def test_the_customer_is_told_what_is_kept_because_of_what_and_until_when(house: House) -> None:
    """(D9) A letter, the status, the export, and in the end the certificate."""
    await held(house, told=True)
    until = house.gate.clock.now.replace(microsecond=0)
    house.wait(days=5)
    await house.work()
    assert (await house.row(0)).state == "HELD"
    assert (await house.told()).count("HELD") == 1
    (letter,) = [each for each in await house.letters() if BASIS in each.get("text", "")]
    assert "Customer.email" in letter["text"]
    await house.work()
    assert (await house.told()).count("HELD") == 1
    (row,) = await exported(house)
    assert (row["fields"], row["basis"]) == ('["Customer.email"]', BASIS)
    house.wait(days=6)
    facts = await facts_of(house)
    (hold,) = facts["holds"]
    assert (hold["fields"], hold["because"]) == (["Customer.email"], BASIS)
    assert hold["keptFrom"] == until.isoformat().replace("+00:00", "Z") < hold["keptUntil"]
    assert "4 O 123/26" not in str(facts)


async def test_a_secret_order_shows_nowhere_while_it_stands(house: House) -> None:
    """(D9) Neither by a letter, nor by the state, nor in an export; yet nothing is erased."""
    await held(house, told=False)
    before = await status(house)
    house.wait(days=5)
    await house.work()
    shown = await status(house)
    assert shown == before and shown["state"] == "SCHEDULED"
    assert "HELD" not in await house.told() and await exported(house) == []
    assert len(await house.left(0)) > 10
    house.wait(days=6)
    assert [each["because"] for each in (await facts_of(house))["holds"]] == [BASIS]


async def test_the_status_names_what_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands is judged by the real clock, so the order is longer than the test's time is away from it."""
    await held(house, told=True, days=3650)
    await house.work()
    (one,) = (await status(house))["held"]
    assert (one["fields"], one["because"]) == (["Customer.email"], BASIS)


async def test_a_lifted_order_may_be_told_from_then_on(house: House) -> None:
    await held(house, told=False, days=300)
    assert await Holds(house.store).lift("4 O 123/26", house.gate.clock.now) == 1
    house.wait(days=5)
    assert [each["because"] for each in (await facts_of(house))["holds"]] == [BASIS]


async def test_the_certificate_tells_the_fate_of_each_field(house: House) -> None:
    """(D9) By what each table declares; with the time of the step that brought it about."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    house.wait(days=5)
    facts = await facts_of(house)
    done = {each["step"]: each["doneAt"] for each in facts["steps"]}
    by_fate: dict[str, set[str]] = {}
    for group in facts["fields"]:
        by_fate.setdefault(group["fate"], set()).update(group["fields"])
        if group["fate"] == "KEPT":
            assert group["because"]
        else:
            assert group["at"] == done[{"KEY_DESTROYED": "KEY", "ERASED": "ROWS"}[group["fate"]]]
    assert {"customers.email", "card_vault.number", "sessions.ip_address"} <= by_fate["KEY_DESTROYED"]
    assert {"customers.number_ref", "card_vault.fingerprint"} <= by_fate["ERASED"]
    assert {"erasures.state", "ledger_entries.entry"} <= by_fate["KEPT"]
    assert not by_fate["KEPT"] & (by_fate["ERASED"] | by_fate["KEY_DESTROYED"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"fields": ()}, "Name the fields"),
        ({"fields": ("Customer.nothing",)}, "no field"),
        ({"basis": " "}, "provision of law"),
        ({"reference": "Zoë Müller"}, "order's number"),
        ({"number": "K-0"}, "no customer"),
    ],
)
async def test_what_is_no_order_is_refused(house: House, change: dict[str, Any], why: str) -> None:
    given: dict[str, Any] = {
        "number": house.gate.people[0].customer_number, "reference": "4 O 123/26", "fields": ("Customer.email",),
        "basis": BASIS, "days": 9, "visible": True,
    }  # fmt: skip
    with pytest.raises(HoldError, match=why):
        await Holds(house.store).place(NewHold(**given | change), declared_rules().keys(), house.gate.clock.now)

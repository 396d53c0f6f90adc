"""`gateway restrictions`, `objections` and `recipients` on a real store; each act is in the ledger (D17, G17)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from store.database.store import Store
from store.tables.restrictions import rights_events
from tests.erasure.test_notices import RESTRICT
from tests.gateway.test_acts import Run, entries, run
from tests.promises.gate import Gate, own
from workers.recipients.notices import Notifier

pytestmark = pytest.mark.anyio
__all__ = ["run"]


async def test_what_the_staff_does_about_rights(run: Run, store: Store) -> None:
    gate = await Gate.of(store, 3)
    number = str(gate.people[1].customer_number)

    async def done(*words: str) -> str:
        result = await run(*words)
        assert result.exit_code == 0, result.output
        return str(result.output)

    await done("restrictions", "restrict", number, "--ground", "UNLAWFUL", "--reference", "REQ-12")
    assert re.search(rf"{number} +UNLAWFUL +since .* stands", await done("restrictions", "list"))
    for word in ("Amélie Fontaine", "Amelie Fontaine", "+41 44 668 18 00"):
        refused = await run("restrictions", "restrict", number, "--ground", "UNLAWFUL", "--reference", word)
        assert refused.exit_code == 1 and "names nobody" in refused.output
    again = await done("restrictions", "restrict", number, "--ground", "UNLAWFUL", "--reference", "REQ-14")
    assert "already" in again and "from now on" not in again
    await done("restrictions", "restrict", number, "--ground", "LEGAL_CLAIMS", "--reference", "REQ-15")
    async with store.write() as connection:
        query = select(rights_events.c.reference, rights_events.c.ground).order_by(rights_events.c.id)
        asked = [tuple(row) for row in await connection.execute(query)]
    assert asked == [("REQ-12", "UNLAWFUL"), ("REQ-14", "UNLAWFUL"), ("REQ-15", "LEGAL_CLAIMS")]
    refused = await run("restrictions", "lift", number, "--because", "It was verified.")
    assert refused.exit_code == 1 and "LEGAL_CLAIMS, UNLAWFUL" in refused.output, "one reason ends both"
    await done("restrictions", "lift", number, "--because", "It was verified.", "--every-ground")
    assert "NOT TOLD YET" in await done("restrictions", "list")
    await done("objections", "object", number, "ACCOUNT_SECURITY", "--reference", "REQ-13")
    assert re.search(rf"{number} +ACCOUNT_SECURITY +PENDING", await done("objections", "list"))
    await done("objections", "decide", number, "ACCOUNT_SECURITY", "--upheld", "--because", "You are right.")
    assert number not in await done("objections", "list") and "UPHELD" in await done("objections", "list", "--all")
    refused = await run("objections", "object", number, "INVOICING", "--reference", "REQ-13")
    assert refused.exit_code == 1 and "contract" in refused.output
    refused = await run("restrictions", "lift", "K-0", "--because", "Nobody.")
    assert refused.exit_code == 1 and "no customer" in refused.output
    acts = [each for each in await entries(store) if each.get("event") == "OPERATOR_ACT"]
    assert {each["act"] for each in acts} >= {"restrictions restrict", "restrictions lift", "objections decide"}
    assert not any(number in str(each) or "verified" in str(each) for each in acts), "nor who it was about"


async def test_what_an_operator_does_about_notices(run: Run, store: Store) -> None:
    gate = await Gate.of(store, 3)
    now = gate.clock.now
    await gate.ask(RESTRICT, own(gate.ids[0], authenticated_at=int(now.timestamp())))
    await Notifier(store, gate.clock).step()
    listed = (await run("recipients", "notices")).output
    (row,) = [line for line in listed.splitlines() if "PAYMENT_AFFILIATE" in line][:1]
    notice = row.split()[0]
    letter = await run("recipients", "letter", notice)
    assert "Art. 19" in letter.output and "Reference:" in letter.output and gate.id(0) not in letter.output
    answered = await run("recipients", "answered", notice, "--answer", "REFUSED")
    assert answered.exit_code == 0, answered.output
    assert notice not in (await run("recipients", "notices")).output
    assert re.search(rf"{notice} .* REFUSED REFUSED", (await run("recipients", "notices", "--all")).output)
    assert (await run("recipients", "give-up", notice)).exit_code == 1

"""An operator's way is the customer's own: the same record, letters and certificate, and who acted (R31, R33, G17)."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from messages.catalogue import languages, translate
from policy.wordings import VERSION
from resolvers.commands.context import Behalf
from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.erasure import ErasureEmail
from resolvers.rights.requests import DataRights, RightsRefusedError
from store.database.config import StoreConfig
from store.tables.erasures import erasures
from store.tables.exports import exports
from store.tables.outbox import outbox
from tests.erasure.house import CANCEL, REQUEST, SITE, House
from tests.erasure.test_at_once import CARD, COOKIES, NEWS, PHONE
from tests.export.office import REQUEST as EXPORT
from tests.gateway.servers import command
from workers.certificates.certificates import verified

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
BY = Behalf("CARE-3", "Letter of 3 March, signature compared")
PERSONAL = ("id", "customer_id", "requested_by", "requested_because", "cancelled_by", "cancelled_because")
"""Columns that differ: whose it is, and who wrote it down."""


async def rights_of(house: House, place: int) -> DataRights:
    """Of a customer, in an operator's hand."""
    number = house.gate.people[place].customer_number
    assert number is not None
    return await DataRights.on_behalf(house.store, SignInDependencies(SITE), number, BY, house.gate.clock.now)


async def agreed(house: House, place: int) -> None:
    """Both customers have the same that goes at once."""
    for query, facts in (
        (PHONE, {}), (NEWS, {}), (COOKIES, {"version": VERSION}),
        (CARD, {"version": VERSION, "number": "4539578763621437"}),
    ):  # fmt: skip
        assert (await house.ask(query, place, **facts))["userErrors"] == []


def same(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in PERSONAL}


async def written(house: House, place: int) -> list[str]:
    """What was written to a customer and told of them, in order: letters by name, in whichever language, and events."""
    names = {translate(each.subject, language): each.name for each in ErasureEmail for language in languages()}
    (key,) = await house.store.keys.subjects([house.gate.ids[place]])
    assert key is not None
    async with house.store.write() as connection:
        mine = select(outbox.c.id, outbox.c.payload).where(outbox.c.customer_id == house.gate.ids[place])
        rows = (await connection.execute(mine.order_by(outbox.c.id))).all()
    told = [json.loads(key.open(outbox.c.payload, row.id, row.payload)) for row in rows if row.payload]
    return [names.get(each.get("subject", ""), each.get("subject") or each["type"]) for each in told]


async def test_the_same_refusal_acceptance_and_cancellation(house: House) -> None:
    """Both speak the language of the first, have the same, and ask for the same at the same moments."""
    await agreed(house, 0)
    await agreed(house, 1)
    before = [len(await written(house, place)) for place in (0, 1)]
    by_api, by_hand = await house.ask(REQUEST, 0), await (await rights_of(house, 1)).erase({})
    assert [each["code"] for each in by_api["userErrors"]] == [each.code for each in by_hand.problems]
    assert same(await house.row(0)) == same(await house.row(1)), "refused, and on record"
    for place in (0, 1):
        await house.end_services(place)
    by_api, by_hand = await house.ask(REQUEST, 0), await (await rights_of(house, 1)).erase({})
    assert by_api["userErrors"] == [] and by_hand.problems == ()
    assert same(await house.row(0)) == same(await house.row(1))
    await house.ask(CANCEL, 0, id=house.gate.outside("Erasure", (await house.row(0)).id, house.gate.ids[0]))
    hand = await DataRights.of_case(
        house.store, SignInDependencies(SITE), (await house.row(1)).id, BY, house.gate.clock.now
    )
    assert (await hand.cancel_erasure({"erasureId": (await house.row(1)).id})).problems == ()
    assert same(await house.row(0)) == same(await house.row(1))
    first, second = [(await written(house, place))[before[place]:] for place in (0, 1)]  # fmt: skip
    assert first == second
    assert {"REFUSED", "ACCEPTED", "CANCELLED"} <= set(first)
    mine, theirs = await house.row(0), await house.row(1)
    (key,) = await house.store.keys.subjects([house.gate.ids[1]])
    assert (mine.requested_by, mine.cancelled_by, mine.requested_because) == (None, None, None)
    assert (theirs.requested_by, theirs.cancelled_by) == ("CARE-3", "CARE-3")
    for name in ("requested_because", "cancelled_because"):
        assert key.open(erasures.c[name], theirs.id, getattr(theirs, name)).decode() == BY.because


async def test_the_same_letters_and_certificate(house: House) -> None:
    """One customer, erased by each way in turn would be two: two, whose certificates tell the same of the same."""
    for place in (0, 1):
        await house.end_services(place)
    await house.ask(REQUEST, 0)
    await (await rights_of(house, 1)).erase({})
    await house.letters()
    house.wait(days=4)
    rows = [await house.until_done(place) for place in (0, 1)]
    keys = [each.verifier for each in await house.keys.all()]
    facts = [verified(row.certificate, keys) for row in rows]
    changing = {"case", "keyFingerprint", "recipients", "signedAt", "finishedAt", "steps", "fields"}
    first, second = [{name: value for name, value in each.items() if name not in changing} for each in facts]
    assert first == second
    assert [each["step"] for each in facts[0]["steps"]] == [each["step"] for each in facts[1]["steps"]]
    assert [each["fields"] for each in facts[0]["fields"]] == [each["fields"] for each in facts[1]["fields"]]
    told = await house.told()
    assert sorted(told).count("ACCEPTED") == 2 and sorted(told).count("ERASED") == 2
    assert (await house.row(1)).requested_by == "CARE-3", "who wrote it down stays, as they are the staff's"


async def test_a_reason_says_something_and_names_nobody(house: House) -> None:
    number = house.gate.people[0].customer_number
    for because in ("", " ", "x" * 201, "two\nlines", "called +41 21 555 12 34", "wrote from a.b@example.org"):
        with pytest.raises(RightsRefusedError):
            await DataRights.on_behalf(
                house.store, SignInDependencies(SITE), str(number), Behalf("CARE-3", because), house.gate.clock.now
            )
    with pytest.raises(RightsRefusedError, match="no customer"):
        await DataRights.on_behalf(house.store, SignInDependencies(SITE), "K-0", BY, house.gate.clock.now)


async def test_an_export_by_an_operator_is_the_customers(house: House) -> None:
    assert (await house.ask(EXPORT, 0))["userErrors"] == []
    assert (await (await rights_of(house, 1)).export({})).problems == ()
    async with house.store.write() as connection:
        rows = {row.customer_id: row for row in (await connection.execute(select(exports))).all()}
    mine, theirs = (rows[id_] for id_ in house.gate.ids)
    assert (mine.state, theirs.state, mine.requested_by, theirs.requested_by) == (
        "REQUESTED",
        "REQUESTED",
        None,
        "CARE-3",
    )
    assert mine.requested_at == theirs.requested_at


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_the_commands(house: House, store_config: StoreConfig) -> None:
    """Refused, accepted and called off; each is an act in the ledger, by whom and with the case, not the reason."""
    number, folder = str(house.gate.people[0].customer_number), store_config.root_key_path.parent

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(command, words, folder)

    asked = ("erasures", "request", number, "--because", BY.because)
    refused = await run(*asked)
    assert refused.returncode == 1 and "SERVICES_ACTIVE" in refused.stderr, refused.stderr
    assert json.loads(refused.stdout)["stays"] and (await house.row(0)).state == "REFUSED"
    waits = await run(*asked, "--when-services-end")
    told = json.loads(waits.stdout)
    assert waits.returncode == 0 and (await house.row(0)).state == "ARMED" and told["receipt"]
    done = await run("erasures", "cancel", told["erasure"], "--because", BY.because)
    assert done.returncode == 0, done.stderr
    row = await house.row(0)
    assert row.state == "CANCELLED" and row.cancelled_by == row.requested_by and row.requested_by
    assert (await run("exports", "request", number, "--because", BY.because)).returncode == 0
    acts = [each for each in await house.gate.entries() if each.get("event") == "OPERATOR_ACT"]
    assert {"erasures request", "erasures cancel", "exports request"} <= {each["act"] for each in acts}
    assert BY.because not in json.dumps(acts) and number not in json.dumps(acts)


def test_nobody_else_writes_what_was_asked_for() -> None:
    """Requests come into the store through one module, whoever asks."""
    writing = re.compile(r"insert\((?:erasures|exports)\)|registrant_erasure_at\"?: context")
    named = re.compile(r"\b(?:request_erasure|cancel_erasure|request_export|ask_erasure|call_off)\((?:desk|context)")
    files = [
        path for room in ("gateway", "schema", "resolvers", "workers", "audits") for path in (ROOT / room).rglob("*.py")
    ]
    found = {str(path.relative_to(ROOT)) for path in files if writing.search(path.read_text(encoding="utf-8"))}
    assert found == {"resolvers/erasure/erasures.py", "resolvers/exports/exports.py", "resolvers/registrants/rights.py"}
    through = {str(path.relative_to(ROOT)) for path in files if named.search(path.read_text(encoding="utf-8"))}
    assert through <= found | {"resolvers/rights/requests.py", "schema/types/erasures.py"}

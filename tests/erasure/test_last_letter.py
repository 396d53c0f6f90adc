"""What became of the last letter is signed once it is known, and not before (D5, D9)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from starlette.routing import Router

from gateway.api.receipts import list_routes
from gateway.commands.requests.erasures import commands
from gateway.http.middleware import LastResort
from store.links.receipts import receipt_of
from store.tables.erasures import erasure_letters
from tests.erasure.house import REQUEST, House
from tests.erasure.test_warnings import LATER, NEVER, sweep
from workers.certificates.certificates import digest, verified, verified_letter
from workers.certificates.last_letter import LetterStatements

pytestmark = pytest.mark.anyio
L = erasure_letters.c


async def certified(house: House, answer: str | None) -> Any:
    """An erasure that was certified while the letter waited; what the mail server answers from then on."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await house.deliver()
    house.box.refusal = answer
    house.wait(days=4)
    while not await house.worker.step():
        house.wait(minutes=2)
    row = await house.row(0)
    assert row.state == "ERASED" and row.letter_statement is None
    assert verified(row.certificate, await keys(house))["lastLetter"]["state"] == "WAITS"
    return row


async def keys(house: House) -> list[Any]:
    return [key.verifier for key in await house.keys.all()]


async def given_up(house: House, row: Any) -> None:
    """Nobody takes it until its time is over."""
    house.gate.clock.now = row.due_at + timedelta(seconds=1)
    await sweep(house)


@pytest.mark.parametrize(
    ("answer", "state"), [(None, "DELIVERED"), (NEVER, "REFUSED"), (LATER, "GIVEN_UP")], ids=lambda each: str(each)[:9]
)
async def test_delivered_refused_or_given_up_is_stated_after_the_fact(
    house: House, answer: str | None, state: str
) -> None:
    row = await certified(house, answer)
    await house.worker.step()
    assert (await house.row(0)).letter_statement is None, "nothing is known of it yet"
    await house.deliver()
    if state == "GIVEN_UP":
        await house.worker.step()
        assert (await house.row(0)).letter_statement is None, "it is tried again"
        await given_up(house, row)
    house.wait(seconds=5)
    await house.worker.step()
    statement = (await house.row(0)).letter_statement
    facts = verified_letter(statement, await keys(house))
    assert facts["lastLetter"]["state"] == state and facts["certificate"] == digest(row.certificate)
    assert row.requested_at.isoformat() < facts["lastLetter"]["at"] <= facts["signedAt"]
    assert house.gate.people[0].email not in statement
    await house.worker.step()
    assert (await house.row(0)).letter_statement == statement, "it is signed once"
    entries = [each for each in await house.gate.entries() if each.get("fields") == ["Erasure.letterStatement"]]
    assert [each["operation"] for each in entries] == [digest(statement)]


async def test_of_several_letters_each_is_stated_for_its_own_case(house: House) -> None:
    for place in (0, 1):
        await house.end_services(place)
        await house.ask(REQUEST, place)
    await house.deliver()
    house.box.refusal = LATER
    house.wait(days=4)
    while {(await house.row(place)).state for place in (0, 1)} != {"ERASED"}:
        await house.worker.step()
        house.wait(minutes=2)
    house.box.refusal = None
    await house.deliver()
    house.wait(seconds=5)
    await house.worker.step()
    for place in (0, 1):
        row = await house.row(place)
        facts = verified_letter(row.letter_statement, await keys(house))
        assert (facts["lastLetter"]["state"], facts["certificate"]) == ("DELIVERED", digest(row.certificate))


async def test_without_an_address_the_certificate_says_all(house: House) -> None:
    """And nothing follows."""
    await certified(house, None)  # The statement of this one is still to come.
    async with house.store.write() as connection:
        change = {"outcome": "NO_ADDRESS", "settled_at": house.gate.clock.now}
        await connection.execute(update(erasure_letters).where(L.kind == "LAST").values(change | {"stated": True}))
    await house.worker.step()
    assert (await house.row(0)).letter_statement is None


async def test_a_worker_that_died_after_signing_is_followed_by_one_that_finds_it(house: House) -> None:
    """F1: the ledger is told of it by whoever comes next, with the same statement."""
    await certified(house, None)
    await house.deliver()
    statements = house.worker._letters
    assert isinstance(statements, LetterStatements)
    append = house.store.ledger.append

    async def dies(entry: Any, *more: Any) -> None:
        raise RuntimeError("killed")

    house.store.ledger.append = dies  # type: ignore[method-assign]
    await statements.run(house.gate.clock.now)
    house.store.ledger.append = append  # type: ignore[method-assign]
    first = (await house.row(0)).letter_statement
    async with house.store.write() as connection:
        assert await connection.scalar(select(L.stated).where(L.kind == "LAST")) is False
    house.wait(hours=1)
    await house.worker.step()
    assert first is not None and (await house.row(0)).letter_statement == first
    async with house.store.write() as connection:
        assert await connection.scalar(select(L.stated).where(L.kind == "LAST")) is True


async def test_it_is_fetched_with_the_receipt_and_verified_offline(house: House, tmp_path: Path) -> None:
    row = await certified(house, None)
    app = LastResort(Router(routes=list_routes(house.store)))
    path = f"/erasures/{await receipt_of(house.store.keys.system, row.id)}"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://data.example") as http:
        assert (await http.get(f"{path}/letter")).json()["code"] == "NOT_STATED"
        assert (await http.get(path)).json()["letterStatement"] is None
        await house.deliver()
        await house.worker.step()
        assert (await http.get(path)).json()["letterStatement"] == f"{path}/letter"
        (tmp_path / "letter.txt").write_text((await http.get(f"{path}/letter")).text)
        (tmp_path / "certificate.txt").write_text((await http.get(f"{path}/certificate")).text)
    (tmp_path / "key").write_text("".join(f"{key}\n" for key in await keys(house)))
    files = [str(tmp_path / name) for name in ("certificate.txt", "letter.txt")]
    done = CliRunner().invoke(commands, ["verify", *files, "--key", str(tmp_path / "key")])
    assert (
        done.exit_code == 0 and "the last letter: DELIVERED on" in done.output and "which is given here" in done.output
    )

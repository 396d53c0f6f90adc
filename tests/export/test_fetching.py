"""An export is asked for freshly signed in, fetched by its own customer alone, recorded, and gone after seven days."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from schema.documents.requests import RequestOutcome
from store.tables.exports import export_parts, exports, seal_part
from tests.export.office import REQUEST, Office
from tests.promises.gate import own

pytestmark = pytest.mark.anyio
ONE_STORE = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
LISTED = "{ me { exports { nodes { id state readyAt expiresAt } } } }"


async def test_from_the_request_to_the_file(office: Office) -> None:
    id_ = await office.request()
    (listed,) = (await office.ask(LISTED)).data["me"]["exports"]["nodes"]
    assert (listed["id"], listed["state"]) == (id_, "REQUESTED")
    assert (early := await office.fetch(id_)).status_code == 404, early.text
    assert await office.worker.step() and not await office.worker.step()
    (listed,) = (await office.ask(LISTED)).data["me"]["exports"]["nodes"]
    assert listed["state"] == "READY" and listed["expiresAt"] == "2026-11-30T12:00:00Z"
    assert office.told == [office.customer()]
    for form, kind in (("json", "application/json"), ("html", "text/html"), ("portable", "application/json")):
        answer = await office.fetch(id_, form)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        assert answer.text == await office.text(form=form.upper())
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert office.gate.people[0].email not in str(answer.headers)


@ONE_STORE
async def test_asking_needs_a_fresh_sign_in(office: Office) -> None:
    """S7."""
    answer = await office.gate.ask(REQUEST, own(office.customer()))
    assert (answer.kind, answer.codes) == (RequestOutcome.STEP_UP_REQUIRED, ["STEP_UP_REQUIRED"])
    old = replace(own(office.customer()), authenticated_at=int(office.gate.clock.now.timestamp()) - 400)
    assert (await office.gate.ask(REQUEST, old)).kind is RequestOutcome.STEP_UP_REQUIRED


@ONE_STORE
async def test_asking_twice_makes_one_and_too_many_are_refused(office: Office) -> None:
    first = await office.request()
    assert await office.request() == first
    for _ in range(5):
        await office.request()
        await office.worker.step()
    answer = (await office.ask(REQUEST)).data["requestExport"]
    assert answer["export"] is None and answer["userErrors"][0]["code"] == "TOO_MANY_EXPORTS"
    answer = (await office.ask(REQUEST, 1, l="tlh")).data["requestExport"]
    assert answer["userErrors"] == [{"code": "UNKNOWN_LANGUAGE", "field": ["language"]}]


async def test_nobody_else_fetches_it(office: Office) -> None:
    """D6: another customer's, an unknown and a misspelt one are the same 404; a tool and a stranger get nothing."""
    id_ = await office.made()
    other, unknown = (
        await office.fetch(id_, place=1),
        await office.fetch(office.store.keys.system.ids("Export", 7, 2**60), place=1),
    )
    odd = await office.fetch(office.store.keys.system.ids("Customer", office.customer(1), office.customer(1)), place=1)
    assert other.status_code == 404
    assert other.content == unknown.content == odd.content == (await office.fetch("x", place=1)).content
    tool = await office.fetch(id_, place=None)
    assert (tool.status_code, tool.json()["code"]) == (403, "OWN_DATA_ONLY")
    stranger = await office.http.get(f"/exports/{id_}", headers={"cookie": "session=x"})
    assert (stranger.status_code, stranger.json()["code"]) == (401, "UNAUTHENTICATED")
    stale = await office.fetch(id_, ago=301)
    assert (stale.status_code, stale.json()["code"]) == (401, "STEP_UP_REQUIRED")
    assert "max_age" in stale.headers["www-authenticate"]
    assert await _fetched(office) == [], "nothing was read"


@ONE_STORE
@pytest.mark.parametrize("form", ["pdf", ""])
async def test_other_questions_are_refused(office: Office, form: str) -> None:
    id_ = await office.made()
    assert (await office.fetch(id_, form)).status_code == 400
    headers = {"authorization": f"Bearer {await office.token()}"}
    assert (await office.http.get(f"/exports/{id_}?size=5", headers=headers)).status_code == 400
    assert (await office.http.post(f"/exports/{id_}", headers=headers)).status_code == 405


async def test_fetching_is_recorded_before_a_byte_leaves(office: Office) -> None:
    """D3: the reading of an export is a reading, for SELF_SERVICE."""
    id_ = await office.made()
    assert await _fetched(office) == [], "making it gives nothing out"
    await office.fetch(id_)
    (entry,) = await _fetched(office)
    assert entry["purpose"] == "SELF_SERVICE"
    assert entry["subjects"] == [(await office.key()).pseudonym] and "Customer.email" in entry["fields"]
    await office.store.ledger.close()
    refused = await office.fetch(id_)
    assert refused.status_code == 503 and office.gate.people[0].email not in refused.text


async def test_after_seven_days_it_is_gone(office: Office) -> None:
    id_ = await office.made()
    office.wait(days=7, seconds=-1)
    assert (await office.fetch(id_)).status_code == 200
    office.wait(seconds=1)
    assert (await office.fetch(id_)).status_code == 404


async def test_it_rests_encrypted_under_the_customers_key(office: Office) -> None:
    """R4: and dies with the key, wherever copies of the rows are."""
    id_ = await office.made()
    for form in ("JSON", "HTML", "PORTABLE"):
        rest = b"".join(each.content for each in await office.parts(0, form))
        assert office.gate.people[0].email.encode() not in rest and b"holdings" not in rest
    await office.store.keys.destroy(office.customer())
    assert (await office.fetch(id_)).status_code == 404


@pytest.mark.parametrize("damage", ["altered", "other form", "other export", "not the last"])
@ONE_STORE
async def test_a_piece_that_is_not_in_its_place_is_no_export(office: Office, damage: str) -> None:
    """D2: each piece is bound to its export, form, place, and to being the last; nothing is recorded as read."""
    await office.made()
    earlier = {each.form: each.content for form in ("PORTABLE", "HTML") for each in await office.parts(0, form)}
    id_ = await office.made()
    (piece,) = await office.parts(0, "PORTABLE")
    key = await office.key()
    wrong = {
        "altered": piece.content[:-1] + bytes([piece.content[-1] ^ 1]),
        "other form": (await office.parts(0, "HTML"))[0].content,
        "other export": earlier["PORTABLE"],
        "not the last": seal_part(key, piece.export_id, (1, "PORTABLE", 0), False, b"[]"),
    }[damage]
    await _put(office, piece.id, wrong)
    answer = await office.fetch(id_, "portable")
    assert (answer.status_code, answer.json()["code"]) == (500, "DATA_DAMAGED")
    assert await _fetched(office) == []
    await _put(office, piece.id, piece.content)
    assert (await office.fetch(id_, "portable")).status_code == 200


@ONE_STORE
async def test_pieces_that_changed_places_break_the_connection(office: Office) -> None:
    """What has begun as a whole does not end as one: the length that was announced is not reached."""
    await office.grow(600)
    id_ = await office.made()
    _, second, third, *_ = await office.parts(0, "JSON")
    assert (await office.fetch(id_)).text == await office.text()
    await _put(office, second.id, third.content)
    await _put(office, third.id, second.content)
    with pytest.raises(AssertionError):  # Of the transport: the answer is not complete.
        await office.fetch(id_)


async def _fetched(office: Office) -> list[dict[str, Any]]:
    """What the ledger says of those who came to the address of the exports."""
    return [entry for entry in await office.gate.entries() if entry["client"] == "phone"]


async def _put(office: Office, piece: int, content: bytes) -> None:
    async with office.store.write() as connection:
        await connection.execute(update(export_parts).where(export_parts.c.id == piece).values(content=content))


async def test_a_worker_that_dies_is_followed_by_another(office: Office) -> None:
    """Killed in the middle: the lease ends, another begins anew, and no piece of the first is left."""
    await office.request()
    keep, kept = office.worker.keep, []

    async def dying(job: object, row: dict[str, object]) -> None:
        if kept:
            raise asyncio.CancelledError
        kept.append(row)
        await keep(job, row)  # type: ignore[arg-type]

    office.worker.keep = dying  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await office.worker.step()
    other = office.another()
    assert not await other.step(), "the lease still runs"
    office.wait(minutes=3)
    assert await other.step() and office.told == [office.customer()]
    await office.document()
    async with office.store.write() as connection:
        attempts = (await connection.execute(select(export_parts.c.attempt).distinct())).scalars().all()
    assert attempts == [2]


async def test_a_lease_of_a_clock_that_was_set_back_is_none(office: Office) -> None:
    """F3: a lease that ends later than a new one would keeps nobody waiting until that clock comes round again."""
    await office.request()
    async with office.store.write() as connection:
        await connection.execute(update(exports).values(leased_until=office.gate.clock.now + timedelta(days=400)))
    assert await office.another().step() and office.told == [office.customer()]


async def test_a_worker_that_was_overtaken_changes_nothing(office: Office) -> None:
    """The fence: it believes to have the lease, and what it writes counts for nothing."""
    await office.request()
    keep, once = office.worker.keep, []

    async def sleepy(job: object, row: dict[str, object]) -> None:
        if not once:
            once.append(True)
            office.wait(minutes=3)
            assert await office.another().step()
        await keep(job, row)  # type: ignore[arg-type]

    office.worker.keep = sleepy  # type: ignore[method-assign]
    assert await office.worker.step()
    assert office.told == [office.customer()], "one letter"
    async with office.store.write() as connection:
        attempts = (await connection.execute(select(export_parts.c.attempt).distinct())).scalars().all()
        state = await connection.scalar(select(exports.c.state))
    assert (attempts, state) == ([2], "READY")


async def test_many_workers_make_each_export_once(office: Office) -> None:
    for place in range(3):
        await office.request(place)

    async def work() -> None:
        while await office.another().step():
            pass

    await asyncio.gather(*(work() for _ in range(4)))
    assert sorted(office.told) == sorted(office.gate.ids[:3])
    async with office.store.write() as connection:
        assert set((await connection.execute(select(exports.c.state))).scalars()) == {"READY"}


@ONE_STORE
async def test_what_fails_again_and_again_is_given_up(office: Office) -> None:
    await office.request()

    async def failing(job: object, row: dict[str, object]) -> None:
        raise RuntimeError("disk full")

    office.worker.keep = failing  # type: ignore[method-assign]
    for _ in range(5):
        with pytest.raises(RuntimeError):
            await office.worker.step()
        office.wait(minutes=3)
    assert not await office.worker.step()
    (listed,) = (await office.ask(LISTED)).data["me"]["exports"]["nodes"]
    assert listed["state"] == "FAILED" and listed["expiresAt"]
    assert office.told == []


async def test_nobody_to_export_leaves_nothing(office: Office) -> None:
    """Erased between the request and the making."""
    await office.request()
    await office.store.keys.destroy(office.customer())
    assert await office.worker.step() and not await office.worker.step()
    async with office.store.write() as connection:
        assert await connection.scalar(select(func.count()).select_from(exports)) == 0
        await connection.execute(delete(export_parts))
    assert office.told == []

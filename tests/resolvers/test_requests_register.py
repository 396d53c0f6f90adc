"""One register of requests: by staff or in the client area, the same object, in time and by two persons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from policy.purposes import Purpose
from policy.requests import RequestKind, RequestState, RequestWay, request_due
from policy.restricting import Ground
from resolvers.commands.dependencies import SignInDependencies, Site
from resolvers.restriction.by_staff import RightsError
from resolvers.rights.register import RequestRegister, requests_backlog
from schema.mutations.profile import profile_columns
from store.database.config import StoreConfig
from store.tables.erasures import erasures
from store.tables.exports import exports
from store.tables.outbox import outbox
from store.tables.requests import rights_requests
from store.tables.restrictions import notices
from store.tables.services import services
from tests.export.office import Office, opened_office
from tests.sharing.signing import Signer, officer

pytestmark = pytest.mark.anyio
MINE = "{ me { requests(first: 20) { nodes { kind state way reference purpose because answeredAt said entry } } } }"
SITE = Site("Quarkwerke", "https://data.example", ZoneInfo("Europe/Zurich"))


ADDRESS = {"street": "Bundesplatz 3", "postalCode": "3011", "city": "Bern", "country": "CH"}


@dataclass
class Desk:
    """The register, the customer of whom it speaks, and the members of staff."""

    office: Office
    folder: Path
    register: RequestRegister
    signers: dict[str, Signer]

    @property
    def now(self) -> datetime:
        return self.office.gate.clock.now

    @property
    def number(self) -> str:
        return str(self.office.gate.people[0].customer_number)

    async def open(self, kind: RequestKind, **more: Any) -> int:
        return await self.register.open(self.number, kind, RequestWay.TELEPHONE, "REQ-12", self.now, **more)

    async def mine(self) -> Any:
        return (await self.office.ask(MINE)).data["me"]["requests"]["nodes"]

    async def signed(self, request: int, code: str) -> str:
        text = await self.register.to_sign(request)
        return self.signers[code].sign(text, self.register.namespace())

    async def letters(self) -> int:
        async with self.office.store.write() as connection:
            return len((await connection.execute(select(outbox.c.id))).all())


@pytest.fixture
async def desk(store_config: StoreConfig, tmp_path: Path) -> AsyncIterator[Desk]:
    """A gateway with customers, and a register that CARE-3 works on."""
    async with opened_office(store_config) as office:
        signers = {
            code: await officer(office.store, tmp_path, code, role)
            for code, role in (("CARE-3", "SUPPORT"), ("CARE-4", "SUPPORT"), ("AUD-1", "AUDITOR"))
        }
        yield Desk(office, tmp_path, RequestRegister(office.store, SignInDependencies(SITE), "CARE-3"), signers)


async def test_a_copy_takes_two_persons_who_sign(desk: Desk) -> None:
    """D12: not the same one twice, no auditor, and nothing that was signed for another request."""
    request = await desk.open(RequestKind.COPY)
    with pytest.raises(RightsError, match="not verified yet"):
        await desk.register.carry_out(request, desk.now)
    with pytest.raises(RightsError, match="takes two persons"):
        await desk.register.verify(request, "Asked back by the known number", desk.now)
    other = await desk.open(RequestKind.COPY)
    for code, signature in (
        ("AUD-1", await desk.signed(request, "AUD-1")),
        ("CARE-3", await desk.signed(other, "CARE-3")),
    ):
        with pytest.raises(RightsError):
            await desk.register.verify(request, f"Known to {code}", desk.now, signature)
    first = await desk.signed(request, "CARE-3")
    await desk.register.verify(request, "Asked back by the known number", desk.now, first)
    with pytest.raises(RightsError, match="takes two persons"):
        await desk.register.carry_out(request, desk.now)
    with pytest.raises(RightsError, match="Somebody else"):
        await desk.register.carry_out(request, desk.now, signature=first)
    async with desk.office.store.write() as connection:
        assert (await connection.execute(select(exports.c.id))).all() == []
    done = await desk.register.carry_out(request, desk.now, signature=await desk.signed(request, "CARE-4"))
    assert done.state is RequestState.ACCEPTED
    async with desk.office.store.write() as connection:
        (export,) = (await connection.execute(select(exports.c.id, exports.c.requested_by))).all()
        row = (await connection.execute(select(rights_requests).where(rights_requests.c.id == request))).one()
    assert export.requested_by == "CARE-4"
    assert (row.result_id, row.verified_by, row.answered_by) == (export.id, "CARE-3", "CARE-4")
    newest, copy = await desk.mine()
    assert (copy["kind"], copy["state"], copy["way"], copy["reference"]) == ("COPY", "ACCEPTED", "TELEPHONE", "REQ-12")
    assert newest["state"] == "RECEIVED"


async def test_an_erasure_that_services_block_is_refused_in_the_same_register(desk: Desk) -> None:
    """And one that is accepted is taken back with the erasure, wherever that is done."""
    request = await desk.open(RequestKind.ERASURE)
    await desk.register.verify(request, "Signature compared", desk.now, await desk.signed(request, "CARE-4"))
    done = await desk.register.carry_out(request, desk.now, signature=await desk.signed(request, "CARE-3"))
    async with desk.office.store.write() as connection:
        running = await connection.scalar(
            select(services.c.id).where(
                services.c.customer_id == desk.office.customer(), services.c.status != "TERMINATED"
            )
        )
    assert (done.state is RequestState.REFUSED, bool(done.problems)) == (running is not None, running is not None)
    again = await desk.open(RequestKind.ERASURE)
    await desk.register.verify(again, "Signature compared", desk.now, await desk.signed(again, "CARE-4"))
    signature = await desk.signed(again, "CARE-3")
    done = await desk.register.carry_out(again, desk.now, signature=signature, when_services_end=True)
    assert done.state is RequestState.ACCEPTED
    async with desk.office.store.write() as connection:
        case = await connection.scalar(select(rights_requests.c.result_id).where(rights_requests.c.id == again))
        assert await connection.scalar(select(erasures.c.id).where(erasures.c.id == case)) == case
    cancel = "mutation ($id: ID!) { cancelErasure(input: {erasureId: $id}) { userErrors { code } } }"
    shown = (await desk.office.ask("{ me { erasures(first: 1) { nodes { id } } } }")).data["me"]["erasures"]["nodes"]
    assert (await desk.office.ask(cancel, id=shown[0]["id"])).data["cancelErasure"]["userErrors"] == []
    states = {each["state"] for each in await desk.mine() if each["kind"] == "ERASURE"}
    assert "WITHDRAWN" in states and "ACCEPTED" not in states


async def test_a_repetition_that_changes_nothing_is_no_further_request(desk: Desk) -> None:
    """Or clicks would fill the register."""
    off = "mutation { setProductNews(input: {wanted: false}) { userErrors { code } } }"
    on = "mutation { setProductNews(input: {wanted: true}) { userErrors { code } } }"
    erase = "mutation { requestErasure(input: {}) { userErrors { code } } }"
    for each in (on, off, off, off, erase, erase, erase):
        await desk.office.ask(each)
    assert sorted(each["kind"] for each in await desk.mine()) == ["ERASURE", "OPT_OUT"]


async def test_switches_are_turned_by_staff_and_by_the_customer_alike(desk: Desk) -> None:
    for kind, more, given in (
        (RequestKind.OBJECTION, {"purpose": Purpose.ACCOUNT_SECURITY}, {}),
        (RequestKind.RESTRICTION, {}, {"ground": Ground.UNLAWFUL}),
        (RequestKind.OPT_OUT, {}, {}),
        (RequestKind.SIGN_OUT, {}, {}),
    ):
        request = await desk.open(kind, **more)
        await desk.register.verify(request, "Asked back by the known number", desk.now)
        done = await desk.register.carry_out(request, desk.now, **given)
        assert (done.state, done.problems) == (RequestState.ACCEPTED, ()), kind
    me = (await desk.office.ask("{ me { productNews restriction { ground } objections { purpose } } }")).data["me"]
    assert me["restriction"]["ground"] == "UNLAWFUL"
    assert [each["purpose"] for each in me["objections"]] == ["ACCOUNT_SECURITY"]
    assert me["productNews"] is False
    lift = "mutation { liftRestriction(input: {}) { userErrors { code } } }"
    assert (await desk.office.ask(lift)).data["liftRestriction"]["userErrors"] == []
    ask = "mutation { requestRestriction(input: {ground: LEGAL_CLAIMS}) { userErrors { code } } }"
    assert (await desk.office.ask(ask)).data["requestRestriction"]["userErrors"] == []
    found = [(each["kind"], each["state"], each["way"]) for each in await desk.mine()]
    assert found == [
        ("RESTRICTION", "ACCEPTED", "CLIENT_AREA"),
        ("SIGN_OUT", "ACCEPTED", "TELEPHONE"),
        ("OPT_OUT", "ACCEPTED", "TELEPHONE"),
        ("RESTRICTION", "WITHDRAWN", "TELEPHONE"),
        ("OBJECTION", "ACCEPTED", "TELEPHONE"),
    ], "one object for each request, and none twice"


async def test_the_clock_is_extended_once_and_stands_still_while_the_person_is_waited_for(desk: Desk) -> None:
    start = desk.now
    request = await desk.open(RequestKind.CORRECTION)
    before = await desk.letters()

    async def due() -> datetime:
        async with desk.office.store.write() as connection:
            found = await connection.scalar(select(rights_requests.c.answer_by).where(rights_requests.c.id == request))
        assert found is not None
        return found

    assert await due() == request_due(start, SITE.zone)
    await desk.register.pause(request, "Please send the number of your last invoice.", desk.now)
    desk.office.wait(days=10)
    assert (await desk.mine())[0]["because"] == "Please send the number of your last invoice."
    await desk.register.resume(request, desk.now)
    assert await due() == request_due(start, SITE.zone) + timedelta(days=10)
    extended = await desk.register.extend(request, "It covers eleven years of invoices.", desk.now)
    assert extended == await due() == request_due(start, SITE.zone, extended=True) + timedelta(days=10)
    with pytest.raises(RightsError, match="extended already"):
        await desk.register.extend(request, "And again.", desk.now)
    assert await desk.letters() == before + 2, "one letter for the pause, and one for the extension"
    assert await requests_backlog(desk.office.store, desk.now) == (1, 0)
    assert await requests_backlog(desk.office.store, extended + timedelta(seconds=1)) == (1, 1)
    await desk.register.verify(request, "Signed in at the counter", desk.now)
    await desk.register.answer(request, "Your postal code was corrected.", desk.now)
    assert await requests_backlog(desk.office.store, extended + timedelta(seconds=1)) == (0, 0)
    (mine,) = await desk.mine()
    assert (mine["state"], mine["because"]) == ("ACCEPTED", "Your postal code was corrected.")
    late = await desk.open(RequestKind.CORRECTION)
    desk.office.wait(days=40)
    with pytest.raises(RightsError, match="month is over"):
        await desk.register.extend(late, "Too late.", desk.now)
    await desk.register.refuse(late, "It repeats the request that was answered.", desk.now)
    with pytest.raises(RightsError, match="refused"):
        await desk.register.withdraw(late, desk.now)


async def test_a_correction_is_made_by_the_command_of_the_client_area(desk: Desk) -> None:
    """Art. 16: the person sees it, recipients are told, and what cannot be corrected changes nothing."""
    columns = profile_columns()
    request = await desk.open(RequestKind.CORRECTION)
    right = {"familyName": "Meyer", "postalAddress": ADDRESS}
    with pytest.raises(RightsError, match="not verified yet"):
        await desk.register.correct(request, right, "Your family name", desk.now, columns)
    await desk.register.verify(request, "Asked back by the known number", desk.now)
    for wrong in ({}, {"email": "a@b.example"}, {"familyName": 7}, {"postalAddress": "Rue 1"}, {"phone": {"x": 7}}):
        with pytest.raises(RightsError) as refused:
            await desk.register.correct(request, wrong, "Your family name", desk.now, columns)
        assert "a@b.example" not in str(refused.value) and "Rue" not in str(refused.value)
    failed = await desk.register.correct(request, {"phone": "no number"}, "Your number", desk.now, columns)
    assert failed.state is RequestState.VERIFIED and failed.problems
    before = await desk.letters()
    done = await desk.register.correct(request, right, "Your family name and address, as asked", desk.now, columns)
    assert done.state is RequestState.ACCEPTED and await desk.letters() == before + 1
    me = (await desk.office.ask("{ me { familyName postalAddress { city } } }")).data["me"]
    assert me == {"familyName": "Meyer", "postalAddress": {"city": "Bern"}}
    (shown,) = await desk.mine()
    assert (shown["state"], shown["because"]) == ("ACCEPTED", "Your family name and address, as asked")
    async with desk.office.store.write() as connection:
        told = (await connection.scalars(select(notices.c.fields).where(notices.c.about == "RECTIFICATION"))).all()
    assert any("Customer.familyName" in each for each in told)
    copy = await desk.open(RequestKind.COPY)
    with pytest.raises(RightsError, match="no correction"):
        await desk.register.correct(copy, right, "x", desk.now, columns)


async def test_a_question_about_a_reading_opens_a_request(desk: Desk) -> None:
    """Only about an entry that is about oneself."""
    await desk.office.read_by("billing", "INVOICING")
    await desk.office.seal()
    ask = """mutation ($index: BigInt!, $question: String!) {
      askAboutReading(input: {index: $index, question: $question}) { request { state } userErrors { code } } }"""

    async def asked(index: str, place: int = 0, question: str = "Why was my invoice read?") -> Any:
        answer = await desk.office.ask(ask, place, index=index, question=question)
        return answer.data["askAboutReading"]

    (entry,) = (await desk.office.ask("{ me { accesses(first: 1) { nodes { index } } } }")).data["me"]["accesses"][
        "nodes"
    ]
    assert (await asked(entry["index"], 1))["userErrors"] == [{"code": "NOT_FOUND"}]
    assert (await asked("999999"))["userErrors"] == [{"code": "NOT_FOUND"}]
    made = await asked(entry["index"])
    assert (made["userErrors"], made["request"]["state"]) == ([], "VERIFIED")
    ((number, row),) = await desk.register.listed(False)
    assert number == desk.number and str(row.entry) == entry["index"]
    assert (await desk.register.shown(row.id))["said"] == "Why was my invoice read?"
    await desk.register.answer(row.id, "To print it again, as you had asked.", desk.now)
    (mine,) = await desk.mine()
    assert (mine["said"], mine["because"]) == ("Why was my invoice read?", "To print it again, as you had asked.")
    async with desk.office.store.write() as connection:
        await connection.execute(update(rights_requests).values(said=b"x" * 40))
    assert await desk.register.listed(True), "a damaged text hides no request from the list"


async def test_what_is_no_request_is_refused_with_what_to_say(desk: Desk) -> None:
    for kind, more, said in (
        (RequestKind.OBJECTION, {}, "names its purpose"),
        (RequestKind.COPY, {"purpose": Purpose.PRODUCT_NEWS}, "no other request has one"),
        (RequestKind.OBJECTION, {"purpose": Purpose.INVOICING}, "no objection to INVOICING"),
        (RequestKind.COPY, {"asked": datetime(2100, 1, 1, tzinfo=UTC)}, "today, or before"),
    ):
        with pytest.raises(RightsError, match=said):
            await desk.open(kind, **more)
    with pytest.raises(RightsError, match="no customer"):
        await desk.register.open("C-999999", RequestKind.COPY, RequestWay.LETTER, "REQ-1", desk.now)
    with pytest.raises(RightsError, match="names nobody"):
        await desk.register.open(desk.number, RequestKind.COPY, RequestWay.LETTER, "jean@example.com", desk.now)
    assert await desk.register.listed(True) == []

"""A restriction ends only after the person was told; an objection is decided within a month (D17)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from policy.dates import end_of_day
from policy.purposes import Purpose
from policy.restricting import Ground
from resolvers.commands.dependencies import Site
from resolvers.restriction.by_staff import Rights, RightsError, backlog
from resolvers.restriction.restrictions import lift_announced
from store.tables.consents import consents
from store.tables.outbox import outbox
from store.tables.restrictions import objections, processing_stops, restrictions, rights_events
from tests.outbox.test_announcements import subscribe, told
from tests.outbox.test_letters import Box
from tests.promises.gate import TODAY, Gate, grant, own
from workers.http.client import HttpClient
from workers.outbox.receivers import MailServer, Receivers
from workers.outbox.smtp import Mailer, MailServerSettings
from workers.outbox.worker import Deliverer

pytestmark = pytest.mark.anyio

SITE = Site("Quarkwerke", "https://data.example")
PAGE = "{ customers(first: 100) { nodes { id } } }"
ME = "{ me { restriction { ground since liftAnnouncedAt because toldAt } objections { purpose state because } } }"
SECURITY = Purpose.ACCOUNT_SECURITY
GOES_ON = "It goes on until it is decided", "Elle se poursuit jusqu'à la décision"
STANDS_STILL = "It stands still from now on", "Elle est suspendue dès maintenant"


@pytest.fixture
async def gate(store: Any) -> Gate:
    """A gateway of the test's own."""
    return await Gate.of(store, 4)


async def ask(gate: Gate, query: str, fresh: bool = True) -> Any:
    """The first customer's own request."""
    facts = {"authenticated_at": int(gate.clock.now.timestamp())} if fresh else {}
    answer = await gate.ask(query, own(gate.ids[0], **facts))
    ((_, payload),) = answer.data.items()
    return payload


async def is_there(gate: Gate, purpose: Purpose = Purpose.INVOICING) -> bool:
    answer = await gate.ask(PAGE, grant(purpose))
    return gate.id(0) in [each["id"] for each in answer.data["customers"]["nodes"]]


async def deliver(gate: Gate, refusal: str | None = None) -> list[Any]:
    """Everything that waits, to a real mail server; what it took."""
    box = Box(refusal=refusal)
    from aiosmtpd.smtp import SMTP

    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mail = MailServer(Mailer(MailServerSettings("127.0.0.1", port, "none", "no-reply@shop.example", "Shop")))
    worker = Deliverer(gate.store, Receivers(gate.store, HttpClient()), gate.clock, rng=lambda: 0.5)
    while await worker.step(mail):
        pass
    server.close()
    return box.letters


def number(gate: Gate) -> str:
    return str(gate.people[0].customer_number)


async def happened(gate: Gate) -> list[tuple[str, str]]:
    query = select(rights_events.c.event, rights_events.c.actor).order_by(rights_events.c.id)
    async with gate.store.write() as connection:
        return [(event, actor) for event, actor in await connection.execute(query)]


async def lifted(gate: Gate, **later: float) -> int:
    gate.clock.now += timedelta(**later)
    return await lift_announced(gate.store, SITE, gate.clock.now)


@pytest.mark.parametrize("refusal", [None, "550 no such mailbox"])
async def test_it_is_lifted_only_after_the_person_was_told(gate: Gate, refusal: str | None) -> None:
    rights = Rights(gate.store, SITE, "LG-7")
    await rights.restrict(number(gate), Ground.ACCURACY_CONTESTED, "REQ-12", gate.clock.now)
    assert not await is_there(gate) and await lifted(gate, days=400) == 0
    await rights.lift(number(gate), "The address was verified.", gate.clock.now)
    assert await lifted(gate, days=30) == 0 and not await is_there(gate), "written is not told"
    letters = await deliver(gate, refusal)
    assert refusal or any("verified" in each.get_content() for each in letters)
    assert await lifted(gate, days=2) == 0 and not await is_there(gate), "three days to complain"
    assert (await ask(gate, ME))["restriction"]["because"] == "The address was verified."
    assert await lifted(gate, days=1, seconds=-1) == 0 and not await is_there(gate), "three whole days"
    assert await lifted(gate, seconds=1) == 1 and await is_there(gate)
    assert await happened(gate) == [("RESTRICTED", "STAFF"), ("LIFT_ANNOUNCED", "STAFF"), ("LIFTED", "GATEWAY")]
    assert (await ask(gate, ME))["restriction"] is None
    assert await lifted(gate) == 0


async def test_who_has_no_address_is_told_by_post(gate: Gate) -> None:
    from sqlalchemy import update

    from store.tables.customers import customers

    async with gate.store.write() as connection:
        await connection.execute(update(customers).values(email=None, email_ref=None))
    rights = Rights(gate.store, SITE)
    with pytest.raises(RightsError, match="no restriction"):
        await rights.lift(number(gate), "Verified.", gate.clock.now)
    await ask(gate, "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }")
    await rights.lift(number(gate), "Verified.", gate.clock.now)
    assert await lifted(gate, hours=1) == 0
    today = gate.clock.now.astimezone(SITE.zone).date()
    with pytest.raises(RightsError, match="today, or before"):
        await rights.announced(number(gate), today + timedelta(days=1), gate.clock.now)
    with pytest.raises(RightsError, match="written after"):
        await rights.announced(number(gate), today - timedelta(days=1), gate.clock.now)
    await rights.announced(number(gate), today, gate.clock.now)
    assert (await happened(gate))[-1] == ("TOLD", "STAFF")
    assert await lifted(gate, days=3) == 0, "three days from the end of the day on which it was posted"
    assert await lifted(gate, days=1) == 1


async def test_a_reason_for_one_of_several_grounds_lifts_none(gate: Gate) -> None:
    """There is one restriction: its end would end it on grounds that nobody has looked at."""
    rights = Rights(gate.store, SITE, "LG-7")
    for ground in (Ground.ACCURACY_CONTESTED, Ground.LEGAL_CLAIMS):
        await rights.restrict(number(gate), ground, "REQ-12", gate.clock.now)
    with pytest.raises(RightsError, match="every-ground"):
        await rights.lift(number(gate), "The address was verified.", gate.clock.now)
    assert (await happened(gate))[-1] == ("RESTRICTED", "STAFF")
    await rights.lift(number(gate), "Verified, and the claims are settled.", gate.clock.now, every=True)
    assert (await happened(gate))[-1] == ("LIFT_ANNOUNCED", "STAFF")


async def test_a_letter_written_in_the_last_second_of_a_day_may_be_posted_on_it(gate: Gate) -> None:
    rights, today = Rights(gate.store, SITE), gate.clock.now.astimezone(SITE.zone).date()
    gate.clock.now = end_of_day(today, SITE.zone)
    await ask(gate, "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }")
    await rights.lift(number(gate), "Verified.", gate.clock.now)
    await rights.announced(number(gate), today, gate.clock.now)
    assert (await happened(gate))[-1] == ("TOLD", "STAFF")


async def test_systems_are_told_on_which_ground(gate: Gate) -> None:
    await subscribe(gate.store, "everything")
    await ask(gate, "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }")
    ((said, *_),) = [[each] for _, to, each in await told(gate.store) if to is not None]
    assert (said["type"], said["data"]["ground"]) == ("customer.restricted", "UNLAWFUL")


async def test_asked_for_again_it_stands_whatever_was_announced(gate: Gate) -> None:
    rights, query = (
        Rights(gate.store, SITE),
        "mutation { requestRestriction(input: {ground: LEGAL_CLAIMS}) { userErrors { code } } }",
    )
    await ask(gate, query)
    await rights.lift(number(gate), "Verified.", gate.clock.now)
    await deliver(gate)
    await ask(gate, query)
    assert await lifted(gate, days=10) == 0 and not await is_there(gate)


async def test_the_person_ends_it_at_once_and_only_their_own(gate: Gate) -> None:
    lift = "mutation { liftRestriction(input: {}) { customer { id } userErrors { code } } }"
    assert [each["code"] for each in (await ask(gate, lift))["userErrors"]] == ["NOT_RESTRICTED"]
    await ask(gate, "mutation { requestRestriction(input: {ground: LEGAL_CLAIMS}) { userErrors { code } } }")
    assert not await is_there(gate)
    assert (await ask(gate, lift))["userErrors"] == [] and await is_there(gate)
    for query in (lift, "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }"):
        answer = await gate.ask(query, own(gate.ids[0]))
        assert answer.codes == ["STEP_UP_REQUIRED"]
        app = grant(Purpose.SELF_SERVICE, subject=gate.ids[0], third_party=True, scopes=("profile:write",),
                    authenticated_at=int(TODAY.timestamp()))  # fmt: skip
        assert "FIRST_PARTY_ONLY" in [each["reason"] for each in (await gate.ask(query, app)).errors]


async def test_an_objection_is_decided_and_what_is_overridden_goes_on_after_the_person_was_told(gate: Gate) -> None:
    rights = Rights(gate.store, SITE, "LG-7")
    await rights.object(number(gate), SECURITY, "REQ-13", gate.clock.now)
    assert not await is_there(gate, SECURITY) and await is_there(gate)
    ((_, row),) = await rights.objections(every=False)
    assert await backlog(gate.store, gate.clock.now) == (1, 0)
    assert await backlog(gate.store, row.answer_by + timedelta(seconds=1)) == (1, 1), "overdue after a month"
    await rights.decide(number(gate), SECURITY, False, "Attacks on your account.", gate.clock.now)
    assert await backlog(gate.store, gate.clock.now) == (0, 0)
    assert await lifted(gate, days=30) == 0 and not await is_there(gate, SECURITY)
    letters = await deliver(gate)
    assert any("Attacks on your account." in each.get_content() for each in letters)
    assert await lifted(gate, days=3) == 1 and await is_there(gate, SECURITY)
    (shown,) = (await ask(gate, ME))["objections"]
    assert shown == {"purpose": "ACCOUNT_SECURITY", "state": "OVERRIDDEN", "because": "Attacks on your account."}
    with pytest.raises(RightsError, match="No objection"):
        await rights.decide(number(gate), SECURITY, True, "Once more.", gate.clock.now)


async def test_an_objection_that_holds_stops_it_for_good(gate: Gate) -> None:
    rights = Rights(gate.store, SITE)
    with pytest.raises(RightsError, match="contract"):
        await rights.object(number(gate), Purpose.INVOICING, "REQ-13", gate.clock.now)
    await rights.object(number(gate), SECURITY, "REQ-13", gate.clock.now)
    await rights.decide(number(gate), SECURITY, True, "You are right.", gate.clock.now)
    await deliver(gate)
    assert await lifted(gate, days=400) == 0 and not await is_there(gate, SECURITY)


async def test_who_objects_to_what_goes_on_is_not_told_that_it_stands_still(gate: Gate) -> None:
    """(Art. 18(2)) The record of who read protects the person and others: no row is kept from it meanwhile."""
    rights = Rights(gate.store, SITE)
    for purpose, sentence in ((Purpose.ACCOUNTABILITY_LOG, GOES_ON), (SECURITY, STANDS_STILL)):
        await rights.object(number(gate), purpose, "REQ-13", gate.clock.now)
        (letter,) = await deliver(gate)
        assert any(each in letter.get_content() for each in sentence)
    async with gate.store.write() as connection:
        stopped = (await connection.scalars(select(processing_stops.c.subject))).all()
    assert stopped == [SECURITY.name]


async def test_news_that_are_wanted_again_take_the_objection_to_them_back(gate: Gate) -> None:
    """Marketing ends at once, is off in the profile too, and comes back by a consent alone (Art. 21(2), (3); 7)."""
    news = Purpose.PRODUCT_NEWS
    await ask(gate, "mutation { setProductNews(input: {wanted: true}) { userErrors { code } } }")
    assert await is_there(gate, news)
    await ask(gate, "mutation { objectTo(input: {purpose: PRODUCT_NEWS}) { userErrors { code } } }", fresh=False)
    assert not await is_there(gate, news)
    await ask(gate, "mutation { withdrawObjection(input: {purpose: PRODUCT_NEWS}) { userErrors { code } } }")
    assert not await is_there(gate, news), "taking an objection back is no consent"
    await ask(gate, "mutation { objectTo(input: {purpose: PRODUCT_NEWS}) { userErrors { code } } }")
    await ask(gate, "mutation { setProductNews(input: {wanted: true}) { userErrors { code } } }")
    assert await is_there(gate, news) and (await ask(gate, ME))["objections"] == []
    async with gate.store.write() as connection:
        mine = select(consents.c.state).where(consents.c.customer_id == gate.ids[0], consents.c.kind == "PRODUCT_NEWS")
        assert (await connection.scalars(mine.order_by(consents.c.id.desc()))).first() == "GIVEN"


async def test_what_stands_follows_from_the_events(gate: Gate) -> None:
    """The flags that row filters ask are those that the append-only events say, whatever came in between."""
    await ask(gate, "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }")
    await ask(gate, "mutation { objectTo(input: {purpose: PERSONALISE_COMMUNICATION}) { userErrors { code } } }")
    await ask(gate, "mutation { objectTo(input: {purpose: ACCOUNT_SECURITY}) { userErrors { code } } }")
    await ask(gate, "mutation { withdrawObjection(input: {purpose: ACCOUNT_SECURITY}) { userErrors { code } } }")
    expected = set[str]()
    async with gate.store.write() as connection:
        query = select(rights_events.c.event, rights_events.c.purpose).order_by(rights_events.c.id)
        for event, purpose in await connection.execute(query):
            subject = purpose or "RESTRICTION"
            expected = expected | {subject} if event in ("RESTRICTED", "OBJECTED") else expected - {subject}
        flags = set(await connection.scalars(select(processing_stops.c.subject)))
        standing = len((await connection.execute(select(restrictions))).all())
        objected = set(await connection.scalars(select(objections.c.purpose)))
    assert flags == expected == {"RESTRICTION", "PERSONALISE_COMMUNICATION"}
    assert (standing, objected) == (1, {"PERSONALISE_COMMUNICATION"})


async def test_restricting_from_two_sides_at_once_restricts_once(gate: Gate) -> None:
    rights, query = (
        Rights(gate.store, SITE),
        "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }",
    )
    await asyncio.gather(
        ask(gate, query), *(rights.restrict(number(gate), Ground.UNLAWFUL, "REQ-1", gate.clock.now) for _ in range(3))
    )
    asked = await happened(gate)
    assert asked.count(("RESTRICTED", "STAFF")) == 3, "each has its reference, and is on record"
    async with gate.store.write() as connection:
        letters = await connection.scalars(select(outbox.c.id).where(outbox.c.topic == "email"))
        assert len(letters.all()) == 1


async def test_while_pages_are_read_a_restriction_hides_from_the_next_statement_on(gate: Gate) -> None:
    """Readers that never stop see the customer up to the commit, and never after it."""
    seen: list[tuple[bool, datetime]] = []
    stop = asyncio.Event()

    async def read() -> None:
        while not stop.is_set():
            began = datetime.now(TODAY.tzinfo)
            seen.append((await is_there(Gate(gate.store, gate.people, gate.ids)), began))

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    await ask(gate, "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }")
    committed = datetime.now(TODAY.tzinfo)
    await asyncio.sleep(0.1)
    stop.set()
    await reader
    assert any(there for there, _ in seen) and any(began > committed for _, began in seen)
    assert not any(there for there, began in seen if began > committed)

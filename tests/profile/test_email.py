"""A new e-mail address is confirmed from there, with notice to the old one (R30, R55; S6, S8, D6)."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select

from policy.purposes import Purpose
from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import lookups
from store.crypto.lookups import NOBODY
from store.database.store import Store
from store.queue.messages import opened
from store.sql.engines import transaction
from store.sql.ids import new_id
from store.tables.access import sessions
from store.tables.outbox import outbox
from store.tables.signin import email_links
from tests.promises.gate import Gate, grant, own
from values.mailbox import MailboxError, read_mailbox

pytestmark = pytest.mark.anyio

ASK = """mutation ($e: EmailAddress!) { requestEmailChange(input: {email: $e}) {
  customer { id email } userErrors { code field message } } }"""
CONFIRM = """mutation ($t: String!) { confirmEmailChange(input: {token: $t}) {
  customer { email version } userErrors { code field } } }"""
NEW = "neue.adresse@example.net"


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 3)


def who(gate: Gate, place: int = 0) -> Any:
    return own(gate.ids[place], authenticated_at=int(gate.clock.now.timestamp()))


async def ask(gate: Gate, email: str = NEW, place: int = 0) -> Any:
    answer = await gate.ask(ASK, who(gate, place), variables={"e": email})
    return answer.data["requestEmailChange"]


async def confirm(gate: Gate, token: str, place: int = 0) -> Any:
    answer = await gate.ask(CONFIRM, who(gate, place), variables={"t": token})
    return answer.data["confirmEmailChange"]


async def letters(gate: Gate) -> list[dict[str, str]]:
    """Every message, oldest first."""
    query = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).order_by(outbox.c.id)
    rows = await gate.store.reader.fetch(gate.store.reader.prepare(query), {})
    found = await opened(gate.store.keys, [tuple(row) for row in rows])
    return [orjson.loads(each) for each in found if each is not None]


async def token(gate: Gate) -> str:
    """The secret in the newest message with a link."""
    for letter in reversed(await letters(gate)):
        if found := re.search(r"/email/confirm\?t=(\S+)", letter["text"]):
            return found[1]
    raise AssertionError("no message has a link")


async def test_the_old_address_is_looked_up_by_nothing(gate: Gate) -> None:
    """D15: neither as an address nor as a login name; and whoever comes later may have it."""
    old, keys = gate.people[0].email, gate.store.keys
    before = await look_ups(gate)
    await ask(gate)
    assert await look_ups(gate) == before, "until it is confirmed"
    assert (await confirm(gate, await token(gate)))["userErrors"] == []
    after = await look_ups(gate)
    assert {place for place, _ in after} == {place for place, _ in before}
    gone = before - after
    assert {place[0] for place, _ in gone} >= {"EMAIL"} and len(gone) == len(after - before)
    assert await keys.lookups.find(Lookup.EMAIL, keys.blind_index(Lookup.EMAIL, old)) == NOBODY
    assert (await keys.lookups.find(Lookup.EMAIL, keys.blind_index(Lookup.EMAIL, NEW))).customer_id == gate.ids[0]
    await ask(gate, old, place=1)
    assert (await confirm(gate, await token(gate), place=1))["userErrors"] == []


async def test_of_two_who_confirm_one_address_one_gets_it(gate: Gate) -> None:
    """S8: the other one's link is void, and their look-up is what it was."""
    tokens = []
    for place in (0, 1):
        await ask(gate, place=place)
        tokens.append(await token(gate))
    done = await asyncio.gather(*(confirm(gate, each, place) for place, each in enumerate(tokens)))
    assert sorted([error["code"] for each in done for error in each["userErrors"]]) == ["LINK_VOID"]
    lost = next(place for place, each in enumerate(done) if each["userErrors"])
    keys = gate.store.keys
    for email, owner in ((NEW, gate.ids[1 - lost]), (gate.people[lost].email, gate.ids[lost])):
        assert (await keys.lookups.find(Lookup.EMAIL, keys.blind_index(Lookup.EMAIL, email))).customer_id == owner


async def look_ups(gate: Gate) -> set[tuple[tuple[str, int, str], bytes]]:
    """The first customer's, by what they lead to."""
    async with transaction(gate.store.keys.engine) as connection:
        found = await connection.execute(select(lookups).where(lookups.c.customer_id == gate.ids[0]))
        return {((row.kind, row.row_id, row.scope), bytes(row.mark)) for row in found}


async def test_nothing_changes_until_the_new_address_confirms(gate: Gate) -> None:
    old = gate.people[0].email
    assert (await ask(gate))["customer"]["email"] == old
    to_new, to_old = await letters(gate)
    assert (to_new["to"], to_old["to"]) == (NEW, old)
    assert NEW not in to_old["text"] + to_old["subject"] and "?t=" not in to_old["text"]
    done = await confirm(gate, await token(gate))
    assert done["userErrors"] == [] and done["customer"]["email"] == NEW
    assert [each["to"] for each in (await letters(gate))[2:]] == [old, NEW], "both are told (R55)"
    query = "query ($e: String!) { customer(by: {email: $e}) { id } }"
    for email, found in ((NEW, {"id": gate.id(0)}), (old, None)):
        answer = await gate.ask(query, grant(Purpose.INVOICING), variables={"e": email})
        assert answer.data["customer"] == found


@pytest.mark.parametrize("wanted", [False, True])
async def test_a_new_address_changes_no_choice(gate: Gate, wanted: bool) -> None:
    """R13, R50: news that were declined stay declined under the new address, and no consent is made of it."""
    choose = "mutation ($n: Boolean!) { setProductNews(input: {wanted: $n}) { userErrors { code } } }"
    held = "{ me { productNews consents { nodes { kind state at } } cookieChoice { measurement } } }"
    for choice in (not wanted, wanted):
        await gate.ask(choose, who(gate), variables={"n": choice})
    before = (await gate.ask(held, who(gate))).data
    assert before["me"]["productNews"] is wanted
    await ask(gate)
    assert (await confirm(gate, await token(gate)))["customer"]["email"] == NEW
    assert (await gate.ask(held, who(gate))).data == before
    reached = await gate.ask("{ customers(first: 100) { nodes { email } } }", grant(Purpose.PRODUCT_NEWS))
    assert (NEW.encode() in reached.raw) is wanted


async def test_a_link_works_once_within_the_hour_for_its_customer_and_address(gate: Gate) -> None:
    """S8."""
    await ask(gate)
    first = await token(gate)
    assert (await confirm(gate, first, place=1))["userErrors"][0]["code"] == "LINK_VOID", "D6: of another customer"
    await ask(gate, "second@example.net")
    assert (await confirm(gate, first))["userErrors"][0]["code"] == "LINK_VOID", "an earlier one"
    second = await token(gate)
    gate.clock.now += timedelta(hours=1)
    assert (await confirm(gate, second))["userErrors"][0]["code"] == "LINK_VOID", "too late"
    gate.clock.now -= timedelta(hours=1)
    assert (await confirm(gate, second))["userErrors"] == []
    assert (await confirm(gate, second))["userErrors"][0]["code"] == "LINK_VOID", "used"
    async with gate.store.write() as connection:
        assert (await connection.execute(select(email_links))).all() == []


async def test_whether_an_address_is_taken_is_told_to_nobody(gate: Gate) -> None:
    """S8: the answer reads alike, and the other customer is not written to."""
    free = await ask(gate)
    taken = await ask(gate, gate.people[1].email)
    assert free == taken
    to = [each["to"] for each in await letters(gate)]
    assert gate.people[1].email not in to and to.count(gate.people[0].email) == 2


async def test_an_address_that_was_taken_in_between_stays_theirs(gate: Gate) -> None:
    await ask(gate)
    mine = await token(gate)
    await ask(gate, place=1)
    assert (await confirm(gate, await token(gate), place=1))["userErrors"] == []
    assert (await confirm(gate, mine))["userErrors"][0]["code"] == "LINK_VOID"


async def test_everybody_else_is_signed_out(gate: Gate) -> None:
    """S6."""
    mine = {
        "customer_id": gate.ids[0], "platform": "CLIENT_AREA", "started_at": gate.clock.now,
        "last_seen_at": gate.clock.now, "expires_at": gate.clock.now + timedelta(days=1), "ended_at": None,
    }  # fmt: skip
    async with gate.store.write() as connection:
        await connection.execute(insert(sessions).values(mine | {"id": new_id()}))
    await ask(gate)
    await confirm(gate, await token(gate))
    async with gate.store.write() as connection:
        open_ = select(sessions.c.id).where(sessions.c.customer_id == gate.ids[0], sessions.c.ended_at.is_(None))
        assert (await connection.execute(open_)).all() == []


async def test_an_old_sign_in_changes_nothing(gate: Gate) -> None:
    """S7."""
    answer = await gate.ask(ASK, own(gate.ids[0]), variables={"e": NEW})
    assert [each["code"] for each in answer.errors] == ["STEP_UP_REQUIRED"]


WRONG = (
    "", "a", "a@b", "a@b.example\nx", "x" * 65 + "@b.example", "a@" + "b" * 260 + ".example", "\uff41@example.net",
    "a\u200b@example.net",
)  # fmt: skip
MIXED = ("p\u0430ypal@example.net", "me@ex\u0430mple.net")
RIGHT = ("a@b.example", "иван@пример.рф", "山田たろう@例え.jp")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((each, "INVALID_EMAIL") for each in WRONG),
        *((each, "MIXED_SCRIPTS") for each in MIXED),
        *((each, None) for each in RIGHT),
    ],
)
def test_an_address_that_could_be_taken_for_another_one_is_refused(text: str, code: str | None) -> None:
    """Homoglyphs: an a of those is Cyrillic."""
    try:
        fault = read_mailbox(text) and None
    except MailboxError as error:
        fault = error.fault.code
    assert fault == code


async def test_refusals_repeat_no_address(gate: Gate) -> None:
    for email in (MIXED[0], "nobody", gate.people[0].email):
        done = await ask(gate, email)
        assert done["userErrors"] and email not in str(done["userErrors"]) and done["customer"] is None


async def test_the_history_names_fields_and_no_value(gate: Gate) -> None:
    """R30: visible to the customer, newest first."""
    change = 'mutation { updateProfile(input: {locale: "fr", phone: null}) { userErrors { code } } }'
    await gate.ask(change, own(gate.ids[0]))
    await ask(gate)
    await confirm(gate, await token(gate))
    answer = await gate.ask("{ me { changes { nodes { fields client at } } } }", own(gate.ids[0]))
    nodes = answer.data["me"]["changes"]["nodes"]
    assert [each["fields"] for each in nodes] == [["Customer.email"], ["Customer.locale", "Customer.phone"]]
    assert {each["client"] for each in nodes} == {"tests"}
    other = await gate.ask("{ me { changes { nodes { id } } } }", own(gate.ids[1]))
    assert other.data["me"]["changes"]["nodes"] == []

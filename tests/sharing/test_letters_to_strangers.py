"""Letters to addresses that others typed: limited, and nothing of what was typed before it is confirmed (S13)."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select
from starlette.applications import Starlette

from gateway.api.rdap import list_routes as rdap_routes
from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.services import SignInServices
from gateway.signin.routes import list_routes
from policy.purposes import Purpose
from resolvers.account.passwords_resets import Resets
from resolvers.commands.dependencies import SignInDependencies, Times
from resolvers.emails.limits import OF_RECIPIENT, EmailKind, EmailLimits
from resolvers.signins.signins import Visitor
from store.database.store import Store, open_store
from store.registers.webhooks import webhooks
from store.tables.domains import domains
from store.tables.oauth import slowdowns
from store.tables.outbox import outbox
from tests.promises.gate import TODAY, Gate, grant, own
from tests.sharing.owners import (
    ADDRESS,
    NAME,
    OWNER,
    asked_secret,
    change,
    confirm,
    key_of,
    letters,
    order,
    register,
    registered,
    resting,
)
from tests.signin.people import add_person

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
INSULT = {"name": "You Are A Fool", "email": "victim@far.example", "address": ADDRESS | {"street": "Fools' Lane 1"}}
CODES = "userErrors { code message field }"


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


@pytest.fixture
async def browser(gate: Gate) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger's browser, at the pages of one replica."""
    house = SignInServices(
        gate.store,
        SignInDependencies(times=Times(refusal=timedelta(0))),
        gate.api,
        Cookies(secure=False),
        (),
        gate.clock,
    )
    app = Starlette(routes=[*list_routes(house), *rdap_routes(gate.api, gate.clock, "https://rdap.example")])
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://house", params={"lang": "en"}) as client:
        yield client


async def aliased(gate: Gate, domain: str, addresses: list[str]) -> list[list[dict[str, Any]]]:
    """One operation that changes the owner again and again."""
    who = own(gate.ids[0], authenticated_at=int(gate.clock.now.timestamp()))
    changes = "\n".join(
        f'c{n}: updateRegistrant(input: {{domainId: "{domain}", registrant: {{name: "Fool", email: "{address}"}}}}) '
        f"{{ {CODES} }}"
        for n, address in enumerate(addresses)
    )
    data = (await gate.ask(f"mutation {{ {changes} }}", who)).data
    return [each["userErrors"] for each in data.values()]


def wait_in(errors: list[dict[str, Any]]) -> int:
    """When to try again."""
    found = re.search(r"in (\d+) seconds", errors[0]["message"])
    assert found is not None and errors[0]["field"] == ["registrant", "email"]
    return int(found[1])


async def test_a_stranger_is_not_written_to_again_and_again(gate: Gate) -> None:
    """S13: per recipient; each alias counts, tags and capitals lead to the same mailbox, and the error says when."""
    domain = await registered(gate)
    before = len(await letters(gate))
    errors = await aliased(gate, domain, [f"Victim+{n}@FAR.example" for n in range(4)])
    assert [[each["code"] for each in found] for found in errors] == [[]] * 3 + [["RATE_LIMITED"]]
    assert wait_in(errors[-1]) == pytest.approx(86_400, abs=1)
    assert len(await letters(gate)) == before + 3
    gate.clock.now += timedelta(seconds=86_400)
    assert (await change(gate, domain, registrant=INSULT))["userErrors"] == []


async def test_a_customer_does_not_write_to_all_the_world(gate: Gate) -> None:
    """S13: per customer, whomever they name; nothing is changed by what is refused, and others are not kept waiting."""
    domain = await registered(gate)
    most = EmailKind.OWNER_CONFIRMATION.of_customer.burst
    found = []
    for n in range(0, 40, 4):
        found += await aliased(gate, domain, [f"victim{m}@far.example" for m in range(n, n + 4)])
    limited = [errors for errors in found if errors]
    assert len(found) - len(limited) == most - 1, "one was written when the domain was registered"
    assert {errors[0]["code"] for errors in limited} == {"RATE_LIMITED"} and 3_590 <= wait_in(limited[0]) <= 3_600
    assert len(await letters(gate)) == most
    seen = await gate.ask("query ($id: ID!) { node(id: $id) { ... on Domain { registrant { email } } } }",
                          own(gate.ids[0]), variables={"id": domain})  # fmt: skip
    assert seen.data["node"]["registrant"]["email"] == f"victim{most - 2}@far.example"
    done = await register(gate, await order(gate, 1), name="another.fr", registrant=INSULT)
    assert done["userErrors"] == []


async def test_two_replicas_count_together(gate: Gate) -> None:
    """S13, F4: at the same moment, over connections of their own; the address rests nowhere in the clear."""
    config = gate.store._parts.config
    other = await open_store(config)
    try:
        limits = [EmailLimits(each) for each in (gate.store, other)]

        async def one(n: int) -> int:
            store = (gate.store, other)[n % 2]
            async with store.write() as connection:
                kind = EmailKind.OWNER_CONFIRMATION
                return await limits[n % 2].take(connection, kind, gate.ids[0], "Victim@Far.example", TODAY)

        waits = await asyncio.gather(*(one(n) for n in range(12)))
        assert sorted(waits)[:4] == [0, 0, 0, 86_400]
        async with gate.store.write() as connection:
            rows = str((await connection.execute(select(slowdowns))).all())
        assert "victim" not in rows.lower() and "far.example" not in rows
    finally:
        await other.close()


async def test_all_kinds_together_have_a_limit_too(store: Store) -> None:
    """S13: what is refused by one count is not charged to the others."""
    limits = EmailLimits(store)
    async with store.write() as connection:
        waits = [
            await limits.take(connection, kind, customer, "victim@far.example", TODAY)
            for customer in range(4)
            for kind in EmailKind
            if kind is not EmailKind.PASSWORD_RESET
        ]
        assert waits.count(0) == OF_RECIPIENT.burst
        again = [
            await limits.take(connection, kind, 9, f"v{n}@far.example", TODAY) for kind in EmailKind for n in range(2)
        ]
    assert set(again) == {0}


async def test_who_fills_a_mailbox_does_not_keep_back_the_link_to_a_new_password(store: Store) -> None:
    """S1, S13: or an address that somebody types again and again would lock out whoever it belongs to."""
    limits, others = EmailLimits(store), [each for each in EmailKind if each is not EmailKind.PASSWORD_RESET]
    async with store.write() as connection:
        for customer in range(5):
            for kind in others:
                await limits.take(connection, kind, customer, "victim@far.example", TODAY)
        assert await limits.take(connection, EmailKind.OWNER_NEWS, 9, "victim@far.example", TODAY) > 0
        resets = [
            await limits.take(connection, EmailKind.PASSWORD_RESET, 9, "victim@far.example", TODAY) for _ in range(4)
        ]
    assert resets[:3] == [0, 0, 0] and resets[3] > 0


async def test_the_first_letter_says_nothing_that_was_typed(gate: Gate) -> None:
    """S13: neither name nor address nor domain; a link, and that nothing happens without it."""
    await register(gate, await order(gate), name="you-are-a-fool.fr", registrant=INSULT)
    (letter,) = await letters(gate)
    assert letter["to"] == INSULT["email"] and "/registrant/confirm?t=" in letter["text"]
    assert not re.search("fool|lane|lausanne|perrin", str(letter), re.I)


async def test_until_it_is_confirmed_nothing_is_published_or_sent(gate: Gate, browser: httpx.AsyncClient) -> None:
    """S13: under .fr an organisation is published; not one that somebody made up."""
    domain = await registered(gate)
    await change(gate, domain, registrantKind="LEGAL_PERSON", registrant={})
    query = "query ($id: ID!) { node(id: $id) { ... on Domain { registrant { name email } } } }"

    async def read() -> tuple[Any, int, int]:
        told = await gate.ask(query, grant(Purpose.DOMAIN_REGISTRATION), variables={"id": domain})
        rdap = (await browser.get(f"/rdap/domain/{NAME}")).json()
        mine = await gate.ask("{ me { disclosures { nodes { fields } } } }", own(gate.ids[0]))
        named = [each for each in mine.data["me"]["disclosures"]["nodes"] if "Registrant.name" in each["fields"]]
        return told.data["node"]["registrant"]["name"], len(rdap["redacted"]), len(named)

    name, redacted, before = await read()
    assert (name, redacted) == (None, 8) and (await read())[2] == before
    for change_ in ({"phone": "+41 21 555 01 09"}, {"email": "second@atelier.example"}, {"email": OWNER["email"]}):
        await change(gate, domain, registrant=change_)
    texts = [each["text"] for each in await letters(gate)]
    assert len(texts) == 3 and all("/registrant/confirm?t=" in each for each in texts), "questions, and nothing else"
    await confirm(gate, gate.clock.now)
    assert await read() == (OWNER["name"], 0, before + 1)
    assert NAME in (await letters(gate))[-1]["text"]


async def test_the_reader_confirms(gate: Gate, browser: httpx.AsyncClient) -> None:
    """S13: to look at the page answers nothing; it names the domain and no detail; then the owner sees everything."""
    domain = await registered(gate)
    secret = await asked_secret(gate)
    page = await browser.get("/registrant/confirm", params={"t": secret})
    assert page.status_code == 200 and NAME in page.text and page.headers["cache-control"] == "no-store"
    assert OWNER["name"] not in page.text and OWNER["email"] not in page.text
    assert (await resting(gate, domain))["registrant_confirmed_at"] is None
    assert (await browser.get("/registrant/data", params={"t": secret})).status_code == 410, "it opens nothing else"
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text.split("</form>")[0]))
    answered = await browser.post("/registrant/confirm", data=hidden)
    assert answered.status_code == 303
    onward = httpx.URL(answered.headers["location"])
    shown = await browser.get(onward.path, params=onward.params)
    assert shown.status_code == 200 and OWNER["name"] in shown.text
    again = await browser.post("/registrant/confirm", data=hidden)
    assert again.status_code == 303 and len(await letters(gate)) == 2, "once is enough"


async def test_the_reader_is_somebody_else(gate: Gate, browser: httpx.AsyncClient) -> None:
    """S13: the address goes, the customer and internal systems see it, and the link leads nowhere."""
    async with gate.store.write() as connection:
        await connection.execute(insert(webhooks).values(
            id=7, name="crm", url="https://crm.example/h", events="[]", secret=b"x", created_at=TODAY
        ))  # fmt: skip
    domain = await registered(gate)
    page = await browser.get("/registrant/confirm", params={"t": await asked_secret(gate)})
    second = page.text.split("</form>")[1]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', second))
    assert "will not hear" in (await browser.post("/registrant/confirm", data=hidden)).text
    row = await resting(gate, domain)
    assert row["registrant_email"] is None and row["registrant_confirmed_at"] is None
    async with gate.store.write() as connection:
        events = select(outbox.c.event).where(outbox.c.topic == "webhook").order_by(outbox.c.id)
        assert list((await connection.execute(events)).scalars())[-1] == "domain.registrant.changed"
    assert (await browser.post("/registrant/confirm", data=hidden)).status_code == 410
    asked = await browser.get("/registrant/confirm", params={"t": "A" * 46})
    assert asked.status_code == 410


async def test_the_question_lasts_a_fortnight_and_for_its_address(gate: Gate, browser: httpx.AsyncClient) -> None:
    domain = await registered(gate)
    secret = await asked_secret(gate)

    async def status() -> int:
        return (await browser.get("/registrant/confirm", params={"t": secret})).status_code

    gate.clock.now += timedelta(days=13)
    assert await status() == 200
    await change(gate, domain, registrant={"name": "Perrin", "email": OWNER["email"].upper()})
    assert await status() == 200, "the same mailbox"
    gate.clock.now += timedelta(days=2)
    assert await status() == 410
    gate.clock.now -= timedelta(days=2)
    await change(gate, domain, registrant={"email": "second@atelier.example"})
    assert await status() == 410


async def test_whoever_asks_for_the_link_has_the_question_sent(gate: Gate, browser: httpx.AsyncClient) -> None:
    """S13: an owner who has not confirmed is sent nothing else, also not what they ask for, and only so often."""
    await registered(gate)
    for _ in range(5):
        page = await browser.get("/registrant")
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        assert (await browser.post("/registrant", data=form | {"domain": NAME})).status_code == 200
    texts = [each["text"] for each in await letters(gate)]
    assert len(texts) == 3 and all("/registrant/confirm?t=" in each for each in texts)


async def test_an_owner_of_many_domains_is_asked_once(gate: Gate) -> None:
    """S13: a registrar's tool is not held up; one answer counts for the customer's domains with that owner."""
    names = [f"domain-{n}.fr" for n in range(6)]
    made = [await register(gate, await order(gate), name=name) for name in names]
    assert [each["userErrors"] for each in made] == [[]] * 6
    assert len(await letters(gate)) == EmailKind.OWNER_CONFIRMATION.of_recipient.burst
    await confirm(gate, gate.clock.now)
    async with gate.store.write() as connection:
        ids = [key_of(gate, each["domain"]["id"]) for each in made]
        states = select(domains.c.registrant_confirmed_at).where(domains.c.id.in_(ids))
        assert None not in list((await connection.execute(states)).scalars())
    more = await register(gate, await order(gate), name="one-more.fr")
    assert (await resting(gate, more["domain"]["id"]))["registrant_confirmed_at"] is not None
    theirs = await register(gate, await order(gate, 1), name="of-another.fr")
    assert [each["code"] for each in theirs["userErrors"]] == ["RATE_LIMITED"], "another customer asks for themselves"


async def test_a_new_address_is_not_written_to_by_many_customers(gate: Gate) -> None:
    """S13, S8: per recipient over all customers; the same answer when somebody has the address."""
    query = "mutation ($e: EmailAddress!) { requestEmailChange(input: {email: $e}) { userErrors { code field } } }"
    now = int(gate.clock.now.timestamp())
    ids = [*gate.ids, *[(await add_person(gate.store)).id for _ in range(3)]]
    taken = (await add_person(gate.store)).login
    for address in ("victim@far.example", taken):
        found = []
        for id_ in ids:
            answer = await gate.ask(query, own(id_, authenticated_at=now), variables={"e": address})
            found.append([each["code"] for each in answer.data["requestEmailChange"]["userErrors"]])
        assert found == [[]] * 3 + [["RATE_LIMITED"]] * 2
    assert sum(each["to"] == "victim@far.example" for each in await letters(gate)) == 3


async def test_forgotten_passwords_of_all_platforms_fill_no_mailbox(gate: Gate) -> None:
    """S13, S8: the answer is the same as always."""
    person = await add_person(gate.store)
    resets = Resets(gate.store, SignInDependencies(times=Times(refusal=timedelta(0))))
    platforms = ("CLIENT_AREA", "MANAGEMENT_INTERFACE", "WEBMAIL")
    answers = [
        await resets.request(platform, person.login, Visitor(f"192.0.{n}.7", "curl"), TODAY)
        for n in range(3)
        for platform in platforms
    ]
    assert len({repr(answer) for answer in answers}) == 1
    assert sum(each["to"] == person.login for each in await letters(gate)) == 3


async def test_what_was_there_before_stays_confirmed(gate: Gate) -> None:
    """Imported owners were told elsewhere; erasing an owner ends it."""
    async with gate.store.write() as connection:
        states = list((await connection.execute(select(domains.c.registrant_confirmed_at))).scalars())
    assert states and None not in states


def modules() -> list[tuple[str, ast.Module]]:
    """The product's own modules."""
    floors = ("gateway", "schema", "resolvers", "workers", "audits", "store", "policy")
    paths = [
        path for floor in floors for path in sorted((ROOT / floor).rglob("*.py")) if "migrations" not in path.parts
    ]
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())) for path in paths]


def test_nothing_reaches_a_mailbox_but_by_the_two_ways() -> None:
    """S13: an address is proven, which one module says, or typed, and then it is limited; nobody else writes mail."""
    calls: dict[str, set[str]] = {}
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func).rpartition(".")[2]
                about = (
                    f"{called}({ast.unparse(node.args[0])})" if called.startswith("insert") and node.args else called
                )
                calls.setdefault(about, set()).add(name)
    assert calls["ProvenAddress"] == {"resolvers/emails/emails.py"}, (
        "read from the customer's own row, and nowhere else"
    )
    assert calls["EmailRecipient"] - {"audits/schema/sdl_reading.py"} <= {"resolvers/emails/emails.py"}
    # Recipients of data, or of erased data, are written to at addresses that an operator registered.
    told = {
        "resolvers/emails/emails.py",
        "resolvers/events/announcements.py",
        "workers/recipients/notices.py",
        "workers/recipients/listing.py",
        "workers/grants/closing.py",
        "store/queue/logouts.py",
    }
    assert calls["insert(outbox)"] == told
    assert calls["insert_new(connection)"] >= {"workers/erasure/steps.py"}
    assert calls["send_typed"] == {"resolvers/account/email_changing.py", "resolvers/registrants/registrants.py",
                                   "resolvers/registrants/confirmation.py"}  # fmt: skip
    # The last letter of an erasure is put aside by the worker: composed for a reader, whose address is proven.
    assert calls["compose"] == {
        "resolvers/emails/emails.py",
        "resolvers/erasure/notifying.py",
        "workers/outbox/smtp.py",
    }


def test_whoever_writes_mail_without_a_proven_address_is_stopped_by_the_types() -> None:
    """S13: `send_to` takes a reader, whose address is proven; a typed one has to pass `send_typed`."""
    from resolvers.emails import emails as module

    assert module.send_to.__annotations__["reader"] == "EmailRecipient"
    assert module.send_typed.__annotations__["limits"] == "EmailLimits"
    assert module.send_typed.__annotations__["stranger"] == "Stranger"
    assert module.EmailRecipient.__annotations__["address"] == "ProvenAddress"
    assert module.Stranger.__annotations__["address"] == "TypedAddress"

"""A customer sets up the sign-in of each further platform, by mutation and by page (R38, R39)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.registration import register
from resolvers.signin.verdicts import Rejected, SignedIn
from store.database.store import Store
from store.tables.domains import domains
from tests.signin.lobby import Lobby
from tests.signin.people import CHEAP, START, Person, newcomer, password
from tests.signin.web import Browser, Web, serving
from tests.stores import Databases

pytestmark = pytest.mark.anyio

NEW = "Brombeerhecke-77!x"
OTHER = "Stachelbeere-88!y"
ADD = """
mutation ($platform: Platform!, $login: String!, $new: String!) {
  addCredential(input: {platform: $platform, loginName: $login, newPassword: $new}) {
    credential { platform loginName passwordStrength }
    userErrors { code field }
  }
}
"""


def plain(number: int) -> NewCustomer:
    """A customer as `registerCustomer` and imports make one: with a sign-in to the client area alone."""
    new = newcomer(number)
    (service,) = new.services
    assert service.domain is not None
    runs = replace(service.domain, expires_at=START + timedelta(days=3650))
    return replace(new, credentials=new.credentials[:1], services=(replace(service, domain=runs),))


async def add(store: Store, number: int) -> Person:
    new = plain(number)
    (id_,) = await register(store, [new], now=new.created_at)
    return Person(id_, new.email, {"CLIENT_AREA": password(number, "CLIENT_AREA")}, new.name.family)


async def test_each_platform_gets_a_sign_in_with_a_password_of_its_own(lobby: Lobby) -> None:
    """R38: three passwords, each of which opens one platform; R39: two factors on both interfaces."""
    person = await add(lobby.store, 901)
    token = await lobby.grant(await lobby.enter(person))
    mailbox = "Info@grumpfwerke901.example"
    for platform, login, new in (("MANAGEMENT_INTERFACE", person.login, NEW), ("WEBMAIL", mailbox, OTHER)):
        answer = (await lobby.ask(token, ADD, platform=platform, login=login, new=new))["data"]["addCredential"]
        assert answer["userErrors"] == [] and answer["credential"]["platform"] == platform
        assert answer["credential"]["passwordStrength"] is not None
        assert isinstance(await lobby.knock(login.lower(), new, platform), SignedIn)
        assert isinstance(await lobby.knock(login, new, "CLIENT_AREA"), Rejected)
        assert isinstance(await lobby.knock(login, person.password, platform), Rejected)
    assert [letter["subject"] for letter in await lobby.letters(person)].count("A sign-in was set up") == 2
    there = replace(person, passwords={"MANAGEMENT_INTERFACE": NEW})
    own = await lobby.grant(await lobby.enter(there, "MANAGEMENT_INTERFACE"))
    enrolled = await lobby.ask(own, "mutation { enrolTotp(input: {}) { secret userErrors { code } } }")
    assert enrolled["data"]["enrolTotp"]["secret"] is not None


@pytest.mark.parametrize(
    ("platform", "login", "new", "code", "field"),
    [
        ("CLIENT_AREA", "yolanda.grumpf{n}@example.org", NEW, "CREDENTIAL_EXISTS", "platform"),
        ("WEBMAIL", "info@somebody-else.example", NEW, "LOGIN_NAME_NOT_YOURS", "loginName"),
        ("WEBMAIL", "info@grumpfwerke.example", NEW, "LOGIN_NAME_NOT_YOURS", "loginName"),
        ("WEBMAIL", "nonsense", NEW, "INVALID_EMAIL", "loginName"),
        ("WEBMAIL", "info@mail.grumpfwerke{n}.example", "short", "PASSWORD_TOO_SHORT", "newPassword"),
        ("WEBMAIL", "info@mail.grumpfwerke{n}.example", "{present}", "PASSWORD_REUSED", "newPassword"),
    ],
)
async def test_what_is_refused_is_told_and_makes_nothing(
    lobby: Lobby, platform: str, login: str, new: str, code: str, field: str
) -> None:
    person = await add(lobby.store, 902)
    token = await lobby.grant(await lobby.enter(person))
    facts = {"n": "902", "present": person.password}
    answer = await lobby.ask(token, ADD, platform=platform, login=login.format(**facts), new=new.format(**facts))
    (error, *_) = answer["data"]["addCredential"]["userErrors"]
    assert (error["code"], error["field"]) == (code, [field])
    listed = await lobby.ask(token, "{ me { credentials { platform } } }")
    assert listed["data"]["me"]["credentials"] == [{"platform": "CLIENT_AREA"}]


async def test_the_mailbox_of_another_customer_cannot_be_taken(lobby: Lobby) -> None:
    """Behind webmail the login name is the mailbox that is opened."""
    owner, thief = await add(lobby.store, 903), await add(lobby.store, 904)
    for person, code in ((thief, ["LOGIN_NAME_NOT_YOURS"]), (owner, [])):
        token = await lobby.grant(await lobby.enter(person))
        asked = {"platform": "WEBMAIL", "login": "boss@grumpfwerke903.example", "new": NEW}
        answer = await lobby.ask(token, ADD, **asked)
        assert [each["code"] for each in answer["data"]["addCredential"]["userErrors"]] == code
    # Nor that of a neighbour whose address happens to be the same login on this platform.
    token = await lobby.grant(await lobby.enter(owner))
    again = await lobby.ask(token, ADD, platform="WEBMAIL", login="boss@grumpfwerke903.example", new=OTHER)
    assert again["data"]["addCredential"]["userErrors"][0]["code"] == "CREDENTIAL_EXISTS"


async def test_of_two_requests_at_once_one_makes_it(lobby: Lobby) -> None:
    person = await add(lobby.store, 905)
    token = await lobby.grant(await lobby.enter(person))
    asked = [lobby.ask(token, ADD, platform="WEBMAIL", login=person.login, new=new) for new in (NEW, OTHER, NEW + "1")]
    answers = [each["data"]["addCredential"]["userErrors"] for each in await asyncio.gather(*asked)]
    assert answers.count([]) == 1
    listed = await lobby.ask(token, "{ me { credentials { platform } } }")
    assert len(listed["data"]["me"]["credentials"]) == 2


async def test_an_old_sign_in_does_not_suffice(lobby: Lobby) -> None:
    """S7: a stolen session must not make itself a way in that stays."""
    person = await add(lobby.store, 906)
    token = await lobby.grant(await lobby.enter(person))
    lobby.wait(301)
    answer = await lobby.ask(token, ADD, platform="WEBMAIL", login=person.login, new=NEW)
    assert answer["kind"] == "STEP_UP_REQUIRED"


async def test_an_ended_domain_is_nobodys(lobby: Lobby) -> None:
    """Its next owner must not share a mailbox with the last one."""
    person = await add(lobby.store, 908)
    token = await lobby.grant(await lobby.enter(person))
    async with lobby.store.write() as connection:
        await connection.execute(update(domains).values(expires_at=START))
    answer = await lobby.ask(token, ADD, platform="WEBMAIL", login="info@grumpfwerke908.example", new=NEW)
    assert answer["data"]["addCredential"]["userErrors"][0]["code"] == "LOGIN_NAME_NOT_YOURS"


@pytest.fixture(scope="module")
def web(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving("sqlite", databases, tmp_path_factory.mktemp("platforms"), replicas=1) as found:
        yield found


def test_the_page_sets_up_webmail(web: Web) -> None:
    """Without a script, from the overview to the sign-in of the other service."""

    async def made(store: Store) -> Person:
        new = replace(plain(907), created_at=datetime.now(UTC))
        strong = replace(new.credentials[0], password_hash=CHEAP.hash(password(907, "CLIENT_AREA")))
        (id_,) = await register(store, [replace(new, credentials=(strong,))], now=new.created_at)
        return Person(id_, new.email, {"CLIENT_AREA": password(907, "CLIENT_AREA")}, new.name.family)

    person = web.on_store(made)
    browser = Browser(web.replicas[0].url)
    browser.sign_in(person)
    overview = browser.get("/security").text
    assert '"/security/services/webmail"' in overview and "/security/services/client-area" not in overview
    assert browser.get("/security/services/nothing").status_code == 303
    form = browser.get("/security/services/webmail")
    assert form.status_code == 200 and "Webmail: set up the sign-in" in form.text
    wrong = browser.send(login="info@somebody-else.example", new=NEW)
    assert wrong.status_code == 422 and "registered with us" in wrong.text and NEW not in wrong.text
    done = browser.send(login="info@grumpfwerke907.example", new=NEW)
    assert done.status_code == 200 and "You can now sign in to: Webmail" in done.text
    assert 'href="/security/services/webmail"' not in done.text
    assert 'href="/security?lang=fr"' in done.text, "the answer to a form is not the form"
    assert "/security/services/webmail?lang=fr" not in done.text
    other = Browser(browser.url)
    other.get("/sign-in?platform=WEBMAIL")
    assert other.send(login="info@grumpfwerke907.example", password=NEW).status_code == 303
    assert "__Host-session-webmail" in other.cookies

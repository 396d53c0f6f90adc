"""An attack journey at two replicas on PostgreSQL: everything is refused, everybody else is served, and the owner keeps
the account (G7, G8, G12, G13, G14, O10, S1, S11, S13, S14, D6, D11)."""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from resolvers.customers.registration import register
from store.database.schemas import MAIN
from store.database.store import Store
from store.tables.outbox import outbox
from tests.gateway.servers import command
from tests.journeys.works import until
from tests.oauth.relying import challenge
from tests.oauth.test_third_parties import ATTACKS, leaves
from tests.signin.people import PLATFORMS, Person, newcomer, password
from tests.signin.rfc6238 import totp
from tests.signin.web import Browser, Web, serving
from tests.stores import Databases

BACK = "https://app.example/back"
HOME, ELSEWHERE, THIEF = "192.0.2.7", "192.0.2.8", "203.0.113.66"
TOO_LONG = {"query": '{ customers(first: "%s") { nodes { id } } }' % (" " * 32_000)}
ACCOUNT = "{ me { id fullName email credentials { platform secondFactors { kind } } } }"


@dataclass
class Town:
    """Two replicas, and the people around them."""

    web: Web
    owner: Person
    neighbour: Person
    settings: dict[str, str]
    folder: Path

    def url(self, replica: int) -> str:
        return self.web.replicas[replica].url

    def gateway(self, *arguments: str) -> Any:
        """An operator's command."""
        return command(arguments, self.folder, **self.settings)

    def rows(self) -> dict[str, int]:
        """How many rows there are in each table."""

        async def count(store: Store) -> dict[str, int]:
            async with store.write() as connection:
                return {
                    name: await connection.scalar(select(func.count()).select_from(table)) or 0
                    for name, table in MAIN.tables.tables.items()
                }

        return self.web.on_store(count)

    def letters(self) -> int:
        """How many messages were written to anybody."""

        async def count(store: Store) -> int:
            async with store.write() as connection:
                found = select(func.count()).where(outbox.c.topic == "email")
                return await connection.scalar(found) or 0

        return self.web.on_store(count)


@pytest.fixture(scope="module")
def town(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("attacks")
    with serving("postgresql", databases, folder, 2, GATEWAY_MAX_BODIES="64") as web:

        async def populate(store: Store) -> list[Person]:
            found = []
            for number, login in ((9001, "owner@faß.example"), (9002, "neighbour@example.org")):
                new = newcomer(number, totp=True)
                signs_in = tuple(replace(each, login_name=login) for each in new.credentials)
                new = replace(new, email=login, credentials=signs_in)
                (id_,) = await register(store, [new], now=datetime.now(UTC))
                words = {platform: password(number, platform) for platform in PLATFORMS}
                found.append(Person(id_, login, words, new.name.family))
            return found

        owner, neighbour = web.on_store(populate)
        config = web.config
        settings = {
            "GATEWAY_ISSUER": "https://data.example",
            "GATEWAY_DATABASE_URL": config.database_url,
            "GATEWAY_KEY_STORE_URL": config.key_store_url,
            "GATEWAY_ROOT_KEY_PATH": str(config.root_key_path),
        }
        made = Town(web, owner, neighbour, settings, folder)
        ours = ("--first-party", "--no-dpop", "--purpose", "SELF_SERVICE", "--introspection")
        made.gateway("clients", "create", "ours", "--kind", "app", "--name", "Ours", *ours, "--redirect-uri", BACK)
        scopes = ("--scope", "profile:read", "--scope", "profile:write", "--scope", "services:read")
        theirs = ("--no-dpop", "--purpose", "SELF_SERVICE", *scopes, "--redirect-uri", BACK)
        done = made.gateway("clients", "create", "theirs", "--kind", "app", "--name", "Theirs", *theirs)
        assert done.returncode == 0, done.stderr
        yield made


def signed_in(town: Town, person: Person, replica: int, address: str, browser: Browser | None = None) -> Browser:
    """A person with password and code; a code works once, so it waits for the next one if it must."""
    browser = browser or Browser(town.url(replica), address)
    answer = browser.sign_in(person)
    for _ in range(35):
        if "location" not in answer.headers:
            break
        browser.get(path_of(answer.headers["location"]))
        answer = browser.send(code=totp(at=datetime.now(UTC)))
        if "location" in answer.headers and "/sign-in" not in answer.headers["location"]:
            return browser
        time.sleep(1)
        answer = browser.sign_in(person)
    raise AssertionError(browser.said() or answer.text)


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def token(town: Town, browser: Browser, client: str, scope: str, replica: int) -> str:
    """What the code flow gives, redeemed at any replica; the consent page is agreed to where there is one."""
    verifier = secrets.token_urlsafe(40)
    wanted = {
        "response_type": "code", "client_id": client, "redirect_uri": BACK, "scope": scope, "state": "s",
        "code_challenge": challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    answer = browser.get(f"/oauth/authorize?{urlencode(wanted)}")
    if answer.status_code == 200 and 'name="ticket"' in answer.text:
        answer = browser.send(decision="allow")
    if "location" not in answer.headers:
        onward = re.search(r'url=([^"]+)"', answer.text)
        assert onward is not None, answer.text
        answer = httpx.Response(303, headers={"location": unescape(onward[1])})
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "client_id": client, "code_verifier": verifier}
    headers = {"x-forwarded-for": browser.address, "host": "data.example", "user-agent": "Firefox on Linux"}
    form["redirect_uri"] = BACK
    given = httpx.post(f"{town.url(replica)}/oauth/token", data=form, headers=headers, timeout=120)
    assert given.status_code == 200, given.text
    return str(given.json()["access_token"])


def ask(town: Town, bearer: str, query: str, replica: int = 0, **variables: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {bearer}", "host": "data.example"}
    body = {"query": query, "variables": variables}
    found: dict[str, Any] = httpx.post(f"{town.url(replica)}/graphql", json=body, headers=headers, timeout=120).json()
    return found


def test_everything_is_refused_and_the_owner_keeps_the_account(town: Town) -> None:
    """The steps of the whole story; each actor tries what once succeeded."""
    owner = signed_in(town, town.owner, 0, HOME)  # A device that is known from here on.
    mine = token(town, owner, "ours", "purpose:self_service", 1)
    before = ask(town, mine, ACCOUNT)["data"]
    assert before["me"]["email"] == "owner@faß.example"

    anonymous_visitor(town)
    third_party(town, mine, owner)
    ordinary_customer(town)
    partner(town)

    assert ask(town, mine, ACCOUNT, 1)["data"] == before
    device = {name: value for name, value in owner.cookies.items() if "session" not in name}
    again = signed_in(town, town.owner, 1, HOME, replace(owner, url=town.url(1), cookies=device))
    assert again.get("/security").status_code == 200, "the owner is in, with the password and the factor of before"


def anonymous_visitor(town: Town) -> None:
    """Spellings, guesses, hostile texts, slow bodies, and rows for nothing."""
    written = town.letters()
    for spelling in ("owner@fass.example", "owner@FASS.example", "owner@xn--fa-hia.example."):
        thief = Browser(town.url(0), THIEF)
        thief.get("/password/forgot")
        assert thief.send(login=spelling, service="CLIENT_AREA").status_code == 200
    assert town.letters() == written, "no link for whoever has another mailbox (S14)"

    answers = []
    for number in range(30):
        thief = Browser(town.url(number % 2), f"203.0.113.{number}")
        thief.get("/sign-in")
        answers.append(thief.send(login=town.owner.login, password="wrong", code="ABCD-EFGH-JKLM-NPQR").status_code)
    assert answers.count(429) >= 20, "a code beside the password hides no guess (S11)"

    rows = town.rows()
    with httpx.Client(headers={"x-forwarded-for": THIEF, "host": "data.example"}, timeout=120) as visitor:
        began = time.process_time()
        hostile = visitor.post(f"{town.url(0)}/unsubscribe/x", content=b"-" * 65_000, headers=FORM)
        assert hostile.status_code in (400, 404, 410, 413, 415)
        for number in range(30):
            pushed = {"client_id": "ours", "redirect_uri": BACK, "response_type": "code", "scope": "x" * 4_000}
            visitor.post(f"{town.url(0)}/oauth/par", data=pushed)
            visitor.get(f"{town.url(1)}/rdap/domain/grumpfwerke{number}.example")
        assert time.process_time() - began < 30
        seen = [visitor.get(f"{town.url(0)}/rdap/domain/a.example").status_code for _ in range(70)]
    assert 429 in seen, "RDAP is limited by address (G14)"
    grown = {name: count - rows[name] for name, count in town.rows().items() if count > rows[name]}
    assert not {name: more for name, more in grown.items() if more > 5}, "nothing durable before proof (G14)"

    with ExitStack() as slow:
        for _ in range(100):
            held = slow.enter_context(socket.create_connection(("127.0.0.1", urlsplit(town.url(0)).port or 0)))
            held.sendall(SLOW)
        assert Browser(town.url(0), ELSEWHERE).get("/sign-in").status_code == 200, "slow bodies stop nobody (G13)"
        readings = {httpx.get(f"{town.url(0)}/readyz").status_code for _ in range(5)}
        assert readings == {200}


FORM = {"content-type": 'multipart/form-data; boundary="x"'}
SLOW = (
    b"POST /graphql HTTP/1.1\r\nHost: data.example\r\nX-Forwarded-For: 203.0.113.66\r\n"
    b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
)


def third_party(town: Town, mine: str, owner: Browser) -> None:
    """An app that the owner allowed to read the profile tries to be the owner (O10)."""
    theirs = token(town, owner, "theirs", "profile:read profile:write services:read", 1)
    assert ask(town, theirs, "{ me { fullName } }")["data"]["me"]["fullName"]
    for attack in ATTACKS:
        answer = ask(town, theirs, attack, 1)
        assert answer.get("errors") and not leaves(answer.get("data")), (attack, answer)
    apps = ask(town, mine, "{ me { authorizedApps { id name } } }")["data"]["me"]["authorizedApps"]
    (app,) = [each for each in apps if each["name"] == "Theirs"]
    text = (
        """mutation ($in: WithdrawAuthorizedAppInput!) { withdrawAuthorizedApp(input: $in) { userErrors { code } } }"""
    )
    done = ask(town, mine, text, 0, **{"in": {"authorizedAppId": app["id"]}})
    assert done["data"]["withdrawAuthorizedApp"]["userErrors"] == [], done
    assert "data" not in ask(town, theirs, "{ me { fullName } }", 1), "taken back, it is over at once, everywhere"


def ordinary_customer(town: Town) -> None:
    """A customer with a token of our own app, at others' data and in the company's name."""
    browser = signed_in(town, town.neighbour, 1, ELSEWHERE)
    own = token(town, browser, "ours", "purpose:self_service", 0)
    assert ask(town, own, query=TOO_LONG["query"]).get("errors")
    # What was asked before has spent this customer's budget, and nobody else's.
    found = until("the budget", lambda: ask(town, own, "{ me { domains(first: 1) { nodes { id } } } }").get("data"))
    domain = found["me"]
    written = town.letters()
    each = (
        'a%d: updateRegistrant(input: {domainId: "%s", registrant: {email: "s%d@example.net"}}) { userErrors { code } }'
    )
    for start in range(0, 60, 5):
        aliases = " ".join(each % (n, domain["domains"]["nodes"][0]["id"], n) for n in range(start, start + 5))
        ask(town, own, f"mutation {{ {aliases} }}", start % 2)
    assert town.letters() - written <= 12, "letters to strangers are limited (S13)"
    someone = town.web.on_store(lambda store: shown(store, town.owner.id))
    answer = ask(
        town, own, "query ($id: ID!) { node(id: $id) { id } customer(by: {id: $id}) { fullName } }", id=someone
    )
    assert not leaves(answer.get("data")), answer


async def shown(store: Store, customer: int) -> str:
    """The customer as the world outside knows them."""
    return store.keys.system.ids("Customer", customer, customer)


def partner(town: Town) -> None:
    """A company that works for us may not be registered for what is no part of the contract (D11)."""
    registering = ("partners", "register", "Mailers", "--country", "US", "--field", "Customer.email", "--purpose")
    refused = town.gateway(*registering, "PRODUCT_NEWS")
    assert refused.returncode != 0 and "Mailers is registered" not in refused.stdout
    secret = town.gateway(
        "clients", "create", "mailers", "--kind", "tool", "--name", "Mailers", "--purpose", "INVOICING"
    ).stdout.strip()
    papers = town.folder / "undertaking.txt"
    papers.write_text("We keep it to ourselves.")
    fields = ("--field", "Customer.fullName")
    for arguments in (
        ("partners", "register", "Mailers", "--country", "US", "--purpose", "INVOICING", *fields),
        ("partners", "undertake", "Mailers", str(papers), "--since", "2026-01-01"),
        ("partners", "tie", "Mailers", "mailers"),
    ):
        done = town.gateway(*arguments)
        assert done.returncode == 0, done.stderr
    form = {"grant_type": "client_credentials"}
    given = httpx.post(
        f"{town.url(0)}/oauth/token", data=form, auth=("mailers", secret), headers={"host": "data.example"}
    )
    assert given.status_code == 200, given.text
    tool = given.json()["access_token"]
    assert ask(town, tool, "{ customers(first: 1) { nodes { fullName } } }", 1)["data"]["customers"]["nodes"]
    for field in ("email", "phone", "postalAddress { city }"):
        answer = ask(town, tool, f"{{ customers(first: 1) {{ nodes {{ {field} }} }} }}", 1)
        assert answer.get("errors") and not leaves(answer.get("data")), (field, answer)

"""The procedures of signing in over a real store, with a clock that tests turn and hashing that costs little."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Table, func, select

from policy.grant import Grant
from resolvers.account.passwords_resets import Resets
from resolvers.account.signins_alarms import Alarms
from resolvers.commands.dependencies import SignInDependencies, Site, Times
from resolvers.passwords.hashing import Cost, Hasher
from resolvers.signin.actor import Actor
from resolvers.signin.authentication import CustomerAuthentication, PasswordAttempt
from resolvers.signin.sessions import Session, Sessions
from resolvers.signin.verdicts import Expired, Rejected, SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor
from schema.api.api import Api
from schema.documents.requests import Request
from store.database.store import Store
from store.tables.outbox import outbox
from tests.promises.gate import PATIENT, own
from tests.signin.people import START, Person
from tests.signin.rfc6238 import totp

HASHER = Hasher(Cost(kibibytes=16, passes=1), threads=2)
TIMES = Times(refusal=timedelta(0))
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"
FIREFOX = "Firefox on Linux"


def means(**more: Any) -> SignInDependencies:
    """What the procedures need, at a price that tests can pay."""
    return replace(SignInDependencies(Site("Quarkwerke", "https://data.example"), HASHER, times=TIMES), **more)


@dataclass
class Lobby:
    """One replica. Several may share a store."""

    store: Store
    means: SignInDependencies = field(default_factory=means)
    now: datetime = START
    visitor: Visitor = field(default_factory=lambda: Visitor(HOME, FIREFOX))

    def __post_init__(self) -> None:
        self.authentication = CustomerAuthentication(self.store, self.means)
        self.sessions = Sessions(self.store, self.means)
        self.resets = Resets(self.store, self.means)
        self.alarms = Alarms(self.store, self.means)

    @cached_property
    def api(self) -> Api:
        """The whole API; made by the tests that ask it something."""
        return Api(self.store, PATIENT, clock=lambda: self.now, dependencies=self.means)

    def outside(self, type_name: str, person: Person, key: int) -> str:
        """The id of a row of this person, as the world outside knows it."""
        return self.store.keys.system.ids(type_name, person.id, key)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def knock(
        self, person: Person | str, password: str, platform: str = "CLIENT_AREA", code: str = "", **more: Any
    ) -> SignedIn | SecondFactorRequired | Rejected | Expired:
        """Try a password; `visitor` says who tries."""
        visitor = more.pop("visitor", self.visitor)
        login = person if isinstance(person, str) else person.login
        claim = PasswordAttempt(platform, login, password, code, **more)
        return await self.authentication.by_password(claim, visitor, self.now)

    async def enter(self, person: Person, platform: str = "CLIENT_AREA", **more: Any) -> SignedIn:
        """Sign in with the right password, and with the right code if one is asked for."""
        visitor = more.get("visitor", self.visitor)
        found = await self.knock(person, person.passwords[platform], platform, **more)
        if isinstance(found, SecondFactorRequired):
            pending = await self.authentication.pending.find(found.secret, self.now)
            assert pending is not None
            found = await self.authentication.by_code(pending, totp(at=self.now), visitor, self.now)
        assert isinstance(found, SignedIn), found
        return found

    async def session(self, opened: SignedIn) -> Session | None:
        """The session that a cookie stands for."""
        return await self.sessions.find(opened.secret, self.now)

    async def actor(self, opened: SignedIn) -> Actor:
        """Whoever is signed in, about to change something."""
        session = await self.session(opened)
        assert session is not None
        return Actor(self.store, self.means, session.customer_id, session.id, self.now)

    async def grant(self, opened: SignedIn) -> Grant:
        """The token of a client of theirs."""
        session = await self.session(opened)
        assert session is not None
        at = int(session.authenticated_at.timestamp())
        return replace(own(session.customer_id), session_id=session.id, authenticated_at=at)

    async def ask(self, grant: Grant, query: str, **variables: Any) -> dict[str, Any]:
        """One operation of the API."""
        outcome = await self.api.execute(Request(query=query, variables=variables), grant)
        found: dict[str, Any] = json.loads(outcome.body)
        return found | {"kind": outcome.kind.value}

    async def letters(self, person: Person) -> list[dict[str, str]]:
        """What was written to somebody, the oldest first."""
        (key,) = await self.store.keys.subjects([person.id])
        assert key is not None
        async with self.store.write() as connection:
            query = select(outbox.c.id, outbox.c.payload).where(outbox.c.customer_id == person.id)
            rows = (await connection.execute(query.order_by(outbox.c.id))).all()
        return [json.loads(key.open(outbox.c.payload, id_, payload)) for id_, payload in rows]

    async def count(self, table: Table, *where: Any) -> int:
        """Rows of a table."""
        async with self.store.write() as connection:
            return int(await connection.scalar(select(func.count()).select_from(table).where(*where)) or 0)


def link_in(letter: dict[str, str]) -> str:
    """The secret of the link in a message."""
    return letter["text"].split("?t=")[1].split()[0]

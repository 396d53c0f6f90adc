"""The services of the sign-in pages: authentication, sessions, the API for their contents, cookies and the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from starlette.requests import HTTPConnection

from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.visitors import Networks, visitor_of
from policy.grant import Grant
from policy.platforms import PLATFORMS
from resolvers.account.passwords_changing import NewPasswords
from resolvers.account.passwords_resets import Resets
from resolvers.account.signins_alarms import Alarms
from resolvers.account.signins_evaluating import Evaluator
from resolvers.commands.dependencies import SignInDependencies
from resolvers.factors.passkeys import Passkeys
from resolvers.signin.actor import Actor
from resolvers.signin.authentication import CustomerAuthentication
from resolvers.signin.sessions import Session, Sessions
from resolvers.signins.signins import Visitor
from schema.documents.requests import Outcome, Request
from store.database.store import Store


class PageApi(Protocol):
    """Executes GraphQL requests; implemented by `schema.api.api.Api`."""

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """The outcome; errors are part of it, and never raised."""
        ...


class SignInServices:
    """The services of the sign-in pages, one instance a process."""

    def __init__(
        self,
        store: Store,
        means: SignInDependencies,
        api: PageApi,
        cookies: Cookies,
        proxies: Networks,
        clock: Callable[[], datetime],
        demo: bool = False,
        proxy_header: str = "either",
        body_seconds: int = 10,
    ) -> None:
        self.store, self.means, self.api = store, means, api
        self.cookies, self.clock, self.demo = cookies, clock, demo
        self.proxies, self.proxy_header, self.body_seconds = proxies, proxy_header, body_seconds
        self.authentication = CustomerAuthentication(store, means)
        self.sessions = Sessions(store, means)
        self.resets = Resets(store, means)
        self.passwords = NewPasswords(store, means)
        self.alarms = Alarms(store, means)
        self.evaluator = Evaluator(store, means)
        self.passkeys = Passkeys(store, means)

    def visitor(self, connection: HTTPConnection) -> Visitor:
        """The visitor of a connection: address, device, and the secret of a known device."""
        device = self.cookies.read(connection, self.cookies.device)
        return visitor_of(connection, self.proxies, self.proxy_header, device)

    async def session(self, connection: HTTPConnection, platform: str | None = None) -> Session | None:
        """The browser's session on a platform, or on any platform the one with the most recent authentication.

        None, too, for a session used in a new place where the customer must sign in again (S12). StoreUnavailableError.
        """
        now, found = self.clock(), []
        for each in PLATFORMS if platform is None else (platform,):
            secret = self.cookies.read(connection, self.cookies.session(each))
            session = await self.sessions.find(secret, now) if secret else None
            # A cookie renamed to another platform's name must not open that platform.
            if session is not None and session.platform == each:
                found.append(session)
        visitor = self.visitor(connection)
        for session in sorted(found, key=lambda each: each.authenticated_at, reverse=True):
            if await self.evaluator.admits(session, visitor, now):
                await self.sessions.touch(session, now)
                return session
        return None

    def actor(self, session: Session, now: datetime) -> Actor:
        """The customer of a session, as the author of a change at `now`."""
        return Actor(self.store, self.means, session.customer_id, session.id, now)

"""`/audit` and the sign-in of staff to it: the page, its facts, the way to the company's provider and back."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gateway.access.foreign_keys import ProviderUnavailableError
from gateway.access.staff_openid import StaffOpenId, StaffSignInError
from gateway.http.pages import NO_STORE
from gateway.http.templates import page
from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.services import SignInServices
from gateway.signin.frame.serving import PageEndpoint
from gateway.signin.frame.shown import PageNotice
from gateway.signin.staff.requests import PATH as REQUESTS
from gateway.signin.staff.sessions import LIFE, StaffSession, StaffSessions
from messages.catalogue import languages
from policy.grant import Grant, internal_grant
from resolvers.signins.secrets import new_secret
from schema.documents.requests import Request
from store.registers.staff import STAFF_ROLES

log = logging.getLogger("gateway")

CLIENT = "audit-page"
SCOPES = frozenset({"audit:read"})
DOCUMENT = Path(__file__).parents[2] / "static" / "audit" / "data-map.graphql"
STEP = timedelta(minutes=10)
"""The time for a sign-in at the provider."""
BACK = "/audit/signed-in"
LOOKS = frozenset({"AUDITOR", "OFFICER"})
"""The roles of the register that may look at the audits; the others have the register of requests."""


@dataclass(frozen=True, slots=True)
class StaffPages:
    """The handlers. Without a provider there is only the page, which asks for a token (in the demo it has one)."""

    sessions: StaffSessions
    provider: StaffOpenId | None

    async def show(self, context: RequestContext) -> Response:
        """The page; its script draws what it is given."""
        session = await self._session(context)
        mode = "session" if session else "signin" if self.provider else "token"
        if context.services.demo and self.provider is None:
            mode = "demo"
        text = page(
            "audit.html",
            context.language,
            site=context.services.means.site.name,
            mode=mode,
            person=session.code if session else "",
            form_token=context.form_token,
        )
        response = HTMLResponse(text, headers=NO_STORE)
        return context.done(response) if self.provider is not None else response

    async def facts(self, context: RequestContext) -> Response:
        """The answer of the API to the page's one document, under the scope `audit:read` alone."""
        session = await self._session(context)
        if session is None:
            return Response(status_code=401, headers=NO_STORE)
        language = context.value("language")
        asked = Request(
            query=DOCUMENT.read_text("utf-8"),
            variables={"language": language if language in languages() else "en"},
            read_only=True,
            acting=session.acting,
        )
        outcome = await context.services.api.execute(asked, _grant(session))
        return Response(outcome.body, media_type="application/json", headers=NO_STORE)

    async def begin(self, context: RequestContext) -> Response:
        """Send the browser to the provider."""
        if self.provider is None:
            return context.go("/audit")
        secret = new_secret()
        try:
            response = context.go(await self.provider.address(secret, context.language))
        except ProviderUnavailableError:
            return _unavailable(context)
        context.services.cookies.give(response, _step(context), secret, STEP)
        return response

    async def arrive(self, context: RequestContext) -> Response:
        """Back from the provider: a session for whom the register knows as somebody who may look."""
        cookies = context.services.cookies
        secret = cookies.read(context.request, _step(context))
        if self.provider is None or secret is None:
            return context.go("/audit")
        try:
            code = await self.provider.code_of(context.asked, secret)
        except ProviderUnavailableError:
            return _unavailable(context)
        except StaffSignInError as refused:
            log.warning("Somebody of the staff was not signed in: %s", refused)
            return _refused(context, "staff_failed", 400)
        cookie = await self.sessions.begin(code, context.now)
        if cookie is None:
            log.warning("Somebody of the staff was not signed in: no auditor or officer of `gateway staff`.")
            return _refused(context, "staff_unknown", 403)
        found = await self.sessions.find(cookie, context.now)
        looks = found is None or found.acting.role in LOOKS
        response = context.go("/audit" if looks else REQUESTS)
        cookies.give(response, _cookie(context), cookie, LIFE)
        cookies.take(response, _step(context))
        return response

    async def leave(self, context: RequestContext) -> Response:
        """End the session, and delete its cookie."""
        session = await self._session(context, frozenset(STAFF_ROLES))
        if session is not None:
            await self.sessions.end(session)
        response = context.go("/audit")
        context.services.cookies.take(response, _cookie(context))
        # So that the back button shows nothing to the next user of the computer.
        response.headers["clear-site-data"] = '"cache"'
        return response

    async def _session(self, context: RequestContext, roles: frozenset[str] = LOOKS) -> StaffSession | None:
        if self.provider is None:
            return None
        cookie = context.services.cookies.read(context.request, _cookie(context))
        session = await self.sessions.find(cookie, context.now) if cookie else None
        return session if session is not None and session.acting.role in roles else None


def _cookie(context: RequestContext) -> str:
    return context.services.cookies.staff


def _step(context: RequestContext) -> str:
    return context.services.cookies.staff_step


def _grant(session: StaffSession) -> Grant:
    """The grant of the page: no customer, no purpose, the audits alone."""
    return internal_grant(CLIENT, session.expires_at, scopes=SCOPES, token_id=f"{CLIENT}:{session.id}")


def _refused(context: RequestContext, why: str, status: int) -> Response:
    return context.message(
        "staff_title", PageNotice(context.say(why), "error"), ways=[context.way("staff_again", "/audit")], status=status
    )


def _unavailable(context: RequestContext) -> Response:
    response = _refused(context, "staff_unavailable", 503)
    response.headers["retry-after"] = "30"
    return response


def list_routes(services: SignInServices, pages: StaffPages) -> list[Route]:
    """The page; and with a provider the addresses of the sign-in."""
    routes = [Route("/audit", PageEndpoint(services, pages.show))]
    if pages.provider is not None:
        routes += [
            Route("/audit/facts", PageEndpoint(services, None, pages.facts)),
            Route("/audit/sign-in", PageEndpoint(services, pages.begin)),
            Route(BACK, PageEndpoint(services, pages.arrive)),
            Route("/audit/sign-out", PageEndpoint(services, None, pages.leave)),
        ]
    return routes

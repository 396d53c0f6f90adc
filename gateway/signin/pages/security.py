"""`/security`: credentials, second factors, sessions and recent sign-ins of the customer (R37 to R41)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import PageNotice
from gateway.signin.pages.own_data import about
from messages.catalogue import translate
from policy.app_scopes import AppScope
from policy.openid import OpenIdScope
from policy.platforms import PLATFORMS, WITH_SECOND_FACTOR
from resolvers.account.apps import end_one_app, withdraw_one
from resolvers.account.sessions_commands import end_one, end_others
from resolvers.commands.dependencies import FRESH
from resolvers.signin.sessions import Session

Own = Callable[[RequestContext, Session], Awaitable[Response]]


def own(handler: Own) -> Callable[[RequestContext], Awaitable[Response]]:
    """A page for signed-in customers; others are redirected to the sign-in page."""

    async def guarded(context: RequestContext) -> Response:
        session = await context.session()
        if session is None:
            return context.go(context.to("/sign-in", **{"continue": back(context)}))
        return await handler(context, session)

    return guarded


def fresh(handler: Own) -> Callable[[RequestContext], Awaitable[Response]]:
    """A page with step-up authentication: a sign-in older than five minutes must be repeated (S7)."""

    async def guarded(context: RequestContext, session: Session) -> Response:
        if not session.fresh(context.now, FRESH):
            wanted = {"continue": back(context), "max_age": str(FRESH), "platform": session.platform}
            return context.go(context.to("/sign-in", **wanted))
        return await handler(context, session)

    return own(guarded)


def back(context: RequestContext) -> str:
    """The address to return to after sign-in; for a POST the page of its form."""
    return context.request.url.path if context.request.method in ("GET", "HEAD") else "/security"


@own
async def show(context: RequestContext, session: Session) -> Response:
    """Show the overview."""
    return await overview(context, session)


async def overview(context: RequestContext, session: Session, *said: PageNotice, status: int = 200) -> Response:
    """The overview, with notices. Raises StoreUnavailableError."""
    # Also the answer to a form: links to other languages must lead to the overview, and not to the form again.
    context.readable = False
    data = await about(context, session)
    me = data["me"] or {"credentials": [], "sessions": {"nodes": []}, "signIns": {"nodes": []}}
    credentials = [_credential(context, session, each) for each in me["credentials"]]
    # Not for platforms without second factors: nobody can follow that advice there.
    unprotected = [each["platform"] for each in credentials if each["two_steps"] and not each["protected"]]
    return context.page(
        "security",
        *said,
        session=session,
        unprotected=", ".join(context.say(each) for each in unprotected),
        credentials=credentials,
        missing=_missing(credentials),
        sessions=_open(context, me["sessions"]["nodes"]),
        current=data["grant"]["sessionId"],
        apps=_consented(context, me),
        app_sessions=me.get("appSessions") or [],
        accesses=me["signIns"]["nodes"],
        status=status,
    )


def _missing(credentials: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The platforms that the customer cannot sign in to yet, with the path of the form that sets one up."""
    had = {each["platform"] for each in credentials}
    return [(each, f"/security/services/{path_of(each)}") for each in PLATFORMS if each not in had]


def path_of(platform: str) -> str:
    """A platform as it is written in an address, such as `client-area`."""
    return platform.lower().replace("_", "-")


def _credential(context: RequestContext, session: Session, credential: dict[str, Any]) -> dict[str, Any]:
    found = context.services.store.keys.system.ids.decode(credential["id"])
    confirmed = [each for each in credential["secondFactors"] if each["confirmedAt"]]
    kinds = {each["kind"] for each in confirmed}
    return {
        "platform": credential["platform"],
        "login": credential["loginName"],
        "here": found is not None and found.key == session.credential_id,
        "two_steps": credential["platform"] in WITH_SECOND_FACTOR,
        "protected": bool(kinds - {"RECOVERY_CODES"}),
        "has_app": "TOTP" in kinds,
        "factors": confirmed,
    }


def _open(context: RequestContext, sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sessions that are open: expired ones stay in the table for a while, and are no longer of use to anybody."""
    at = context.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [each for each in sessions if not each["endedAt"] and each["expiresAt"] > at]


def _consented(context: RequestContext, me: dict[str, Any]) -> list[dict[str, Any]]:
    """The apps that the customer allows something, each with what it may do in words."""
    return [
        each | {"allowed": [translate(row.text, context.language) for row in _rows(each)]}
        for each in me.get("authorizedApps") or ()
        if not each["withdrawnAt"]
    ]


def _rows(app: dict[str, Any]) -> list[AppScope | OpenIdScope]:
    learned = [OpenIdScope[name] for name in app["signInScopes"] or ()]
    return [*learned, *(AppScope[name] for name in app["scopes"] or ())]


@own
async def send_end(context: RequestContext, session: Session) -> Response:
    """Sign out one browser or app."""
    result = await end_one(context.services.actor(session, context.now), _key(context, "Session"))
    if result.problems:
        return await overview(context, session, PageNotice(context.say("NOT_FOUND"), "error"), status=422)
    return context.go("/security")


@own
async def send_withdraw(context: RequestContext, session: Session) -> Response:
    """Withdraw the consent to an app, and revoke all its tokens (GDPR Art. 7(3))."""
    result = await withdraw_one(context.services.actor(session, context.now), _key(context, "AuthorizedApp"))
    if result.problems:
        return await overview(context, session, PageNotice(context.say("NOT_FOUND"), "error"), status=422)
    return context.go("/security")


@own
async def send_end_app(context: RequestContext, session: Session) -> Response:
    """Sign out one app on one device."""
    result = await end_one_app(context.services.actor(session, context.now), _key(context, "AppSession"))
    if result.problems:
        return await overview(context, session, PageNotice(context.say("NOT_FOUND"), "error"), status=422)
    return context.go("/security")


def _key(context: RequestContext, type_name: str) -> int:
    """The row that the form names; for what is no id of this type a key that nobody has."""
    found = context.services.store.keys.system.ids.decode(context.form.get("id", "")[:200])
    return found.key if found is not None and found.type_name == type_name else 0


@own
async def send_end_others(context: RequestContext, session: Session) -> Response:
    """Sign out everywhere else."""
    ended = (await end_others(context.services.actor(session, context.now))).ended
    return await overview(context, session, PageNotice(context.say("ended_others", count=ended)))

"""`/sign-in` and `/sign-in/code`: password and second factor; also the step-up of customers who are signed in."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext, in_language
from gateway.signin.frame.shown import PageNotice
from gateway.signin.pages.demo import invented_code, invented_login
from policy.platforms import PLATFORMS
from resolvers.signin.authentication import PasswordAttempt
from resolvers.signin.sessions import Session
from resolvers.signin.verdicts import Expired, Rejected, SecondFactorRequired, SignedIn

HOME = "/security"
LONGEST_LOGIN = 320


async def show(context: RequestContext) -> Response:
    """Show the form; a customer whose sign-in is recent enough is redirected at once."""
    session = await context.session(context.platform)
    if session is not None and _good_enough(context, session):
        return context.go(destination(context))
    return form(context, session)


def destination(context: RequestContext) -> str:
    """The page after the sign-in, in the language that was chosen for this one."""
    return in_language(context.onward or HOME, context.value("lang"))


def _good_enough(context: RequestContext, session: Session) -> bool:
    asked = context.value("max_age")
    if asked is None:
        return True
    # 0 means "now" (prompt=login), which no existing session satisfies.
    return asked.isascii() and asked.isdigit() and int(asked[:9]) > 0 and session.fresh(context.now, int(asked[:9]))


def form(
    context: RequestContext, session: Session | None, *said: PageNotice, status: int = 200, with_code: bool = False
) -> Response:
    """The sign-in page with notices; with a session it asks only for a step-up."""
    return context.page(
        "sign_in",
        *said,
        again=session is not None,
        login=context.form.get("login", "")[:LONGEST_LOGIN],
        longest_login=LONGEST_LOGIN,
        with_code=with_code,
        shared=bool(context.value("shared")),
        invented=invented_login(context),
        platforms=PLATFORMS,
        **passkey(context),
        status=status,
    )


def passkey(context: RequestContext) -> dict[str, str | None]:
    """The values of the passkey button."""
    # A passkey is bound to the host (its RP id), so the demo must send people to that one.
    site = context.services.means.site
    elsewhere = context.services.demo and context.request.url.hostname != site.host
    return {"onward": context.onward, "passkey_elsewhere": f"{site.passkey_origin}/sign-in" if elsewhere else None}


async def send(context: RequestContext) -> Response:
    """Verify a password, and a code if the form has one."""
    session = await context.session(context.platform)
    claim = PasswordAttempt(
        context.platform,
        context.form.get("login", "")[:LONGEST_LOGIN],
        context.form.get("password", ""),
        context.form.get("code", "")[:40].strip(),
        bool(context.form.get("shared")),
        session,
    )
    verdict = await context.services.authentication.by_password(claim, context.visitor, context.now)
    if isinstance(verdict, Rejected):
        said, status = denied(context, verdict, "wrong")
        response = form(context, session, said, status=status, with_code=bool(verdict.wait or claim.code))
        return slowed(response, verdict)
    if isinstance(verdict, Expired):
        return form(context, None, PageNotice(context.say("lapsed"), "error"), status=422)
    # A cookie instead of a session: without the second factor nothing is open yet.
    if isinstance(verdict, SecondFactorRequired):
        response = context.go(context.to("/sign-in/code", kinds=_kinds(verdict)))
        context.services.cookies.give(
            response, context.services.cookies.pending, verdict.secret, context.services.means.times.pending
        )
        return response
    return let_in(context, verdict)


def _kinds(verdict: SecondFactorRequired) -> str | None:
    """The second factors to ask for on the next page; no secret, since the password was right."""
    if "PASSKEY" not in verdict.kinds:
        return None
    return "both" if "TOTP" in verdict.kinds else "passkey"


def denied(context: RequestContext, verdict: Rejected, words: str) -> tuple[PageNotice, int]:
    """PageNotice and status of a failed attempt, the same whether or not the account exists (S1)."""
    if verdict.wait:
        return PageNotice(context.say("wait", wait=verdict.wait), "error"), 429
    return PageNotice(context.say(words), "error"), 422


def slowed(response: Response, verdict: Rejected) -> Response:
    """Add Retry-After if the verdict has a wait."""
    if verdict.wait:
        response.headers["retry-after"] = str(verdict.wait)
    return response


def let_in(context: RequestContext, opened: SignedIn) -> Response:
    """Redirect to the page that was asked for, with the session's cookies."""
    return give_cookies(context, context.go(destination(context)), opened)


def give_cookies(context: RequestContext, response: Response, opened: SignedIn) -> Response:
    """Set the cookies of a new session; on a shared computer they end with the browser (R41)."""
    cookies, times = context.services.cookies, context.services.means.times
    life = None if opened.shared else times.session
    cookies.give(response, cookies.session(context.platform), opened.secret, life)
    cookies.take(response, cookies.pending)
    # Known devices have a limit of attempts of their own, so that guesses of strangers do not lock customers out.
    if opened.device_secret is not None:
        cookies.give(response, cookies.device, opened.device_secret, times.device)
    return response


async def show_code(context: RequestContext) -> Response:
    """Show the form of the second factor."""
    return code_form(context)


def code_form(context: RequestContext, *said: PageNotice, status: int = 200) -> Response:
    """The page of the second factor, with notices."""
    kinds, code = context.asked.get("kinds"), invented_code(context)
    return context.page("second_factor", *said, kinds=kinds, invented_code=code, **passkey(context), status=status)


async def send_code(context: RequestContext) -> Response:
    """Verify a TOTP or recovery code."""
    cookies = context.services.cookies
    secret = cookies.read(context.request, cookies.pending)
    pending = await context.services.authentication.pending.find(secret, context.now) if secret else None
    # A first step on one platform must not be finished on another.
    if pending is None or pending.account.credential.platform != context.platform:
        return form(context, None, PageNotice(context.say("lapsed"), "error"), status=422)
    code = context.form.get("code", "")[:40]
    verdict = await context.services.authentication.by_code(pending, code, context.visitor, context.now)
    if isinstance(verdict, Rejected):
        said, status = denied(context, verdict, "wrong_code")
        return slowed(code_form(context, said, status=status), verdict)
    if isinstance(verdict, Expired):
        return form(context, None, PageNotice(context.say("lapsed"), "error"), status=422)
    return let_in(context, verdict)

"""`/sign-in` and `/sign-in/code`: password and second factor; also the step-up of customers who are signed in."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.layout import button, entry, links, notice, paragraph, tick
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.visit import RequestContext
from gateway.signin.pages.demo import demo_code, demo_note
from resolvers.signin.authentication import PasswordAttempt
from resolvers.signin.sessions import Session
from resolvers.signin.verdicts import Expired, Rejected, SecondFactorRequired, SignedIn
from store.tables.credentials import PLATFORMS

HOME = "/security"
LONGEST_LOGIN = 320


async def show(visit: RequestContext) -> Response:
    """Show the form; a customer whose sign-in is recent enough is redirected at once."""
    session = await visit.session(visit.platform)
    if session is not None and _good_enough(visit, session):
        return visit.go(visit.onward or HOME)
    return form(visit, session)


def _good_enough(visit: RequestContext, session: Session) -> bool:
    asked = visit.value("max_age")
    if asked is None:
        return True
    # 0 means "now" (prompt=login), which no existing session satisfies.
    return asked.isascii() and asked.isdigit() and int(asked[:9]) > 0 and session.fresh(visit.now, int(asked[:9]))


def form(
    visit: RequestContext, session: Session | None, *said: Child, status: int = 200, with_code: bool = False
) -> Response:
    """The sign-in page with notices; with a session it asks only for a step-up."""
    again = session is not None
    title = visit.say("again") if again else visit.say("sign_in_to", platform=visit.say(visit.platform))
    fields = [
        None if again else _login(visit),
        entry("password", visit.say("password"), "password", autocomplete="current-password", required=True),
        entry("code", visit.say("code_beside"), autocomplete="one-time-code", maxlength=40) if with_code else None,
        None if again else tick("shared", visit.say("shared"), visit.say("shared_hint"), bool(visit.value("shared"))),
        button(visit.say("confirm" if again else "sign_in")),
    ]
    forms = visit.form_of("/sign-in", *fields)
    return visit.page(
        title,
        *said,
        paragraph(visit.say("again_why")) if again else None,
        demo_note(visit) if visit.house.demo and not again else None,
        forms,
        passkey(visit, "with_passkey", shared=bool(visit.value("shared"))),
        _ways(visit, again),
        status=status,
    )


def _login(visit: RequestContext) -> Markup:
    said = visit.form.get("login", "")[:LONGEST_LOGIN]
    return entry(
        "login",
        visit.say("login"),
        value=said,
        autocomplete="username",
        autocapitalize="none",
        spellcheck="false",
        maxlength=LONGEST_LOGIN,
        required=True,
        autofocus=not said,
    )


def _ways(visit: RequestContext, again: bool) -> Markup:
    if again:
        return links((visit.say("sign_out"), visit.to("/sign-out")))
    others = [each for each in PLATFORMS if each != visit.platform]
    elsewhere = links(*((visit.say(each), visit.to("/sign-in", platform=each)) for each in others))
    more = tag("nav", tag("h2", visit.say("elsewhere")), elsewhere, class_="more")
    without = (visit.say("forgot"), visit.to("/password/forgot")), (visit.say("owner_only"), visit.to("/registrant"))
    return Markup(links(*without) + more)


def passkey(visit: RequestContext, words: str, shared: bool = False) -> Child:
    """The passkey button, which only the script shows: WebAuthn needs JavaScript."""
    # A passkey is bound to the host (its RP id), so the demo must send people to that one.
    site = visit.house.means.site
    if visit.house.demo and visit.request.url.hostname != site.host:
        address = f"{site.passkey_origin}/sign-in"
        return paragraph(visit.say("passkey_elsewhere", address=address), class_="hint")
    control = tag(
        "button",
        visit.say(words),
        type="button",
        class_="second",
        data_passkey="get",
        data_form=visit.form_token,
        data_next=visit.onward or "",
        data_platform=visit.platform,
        data_step="second" if words == "use_passkey" else None,
        data_failed=visit.say("passkey_failed"),
    )
    return tag("div", control, tag("p", class_="errors", role="alert"), class_="passkey", hidden=True)


async def send(visit: RequestContext) -> Response:
    """Verify a password, and a code if the form has one."""
    session = await visit.session(visit.platform)
    claim = PasswordAttempt(
        visit.platform,
        visit.form.get("login", "")[:LONGEST_LOGIN],
        visit.form.get("password", ""),
        visit.form.get("code", "")[:40].strip(),
        bool(visit.form.get("shared")),
        session,
    )
    verdict = await visit.house.authentication.by_password(claim, visit.visitor, visit.now)
    if isinstance(verdict, Rejected):
        said, status = denied(visit, verdict, "wrong")
        response = form(visit, session, said, status=status, with_code=bool(verdict.wait or claim.code))
        return slowed(response, verdict)
    if isinstance(verdict, Expired):
        return form(visit, None, notice(visit.say("lapsed"), "error"), status=422)
    # A cookie instead of a session: without the second factor nothing is open yet.
    if isinstance(verdict, SecondFactorRequired):
        response = visit.go(visit.to("/sign-in/code", kinds=_kinds(verdict)))
        visit.house.cookies.give(response, visit.house.cookies.pending, verdict.secret, visit.house.means.times.pending)
        return response
    return let_in(visit, verdict)


def _kinds(verdict: SecondFactorRequired) -> str | None:
    """The second factors to ask for on the next page; no secret, since the password was right."""
    if "PASSKEY" not in verdict.kinds:
        return None
    return "both" if "TOTP" in verdict.kinds else "passkey"


def denied(visit: RequestContext, verdict: Rejected, words: str) -> tuple[Markup, int]:
    """Notice and status of a failed attempt, the same whether or not the account exists (S1)."""
    if verdict.wait:
        return notice(visit.say("wait", wait=verdict.wait), "error"), 429
    return notice(visit.say(words), "error"), 422


def slowed(response: Response, verdict: Rejected) -> Response:
    """Add Retry-After if the verdict has a wait."""
    if verdict.wait:
        response.headers["retry-after"] = str(verdict.wait)
    return response


def let_in(visit: RequestContext, opened: SignedIn) -> Response:
    """Redirect to the page that was asked for, with the session's cookies."""
    return give_cookies(visit, visit.go(visit.onward or HOME), opened)


def give_cookies(visit: RequestContext, response: Response, opened: SignedIn) -> Response:
    """Set the cookies of a new session; on a shared computer they end with the browser (R41)."""
    cookies, times = visit.house.cookies, visit.house.means.times
    life = None if opened.shared else times.session
    cookies.give(response, cookies.session(visit.platform), opened.secret, life)
    cookies.take(response, cookies.pending)
    # Known devices have a limit of attempts of their own, so that guesses of strangers do not lock customers out.
    if opened.device_secret is not None:
        cookies.give(response, cookies.device, opened.device_secret, times.device)
    return response


async def show_code(visit: RequestContext) -> Response:
    """Show the form of the second factor."""
    return code_form(visit)


def code_form(visit: RequestContext, *said: Child, status: int = 200) -> Response:
    """The page of the second factor, with notices."""
    kinds = visit.asked.get("kinds")
    code = entry(
        "code",
        visit.say("code"),
        autocomplete="one-time-code",
        maxlength=40,
        required=True,
        autofocus=True,
        autocapitalize="characters",
        spellcheck="false",
    )
    return visit.page(
        visit.say("second"),
        *said,
        demo_code(visit) if visit.house.demo else None,
        paragraph(visit.say("second_passkey" if kinds == "passkey" else "second_why")),
        visit.form_of(visit.to("/sign-in/code", kinds=kinds), code, button(visit.say("sign_in"))),
        passkey(visit, "use_passkey") if kinds in ("both", "passkey") else None,
        links((visit.say("start_again"), visit.to("/sign-in"))),
        status=status,
    )


async def send_code(visit: RequestContext) -> Response:
    """Verify a TOTP or recovery code."""
    cookies = visit.house.cookies
    secret = cookies.read(visit.request, cookies.pending)
    pending = await visit.house.authentication.pending.find(secret, visit.now) if secret else None
    # A first step on one platform must not be finished on another.
    if pending is None or pending.account.credential.platform != visit.platform:
        return form(visit, None, notice(visit.say("lapsed"), "error"), status=422)
    code = visit.form.get("code", "")[:40]
    verdict = await visit.house.authentication.by_code(pending, code, visit.visitor, visit.now)
    if isinstance(verdict, Rejected):
        said, status = denied(visit, verdict, "wrong_code")
        return slowed(code_form(visit, said, status=status), verdict)
    if isinstance(verdict, Expired):
        return form(visit, None, notice(visit.say("lapsed"), "error"), status=422)
    return let_in(visit, verdict)

"""`/password` and `/security/…`: changes of password and second factors, on the platform of the session."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from gateway.signin.frame.layout import button, entry, links, notice, paragraph
from gateway.signin.frame.markup import Markup, tag
from gateway.signin.frame.visit import NO_STORE, RequestContext
from gateway.signin.pages.forgotten import new_password
from gateway.signin.pages.security import fresh, overview
from resolvers.account import factors_enrolling as enrolling
from resolvers.account.passwords_changing import change
from resolvers.commands.context import UserProblem
from resolvers.commands.dependencies import FRESH
from resolvers.signin.sessions import Session


@fresh
async def show_password(visit: RequestContext, session: Session) -> Response:
    """Show the form."""
    return await _password_form(visit, session)


async def _password_form(
    visit: RequestContext, session: Session, problems: tuple[UserProblem, ...] = (), typed: str = "", status: int = 200
) -> Response:
    present = [visit.say(each.code) for each in problems if each.field == ("currentPassword",)]
    rest = [each for each in problems if each.field != ("currentPassword",)]
    current = entry(
        "current", visit.say("current_password"), "password", errors=present, autocomplete="current-password",
        required=True,
    )  # fmt: skip
    least = await visit.house.passwords.least(session.credential_id)
    fields = new_password(visit, least, rest, typed)
    form = visit.form_of("/password", current, fields, button(visit.say("set_password")))
    why = paragraph(visit.say("change_password_why"))
    return visit.page(visit.say("change_password"), why, form, links((visit.say("back"), "/security")), status=status)


@fresh
async def send_password(visit: RequestContext, session: Session) -> Response:
    """Change the password."""
    current, new = visit.form.get("current", ""), visit.form.get("new", "")
    result = await change(visit.house.actor(session, visit.now), session.credential_id, current, new)
    if result.problems:
        return await _password_form(visit, session, result.problems, new, 422)
    return await overview(visit, session, notice(visit.say("password_set")))


async def well_known(visit: RequestContext) -> Response:
    """`/.well-known/change-password`: redirects password managers to the form (W3C)."""
    return visit.go("/password")


@fresh
async def send_app(visit: RequestContext, session: Session) -> Response:
    """Begin the enrolment of an authenticator app: show QR code and secret, and the form for the first code."""
    begun = await enrolling.begin_totp(visit.house.actor(session, visit.now), session.credential_id)
    if begun.problems:
        return await _failed(visit, session, begun.problems)
    # In groups of four, since people may have to type it.
    assert begun.secret is not None and begun.uri is not None and begun.qr_svg is not None
    picture = tag("div", Markup(begun.qr_svg), class_="qr", role="img", aria_label=visit.say("qr"))
    groups = " ".join(begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4))
    secret = tag("p", visit.say("secret"), ": ", tag("code", groups), class_="secret")
    opened = links((visit.say("open_app"), begun.uri))
    return visit.page(visit.say("add_app"), paragraph(visit.say("scan")), picture, secret, opened, _first_code(visit))


def _first_code(visit: RequestContext, problems: tuple[UserProblem, ...] = ()) -> Markup:
    code = entry(
        "code", visit.say("code"), errors=[visit.say(each.code) for each in problems], autocomplete="one-time-code",
        inputmode="numeric", maxlength=10, required=True,
    )  # fmt: skip
    return visit.form_of("/security/app/confirm", code, button(visit.say("confirm")))


@fresh
async def send_first_code(visit: RequestContext, session: Session) -> Response:
    """Finish the enrolment with the app's first code (S3)."""
    actor, code = visit.house.actor(session, visit.now), visit.form.get("code", "")[:40]
    done = await enrolling.confirm_totp(actor, session.credential_id, code)
    if any(each.code == "NOT_BEGUN" for each in done.problems):
        return await _failed(visit, session, done.problems)
    if done.problems:
        return visit.page(visit.say("add_app"), _first_code(visit, done.problems), status=422)
    if done.recovery_codes is None:
        return await overview(visit, session, notice(visit.say("factor_on")))
    return _codes(visit, done.recovery_codes)


def _codes(visit: RequestContext, codes: list[str]) -> Response:
    """The recovery codes, which are shown this once only (S4)."""
    listed = tag("ol", [tag("li", tag("code", code)) for code in codes], class_="codes")
    onward = links((visit.say("done"), "/security"))
    why = notice(visit.say("codes_why"), "warn")
    return visit.page(visit.say("codes_title"), why, listed, onward)


@fresh
async def send_new_codes(visit: RequestContext, session: Session) -> Response:
    """Regenerate the recovery codes; the old ones become void (S4)."""
    actor = visit.house.actor(session, visit.now)
    done = await enrolling.regenerate_recovery_codes(actor, session.credential_id)
    if done.problems or done.recovery_codes is None:
        return await _failed(visit, session, done.problems)
    return _codes(visit, done.recovery_codes)


@fresh
async def send_remove(visit: RequestContext, session: Session) -> Response:
    """Remove a second factor."""
    found = visit.house.store.keys.house.ids.decode(visit.form.get("id", "")[:200])
    # The owner is checked below, with the row (D6); an id of another type leads to no row.
    key = found.key if found is not None and found.type_name == "SecondFactor" else 0
    result = await enrolling.remove(visit.house.actor(session, visit.now), key)
    return await _failed(visit, session, result.problems) if result.problems else visit.go("/security")


async def _failed(visit: RequestContext, session: Session, problems: tuple[UserProblem, ...]) -> Response:
    return await overview(visit, session, [notice(visit.say(each.code), "error") for each in problems], status=422)


async def passkey_options(visit: RequestContext) -> Response:
    """For the script: the WebAuthn options to create a passkey."""
    session = await _fresh(visit)
    if session is None:
        return _step_up(visit)
    begun = await enrolling.begin_passkey(visit.house.actor(session, visit.now), session.credential_id)
    if begun.options is None:
        return _refused(begun.problems)
    return Response(begun.options, media_type="application/json", headers=NO_STORE)


async def passkey_made(visit: RequestContext) -> Response:
    """For the script: register the passkey that it created."""
    session = await _fresh(visit)
    if session is None:
        return _step_up(visit)
    actor, answer = visit.house.actor(session, visit.now), visit.form.get("response", "")
    done = await enrolling.finish_passkey(actor, session.credential_id, answer, visit.form.get("label", "")[:60])
    if done.problems:
        return _refused(done.problems)
    return JSONResponse({"location": "/security", "codes": done.recovery_codes}, headers=NO_STORE)


async def _fresh(visit: RequestContext) -> Session | None:
    session = await visit.session()
    return session if session is not None and session.fresh(visit.now, FRESH) else None


def _step_up(visit: RequestContext) -> Response:
    again = visit.to("/sign-in", **{"continue": "/security", "max_age": str(FRESH)})
    return JSONResponse({"code": "STEP_UP_REQUIRED", "location": again}, 403, NO_STORE)


def _refused(problems: tuple[UserProblem, ...]) -> Response:
    return JSONResponse({"code": problems[0].code}, 422, NO_STORE)

"""`/password` and `/security/…`: changes of password and second factors, on the platform of the session."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from gateway.signin.frame.request_context import NO_STORE, RequestContext
from gateway.signin.frame.shown import PageNotice
from gateway.signin.pages.entry import LONGEST_LOGIN
from gateway.signin.pages.password_reset import new_password
from gateway.signin.pages.security import fresh, overview, path_of
from policy.platforms import PLATFORMS, Platform
from resolvers.account import factors_enrolling as enrolling
from resolvers.account.credentials_adding import add
from resolvers.account.passwords_changing import change
from resolvers.commands.context import UserProblem
from resolvers.commands.dependencies import FRESH
from resolvers.signin.sessions import Session


@fresh
async def show_password(context: RequestContext, session: Session) -> Response:
    """Show the form."""
    return await _password_form(context, session)


async def _password_form(
    context: RequestContext,
    session: Session,
    problems: tuple[UserProblem, ...] = (),
    typed: str = "",
    status: int = 200,
) -> Response:
    wrong = [context.say(each.code) for each in problems if each.field == ("currentPassword",)]
    rest = [each for each in problems if each.field != ("currentPassword",)]
    least = await context.services.passwords.least(session.credential_id)
    new = new_password(context, least, rest, typed)
    return context.page("change_password", wrong=wrong, new=new, status=status)


@fresh
async def send_password(context: RequestContext, session: Session) -> Response:
    """Change the password."""
    current, new = context.form.get("current", ""), context.form.get("new", "")
    result = await change(context.services.actor(session, context.now), session.credential_id, current, new)
    if result.problems:
        return await _password_form(context, session, result.problems, new, 422)
    return await overview(context, session, PageNotice(context.say("password_set")))


@fresh
async def show_service(context: RequestContext, session: Session) -> Response:
    """Show the form that sets up the sign-in of a further platform (R38)."""
    platform = _platform(context)
    return context.go(context.to("/security")) if platform is None else await _service_form(context, platform)


async def _service_form(
    context: RequestContext, platform: Platform, problems: Sequence[UserProblem] = (), status: int = 200
) -> Response:
    wrong = [context.say(each.code) for each in problems if each.field != ("newPassword",)]
    rest = [each for each in problems if each.field == ("newPassword",)]
    least = context.services.means.passwords.least(guarded=False)
    new = new_password(context, least, rest, context.form.get("new", ""))
    login = context.form.get("login", "")[:LONGEST_LOGIN]
    return context.page(
        "add_credential", wrong=wrong, new=new, service=platform, path=path_of(platform), login=login, status=status
    )


@fresh
async def send_service(context: RequestContext, session: Session) -> Response:
    """Set up the sign-in."""
    platform = _platform(context)
    if platform is None:
        return context.go("/security")
    login, new = context.form.get("login", ""), context.form.get("new", "")
    result = await add(context.services.actor(session, context.now), platform, login, new)
    if result.problems:
        return await _service_form(context, platform, result.problems, 422)
    return await overview(context, session, PageNotice(context.say("service_added", platform=context.say(platform))))


def _platform(context: RequestContext) -> Platform | None:
    word = context.request.path_params["platform"]
    return next((each for each in PLATFORMS if path_of(each) == word), None)


async def well_known(context: RequestContext) -> Response:
    """`/.well-known/change-password`: redirects password managers to the form (W3C)."""
    return context.go("/password")


@fresh
async def send_app(context: RequestContext, session: Session) -> Response:
    """Begin the enrolment of an authenticator app: show QR code and secret, and the form for the first code."""
    begun = await enrolling.begin_totp(context.services.actor(session, context.now), session.credential_id)
    if begun.problems:
        return await _failed(context, session, begun.problems)
    assert begun.secret is not None and begun.uri is not None and begun.qr_svg is not None
    # In groups of four, since people may have to type it.
    groups = " ".join(begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4))
    shown = {"picture": begun.qr_svg, "secret": groups, "address": begun.uri}
    return context.page("authenticator_app", begun=shown, errors=())


@fresh
async def send_first_code(context: RequestContext, session: Session) -> Response:
    """Finish the enrolment with the app's first code (S3)."""
    actor, code = context.services.actor(session, context.now), context.form.get("code", "")[:40]
    done = await enrolling.confirm_totp(actor, session.credential_id, code)
    if any(each.code == "NOT_BEGUN" for each in done.problems):
        return await _failed(context, session, done.problems)
    if done.problems:
        errors = [context.say(each.code) for each in done.problems]
        return context.page("authenticator_app", begun=None, errors=errors, status=422)
    if done.recovery_codes is None:
        return await overview(context, session, PageNotice(context.say("factor_on")))
    return _codes(context, done.recovery_codes)


def _codes(context: RequestContext, codes: list[str]) -> Response:
    """The recovery codes, which are shown this once only (S4)."""
    return context.page("recovery_codes", codes=codes)


@fresh
async def send_new_codes(context: RequestContext, session: Session) -> Response:
    """Regenerate the recovery codes; the old ones become void (S4)."""
    actor = context.services.actor(session, context.now)
    done = await enrolling.regenerate_recovery_codes(actor, session.credential_id)
    if done.problems or done.recovery_codes is None:
        return await _failed(context, session, done.problems)
    return _codes(context, done.recovery_codes)


@fresh
async def send_remove(context: RequestContext, session: Session) -> Response:
    """Take a factor away."""
    found = context.services.store.keys.system.ids.decode(context.form.get("id", "")[:200])
    key = found.key if found is not None and found.type_name == "SecondFactor" else 0
    result = await enrolling.remove(context.services.actor(session, context.now), key)
    return await _failed(context, session, result.problems) if result.problems else context.go("/security")


async def _failed(context: RequestContext, session: Session, problems: tuple[UserProblem, ...]) -> Response:
    return await overview(
        context, session, *(PageNotice(context.say(each.code), "error") for each in problems), status=422
    )


async def passkey_options(context: RequestContext) -> Response:
    """For the script: the WebAuthn options to create a passkey."""
    session = await _fresh(context)
    if session is None:
        return _step_up(context)
    begun = await enrolling.begin_passkey(context.services.actor(session, context.now), session.credential_id)
    if begun.options is None:
        return _refused(begun.problems)
    return Response(begun.options, media_type="application/json", headers=NO_STORE)


async def passkey_made(context: RequestContext) -> Response:
    """For the script: register the passkey that it created."""
    session = await _fresh(context)
    if session is None:
        return _step_up(context)
    actor, answer = context.services.actor(session, context.now), context.form.get("response", "")
    done = await enrolling.finish_passkey(actor, session.credential_id, answer, context.form.get("label", "")[:60])
    if done.problems:
        return _refused(done.problems)
    return JSONResponse({"location": "/security", "codes": done.recovery_codes}, headers=NO_STORE)


async def _fresh(context: RequestContext) -> Session | None:
    session = await context.session()
    return session if session is not None and session.fresh(context.now, FRESH) else None


def _step_up(context: RequestContext) -> Response:
    again = context.to("/sign-in", **{"continue": "/security", "max_age": str(FRESH)})
    return JSONResponse({"code": "STEP_UP_REQUIRED", "location": again}, 403, NO_STORE)


def _refused(problems: tuple[UserProblem, ...]) -> Response:
    return JSONResponse({"code": problems[0].code}, 422, NO_STORE)

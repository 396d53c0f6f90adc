"""`/password/forgot` and `/password/reset`: a link by e-mail, and the new password that it leads to (S8)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from gateway.signin.entry import LONGEST_LOGIN, slowed
from gateway.signin.layout import button, entry, links, meter, notice, paragraph
from gateway.signin.markup import Child, Markup, tag
from gateway.signin.visit import Visit
from resolvers.authentication_secrets import LONGEST
from resolvers.authentication_verdicts import Denied, Lapsed
from resolvers.commands import UserProblem
from resolvers.passwords import measure, normal
from resolvers.passwords_hashing import too_long
from resolvers.passwords_resets import Done
from store.credentials import PLATFORMS


async def show(visit: Visit) -> Response:
    """Whose password it is."""
    return _form(visit)


def _form(visit: Visit, *said: Child, status: int = 200) -> Response:
    choices = [tag("option", visit.say(each), value=each, selected=each == visit.platform) for each in PLATFORMS]
    service = tag(
        "div", tag("label", visit.say("service"), for_="service"), tag("select", choices, id="service", name="service"),
        class_="field",
    )  # fmt: skip
    login = entry(
        "login",
        visit.say("login"),
        autocomplete="username",
        autocapitalize="none",
        maxlength=LONGEST_LOGIN,
        required=True,
    )
    form = visit.form_of("/password/forgot", service, login, button(visit.say("send_link")))
    back = links((visit.say("sign_in"), visit.to("/sign-in")))
    return visit.page(visit.say("forgot_title"), *said, paragraph(visit.say("forgot_why")), form, back, status=status)


async def send(visit: Visit) -> Response:
    """Write to the customer, if there is one. The page says the same in any case."""
    asked = visit.form.get("service", "")
    platform = asked if asked in PLATFORMS else visit.platform
    login = visit.form.get("login", "")[:LONGEST_LOGIN]
    verdict = await visit.house.resets.request(platform, login, visit.visitor, visit.now)
    if isinstance(verdict, Denied):
        said = notice(visit.say("TOO_MANY_ATTEMPTS"), "error")
        return slowed(_form(visit, said, status=429), verdict)
    back = links((visit.say("sign_in"), visit.to("/sign-in", platform=platform)))
    outbox = links((visit.say("outbox"), "/demo/outbox")) if visit.house.demo else None
    return visit.page(visit.say("sent"), notice(visit.say("sent_why")), outbox, back)


async def show_reset(visit: Visit) -> Response:
    """The form that a link leads to. To look at it uses nothing up: programs look at links before people do."""
    secret = (visit.asked.get("t") or "")[:LONGEST]
    if await visit.house.resets.find(secret, visit.now) is None:
        return _void(visit)
    return reset_form(visit, secret)


def reset_form(
    visit: Visit, secret: str, problems: Sequence[UserProblem] = (), typed: str = "", status: int = 200
) -> Response:
    """The page."""
    hidden = tag("input", type="hidden", name="t", value=secret)
    fields = new_password(visit, problems, typed)
    form = visit.form_of("/password/reset", hidden, fields, button(visit.say("set_password")))
    return visit.page(visit.say("forgot_title"), form, status=status)


def new_password(visit: Visit, problems: Sequence[UserProblem], typed: str, name: str = "new") -> Markup:
    """The field for a new password with its meter; what was typed is measured and not repeated."""
    seen = measure(normal(typed)) if typed and not too_long(typed) else None
    errors = [visit.say(problem.code) for problem in problems]
    field = entry(
        name, visit.say("new_password"), "password", visit.say("rule"), errors,
        autocomplete="new-password", required=True, passwordrules="minlength: 12; required: lower; required: upper; "
        "required: digit; required: [-!#$%&*+.:;=?@_];",
    )  # fmt: skip
    present = sorted(seen.classes) if seen else []
    return Markup(field + meter(visit.language, present, seen.length if seen else 0, name))


async def send_reset(visit: Visit) -> Response:
    """Set the new password."""
    secret, password = visit.form.get("t", "")[:LONGEST], visit.form.get("new", "")
    verdict = await visit.house.resets.follow(secret, password, visit.visitor, visit.now)
    if isinstance(verdict, Lapsed):
        return _void(visit)
    if isinstance(verdict, Denied):
        return slowed(reset_form(visit, secret, [UserProblem("TOO_MANY_ATTEMPTS", "")], status=429), verdict)
    if not isinstance(verdict, Done):
        return reset_form(visit, secret, verdict, password, status=422)
    onward = links((visit.say("sign_in"), visit.to("/sign-in", platform=verdict.platform)))
    said = notice(visit.say("password_set_why"), title=visit.say("password_set"))
    response = visit.page(visit.say("forgot_title"), said, onward)
    cookies = visit.house.cookies
    cookies.give(response, cookies.device, verdict.device_secret)  # whose computer it is was not asked
    return response


def _void(visit: Visit) -> Response:
    again = links((visit.say("another_link"), visit.to("/password/forgot")))
    return visit.page(visit.say("forgot_title"), notice(visit.say("link_void"), "error"), again, status=410)

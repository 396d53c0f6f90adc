"""`/password/forgot` and `/password/reset`: password reset by a link in an e-mail (S8)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from gateway.signin.frame.layout import button, entry, links, meter, notice, paragraph
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.visit import RequestContext
from gateway.signin.pages.entry import LONGEST_LOGIN, slowed
from resolvers.account.passwords_resets import Done
from resolvers.commands.context import UserProblem
from resolvers.passwords.text import classes_of, normal, too_long
from resolvers.signin.verdicts import Expired, Rejected
from resolvers.signins.secrets import LONGEST
from store.tables.credentials import PLATFORMS

GENERATED = " required: lower; required: upper; required: digit; required: [-!#$%&*+.:;=?@_];"
"""The `passwordrules` for password generators of browsers, where all four classes are required."""


async def show(visit: RequestContext) -> Response:
    """Show the form for the login name."""
    return _form(visit)


def _form(visit: RequestContext, *said: Child, status: int = 200) -> Response:
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


async def send(visit: RequestContext) -> Response:
    """Send the link, if the account exists; the page is the same in any case (S8)."""
    asked = visit.form.get("service", "")
    platform = asked if asked in PLATFORMS else visit.platform
    login = visit.form.get("login", "")[:LONGEST_LOGIN]
    verdict = await visit.house.resets.request(platform, login, visit.visitor, visit.now)
    if isinstance(verdict, Rejected):
        said = notice(visit.say("TOO_MANY_ATTEMPTS"), "error")
        return slowed(_form(visit, said, status=429), verdict)
    back = links((visit.say("sign_in"), visit.to("/sign-in", platform=platform)))
    # Status 200 for unknown accounts, too.
    outbox = links((visit.say("outbox"), "/demo/outbox")) if visit.house.demo else None
    return visit.page(visit.say("sent"), notice(visit.say("sent_why")), outbox, back)


async def show_reset(visit: RequestContext) -> Response:
    """Show the form of a link. A GET does not use it up: mail scanners follow links before people do."""
    secret = (visit.asked.get("t") or "")[:LONGEST]
    link = await visit.house.resets.find(secret, visit.now)
    if link is None:
        return _void(visit)
    return reset_form(visit, secret, await visit.house.passwords.least(link.account.credential.id))


def reset_form(
    visit: RequestContext,
    secret: str,
    least: int,
    problems: Sequence[UserProblem] = (),
    typed: str = "",
    status: int = 200,
) -> Response:
    """The page for the new password, of `least` characters or more."""
    hidden = tag("input", type="hidden", name="t", value=secret)
    fields = new_password(visit, least, problems, typed)
    form = visit.form_of("/password/reset", hidden, fields, button(visit.say("set_password")))
    return visit.page(visit.say("forgot_title"), form, status=status)


def new_password(
    visit: RequestContext, least: int, problems: Sequence[UserProblem], typed: str, name: str = "new"
) -> Markup:
    """The field for a new password with its meter; a typed password is measured but never sent back."""
    # Too long: refused before any work on it (S2).
    seen = normal(typed) if typed and not too_long(typed) else ""
    errors = [visit.say(problem.code, least=least) for problem in problems]
    asked = visit.house.means.passwords.classes
    field = entry(
        name,
        visit.say("new_password"),
        "password",
        visit.say("rule_classes" if asked else "rule", least=least),
        errors,
        autocomplete="new-password",
        required=True,
        passwordrules=f"minlength: {least};{GENERATED if asked else ''}",
    )
    return Markup(field + meter(visit.language, sorted(classes_of(seen)), len(seen), least, name))


async def send_reset(visit: RequestContext) -> Response:
    """Set the new password, if the link is valid."""
    secret, password = visit.form.get("t", "")[:LONGEST], visit.form.get("new", "")
    verdict = await visit.house.resets.follow(secret, password, visit.visitor, visit.now)
    if isinstance(verdict, Expired):
        return _void(visit)
    if not isinstance(verdict, Done):
        return await _again(visit, secret, verdict, password)
    onward = links((visit.say("sign_in"), visit.to("/sign-in", platform=verdict.platform)))
    said = notice(visit.say("password_set_why"), title=visit.say("password_set"))
    response = visit.page(visit.say("forgot_title"), said, onward)
    cookies = visit.house.cookies
    # Until the browser closes: whether the computer is shared was not asked (R41).
    cookies.give(response, cookies.device, verdict.device_secret)
    return response


async def _again(
    visit: RequestContext, secret: str, verdict: Rejected | tuple[UserProblem, ...], password: str
) -> Response:
    """The form again, with the problems or the wait."""
    if isinstance(verdict, Rejected):  # The link is not read, so that guessing one learns nothing.
        least = visit.house.means.passwords.least(guarded=False)
        form = reset_form(visit, secret, least, [UserProblem("TOO_MANY_ATTEMPTS", "")], status=429)
        return slowed(form, verdict)
    link = await visit.house.resets.find(secret, visit.now)
    if link is None:
        return _void(visit)
    least = await visit.house.passwords.least(link.account.credential.id)
    return reset_form(visit, secret, least, verdict, password, status=422)


def _void(visit: RequestContext) -> Response:
    again = links((visit.say("another_link"), visit.to("/password/forgot")))
    return visit.page(visit.say("forgot_title"), notice(visit.say("link_void"), "error"), again, status=410)

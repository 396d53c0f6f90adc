"""`/password/forgot` and `/password/reset`: password reset by a link in an e-mail (S8)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from gateway.signin.frame.layout import button, entry, links, meter, notice, paragraph
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.request_context import RequestContext
from gateway.signin.pages.entry import LONGEST_LOGIN, slowed
from policy.platforms import PLATFORMS
from resolvers.account.passwords_resets import Done
from resolvers.commands.context import UserProblem
from resolvers.passwords.text import classes_of, normal, too_long
from resolvers.signin.verdicts import Expired, Rejected
from resolvers.signins.secrets import LONGEST

GENERATED = " required: lower; required: upper; required: digit; required: [-!#$%&*+.:;=?@_];"
"""The `passwordrules` for password generators of browsers, where all four classes are required."""


async def show(context: RequestContext) -> Response:
    """Show the form for the login name."""
    return _form(context)


def _form(context: RequestContext, *said: Child, status: int = 200) -> Response:
    choices = [tag("option", context.say(each), value=each, selected=each == context.platform) for each in PLATFORMS]
    choice = tag("select", choices, id="service", name="service")
    service = tag("div", tag("label", context.say("service"), for_="service"), choice, class_="field")
    login = entry(
        "login",
        context.say("login"),
        autocomplete="username",
        autocapitalize="none",
        maxlength=LONGEST_LOGIN,
        required=True,
    )
    form = context.form_of("/password/forgot", service, login, button(context.say("send_link")))
    back = links((context.say("sign_in"), context.to("/sign-in")))
    return context.page(
        context.say("forgot_title"), *said, paragraph(context.say("forgot_why")), form, back, status=status
    )


async def send(context: RequestContext) -> Response:
    """Send the link, if the account exists; the page is the same in any case (S8)."""
    asked = context.form.get("service", "")
    platform = asked if asked in PLATFORMS else context.platform
    login = context.form.get("login", "")[:LONGEST_LOGIN]
    verdict = await context.services.resets.request(platform, login, context.visitor, context.now)
    if isinstance(verdict, Rejected):
        said = notice(context.say("TOO_MANY_ATTEMPTS"), "error")
        return slowed(_form(context, said, status=429), verdict)
    back = links((context.say("sign_in"), context.to("/sign-in", platform=platform)))
    # Status 200 for unknown accounts, too.
    outbox = links((context.say("outbox"), "/demo/outbox")) if context.services.demo else None
    return context.page(context.say("sent"), notice(context.say("sent_why")), outbox, back)


async def show_reset(context: RequestContext) -> Response:
    """Show the form of a link. A GET does not use it up: mail scanners follow links before people do."""
    secret = (context.asked.get("t") or "")[:LONGEST]
    link = await context.services.resets.find(secret, context.now)
    if link is None:
        return _void(context)
    return reset_form(context, secret, await context.services.passwords.least(link.account.credential.id))


def reset_form(
    context: RequestContext,
    secret: str,
    least: int,
    problems: Sequence[UserProblem] = (),
    typed: str = "",
    status: int = 200,
) -> Response:
    """The page for the new password, of `least` characters or more."""
    hidden = tag("input", type="hidden", name="t", value=secret)
    fields = new_password(context, least, problems, typed)
    form = context.form_of("/password/reset", hidden, fields, button(context.say("set_password")))
    return context.page(context.say("forgot_title"), form, status=status)


def new_password(
    context: RequestContext, least: int, problems: Sequence[UserProblem], typed: str, name: str = "new"
) -> Markup:
    """The field for a new password with its meter; a typed password is measured but never sent back."""
    # Too long: refused before any work on it (S2).
    seen = normal(typed) if typed and not too_long(typed) else ""
    errors = [context.say(problem.code, least=least) for problem in problems]
    asked = context.services.means.passwords.classes
    field = entry(
        name,
        context.say("new_password"),
        "password",
        context.say("rule_classes" if asked else "rule", least=least),
        errors,
        autocomplete="new-password",
        required=True,
        passwordrules=f"minlength: {least};{GENERATED if asked else ''}",
    )
    return Markup(field + meter(context.language, sorted(classes_of(seen)), len(seen), least, name))


async def send_reset(context: RequestContext) -> Response:
    """Set the new password, if the link is valid."""
    secret, password = context.form.get("t", "")[:LONGEST], context.form.get("new", "")
    verdict = await context.services.resets.follow(secret, password, context.visitor, context.now)
    if isinstance(verdict, Expired):
        return _void(context)
    if not isinstance(verdict, Done):
        return await _again(context, secret, verdict, password)
    onward = links((context.say("sign_in"), context.to("/sign-in", platform=verdict.platform)))
    said = notice(context.say("password_set_why"), title=context.say("password_set"))
    response = context.page(context.say("forgot_title"), said, onward)
    cookies = context.services.cookies
    # Until the browser closes: whether the computer is shared was not asked (R41).
    cookies.give(response, cookies.device, verdict.device_secret)
    return response


async def _again(
    context: RequestContext, secret: str, verdict: Rejected | tuple[UserProblem, ...], password: str
) -> Response:
    """The form again, with the problems or the wait."""
    if isinstance(verdict, Rejected):  # The link is not read, so that guessing one learns nothing.
        least = context.services.means.passwords.least(guarded=False)
        form = reset_form(context, secret, least, [UserProblem("TOO_MANY_ATTEMPTS", "")], status=429)
        return slowed(form, verdict)
    link = await context.services.resets.find(secret, context.now)
    if link is None:
        return _void(context)
    least = await context.services.passwords.least(link.account.credential.id)
    return reset_form(context, secret, least, verdict, password, status=422)


def _void(context: RequestContext) -> Response:
    again = links((context.say("another_link"), context.to("/password/forgot")))
    return context.page(context.say("forgot_title"), notice(context.say("link_void"), "error"), again, status=410)

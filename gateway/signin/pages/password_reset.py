"""`/password/forgot` and `/password/reset`: password reset by a link in an e-mail (S8)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import NewPassword, PageNotice
from gateway.signin.pages.demo import outbox_way
from gateway.signin.pages.entry import LONGEST_LOGIN, slowed
from policy.platforms import PLATFORMS
from resolvers.account.passwords_resets import Done
from resolvers.commands.context import UserProblem
from resolvers.passwords.text import CLASSES, classes_of, normal, too_long
from resolvers.signin.verdicts import Expired, Rejected
from resolvers.signins.secrets import LONGEST


async def show(context: RequestContext) -> Response:
    """Show the form for the login name."""
    return _form(context)


def _form(context: RequestContext, *said: PageNotice, status: int = 200) -> Response:
    return context.page("forgot", *said, platforms=PLATFORMS, longest_login=LONGEST_LOGIN, status=status)


async def send(context: RequestContext) -> Response:
    """Send the link, if the account exists; the page is the same in any case (S8)."""
    asked = context.form.get("service", "")
    platform = asked if asked in PLATFORMS else context.platform
    login = context.form.get("login", "")[:LONGEST_LOGIN]
    verdict = await context.services.resets.request(platform, login, context.visitor, context.now)
    if isinstance(verdict, Rejected):
        said = PageNotice(context.say("TOO_MANY_ATTEMPTS"), "error")
        return slowed(_form(context, said, status=429), verdict)
    # Status 200 for unknown accounts, too.
    back = context.way("sign_in", context.to("/sign-in", platform=platform))
    return context.message("sent", PageNotice(context.say("sent_why")), ways=[*outbox_way(context), back])


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
    new = new_password(context, least, problems, typed)
    return context.page("reset", secret=secret, new=new, status=status)


def new_password(context: RequestContext, least: int, problems: Sequence[UserProblem], typed: str) -> NewPassword:
    """The field for a new password with its meter; a typed password is measured but never sent back."""
    # Too long: refused before any work on it (S2).
    seen = normal(typed) if typed and not too_long(typed) else ""
    present = classes_of(seen)
    return NewPassword(
        least,
        context.services.means.passwords.classes,
        [context.say(problem.code, least=least) for problem in problems],
        {"length": len(seen) >= least} | {kind: kind in present for kind in CLASSES},
    )


async def send_reset(context: RequestContext) -> Response:
    """Set the new password, if the link is valid."""
    secret, password = context.form.get("t", "")[:LONGEST], context.form.get("new", "")
    verdict = await context.services.resets.follow(secret, password, context.visitor, context.now)
    if isinstance(verdict, Expired):
        return _void(context)
    if not isinstance(verdict, Done):
        return await _again(context, secret, verdict, password)
    onward = context.way("sign_in", context.to("/sign-in", platform=verdict.platform))
    said = PageNotice(context.say("password_set_why"), title=context.say("password_set"))
    response = context.message("forgot_title", said, ways=[onward])
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
    again = context.way("another_link", context.to("/password/forgot"))
    return context.message("forgot_title", PageNotice(context.say("link_void"), "error"), ways=[again], status=410)

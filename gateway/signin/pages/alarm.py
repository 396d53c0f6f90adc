"""`/not-me`: the page of the link in an e-mail about an unusual sign-in (S9)."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import PageNotice
from messages.dates import moment
from resolvers.signins.secrets import LONGEST


async def show(context: RequestContext) -> Response:
    """Show the reported sign-in. A GET changes nothing: mail scanners follow links before people do."""
    secret = (context.asked.get("t") or "")[:LONGEST]
    alarm = await context.services.alarms.find(secret, context.now)
    if alarm is None:
        return _void(context)
    return context.page("not_me", alarm=alarm, at=moment(alarm.at, context.language), secret=secret)


async def send(context: RequestContext) -> Response:
    """End all sessions, void the password, and send a link to a new one."""
    alarm = await context.services.alarms.find(context.form.get("t", "")[:LONGEST], context.now)
    if alarm is None or not await context.services.alarms.raise_(alarm, context.now):
        return _void(context)
    return context.message("not_me_done", PageNotice(context.say("not_me_done_why")))


def _void(context: RequestContext) -> Response:
    again = context.way("forgot", context.to("/password/forgot"))
    return context.message("not_me_title", PageNotice(context.say("link_void"), "error"), ways=[again], status=410)

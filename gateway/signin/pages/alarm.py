"""`/not-me`: the page of the link in an e-mail about an unusual sign-in (S9)."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.layout import button, links, notice, paragraph
from gateway.signin.frame.markup import tag
from gateway.signin.frame.request_context import RequestContext
from messages.dates import moment
from resolvers.signins.secrets import LONGEST


async def show(context: RequestContext) -> Response:
    """Show the reported sign-in. A GET changes nothing: mail scanners follow links before people do."""
    secret = (context.asked.get("t") or "")[:LONGEST]
    alarm = await context.services.alarms.find(secret, context.now)
    if alarm is None:
        return _void(context)
    at = moment(alarm.at, context.language)
    facts = [context.say("not_me_what", platform=context.say(alarm.platform), at=at), alarm.device, alarm.country]
    listed = tag("ul", [tag("li", fact) for fact in facts if fact], class_="facts")
    hidden = tag("input", type="hidden", name="t", value=secret)
    form = context.form_of("/not-me", hidden, button(context.say("not_me")))
    return context.page(context.say("not_me_title"), listed, paragraph(context.say("not_me_why")), form)


async def send(context: RequestContext) -> Response:
    """End all sessions, void the password, and send a link to a new one."""
    alarm = await context.services.alarms.find(context.form.get("t", "")[:LONGEST], context.now)
    if alarm is None or not await context.services.alarms.raise_(alarm, context.now):
        return _void(context)
    return context.page(context.say("not_me_done"), notice(context.say("not_me_done_why")))


def _void(context: RequestContext) -> Response:
    again = links((context.say("forgot"), context.to("/password/forgot")))
    return context.page(context.say("not_me_title"), notice(context.say("link_void"), "error"), again, status=410)

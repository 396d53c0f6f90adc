"""`/not-me`: where the link in a message about an unusual sign-in leads (S9)."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.layout import button, links, notice, paragraph
from gateway.signin.frame.markup import tag
from gateway.signin.frame.visit import RequestContext
from messages.dates import moment
from resolvers.signins.secrets import LONGEST


async def show(visit: RequestContext) -> Response:
    """What the message was about. To look at it does nothing: programs look at links before people do."""
    secret = (visit.asked.get("t") or "")[:LONGEST]
    alarm = await visit.house.alarms.find(secret, visit.now)
    if alarm is None:
        return _void(visit)
    at = moment(alarm.at, visit.language)
    facts = [visit.say("not_me_what", platform=visit.say(alarm.platform), at=at), alarm.device, alarm.country]
    listed = tag("ul", [tag("li", fact) for fact in facts if fact], class_="facts")
    hidden = tag("input", type="hidden", name="t", value=secret)
    form = visit.form_of("/not-me", hidden, button(visit.say("not_me")))
    return visit.page(visit.say("not_me_title"), listed, paragraph(visit.say("not_me_why")), form)


async def send(visit: RequestContext) -> Response:
    """Everybody is out."""
    alarm = await visit.house.alarms.find(visit.form.get("t", "")[:LONGEST], visit.now)
    if alarm is None or not await visit.house.alarms.raise_(alarm, visit.now):
        return _void(visit)
    return visit.page(visit.say("not_me_done"), notice(visit.say("not_me_done_why")))


def _void(visit: RequestContext) -> Response:
    again = links((visit.say("forgot"), visit.to("/password/forgot")))
    return visit.page(visit.say("not_me_title"), notice(visit.say("link_void"), "error"), again, status=410)

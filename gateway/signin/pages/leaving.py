"""`/sign-out`: linked from every page of a signed-in customer (R41)."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.layout import button, links, notice, paragraph
from gateway.signin.frame.visit import RequestContext
from resolvers.account.sessions_commands import end_one


async def show(visit: RequestContext) -> Response:
    """Ask first: another site could cause a GET (logout CSRF)."""
    if await visit.session() is None:
        return _out(visit)
    leave = visit.form_of("/sign-out", button(visit.say("sign_out")))
    return visit.page(visit.say("sign_out"), paragraph(visit.say("sign_out_why")), leave)


async def send(visit: RequestContext) -> Response:
    """End this browser's sessions on every platform, and delete their cookies."""
    cookies = visit.house.cookies
    response = _out(visit)
    for platform in ("CLIENT_AREA", "MANAGEMENT_INTERFACE", "WEBMAIL"):
        session = await visit.session(platform)
        if session is not None:
            await end_one(visit.house.actor(session, visit.now), session.id)
        cookies.take(response, cookies.session(platform))
    cookies.take(response, cookies.pending)
    # So that the back button shows nothing to the next user of a shared computer (R41). Cookies are deleted one by one:
    # the known device must stay.
    response.headers["clear-site-data"] = '"cache"'
    return response


def _out(visit: RequestContext) -> Response:
    back = links((visit.say("sign_in"), visit.to("/sign-in")))
    return visit.page(visit.say("sign_out"), notice(visit.say("signed_out_hint"), title=visit.say("signed_out")), back)

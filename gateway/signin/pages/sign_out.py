"""`/sign-out`: linked from every page of a signed-in customer (R41)."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import PageNotice
from policy.platforms import PLATFORMS
from resolvers.account.sessions_commands import end_one


async def show(context: RequestContext) -> Response:
    """Ask first: another site could cause a GET (logout CSRF)."""
    if await context.session() is None:
        return _out(context)
    return context.page("sign_out")


async def send(context: RequestContext) -> Response:
    """End this browser's sessions on every platform, and delete their cookies."""
    cookies = context.services.cookies
    response = _out(context)
    for platform in PLATFORMS:
        session = await context.session(platform)
        if session is not None:
            await end_one(context.services.actor(session, context.now), session.id)
        cookies.take(response, cookies.session(platform))
    cookies.take(response, cookies.pending)
    # So that the back button shows nothing to the next user of a shared computer (R41). Cookies are deleted one by one:
    # the known device must stay.
    response.headers["clear-site-data"] = '"cache"'
    return response


def _out(context: RequestContext) -> Response:
    said = PageNotice(context.say("signed_out_hint"), title=context.say("signed_out"))
    return context.message("sign_out", said, ways=[context.way("sign_in", context.to("/sign-in"))])

"""`/registrant/confirm`: a person named as the owner of a domain confirms or declines (S13).

The page names the domain, and none of the details that the customer typed: only the person whom they are about may see
those, after confirming.
"""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import PageNotice
from gateway.signin.pages.registrant import LONGEST_SECRET, command_context_of, void
from resolvers.registrants.confirmation import confirm_owner, decline_owner
from resolvers.registrants.rights import LinkHolder, RegistrantLinks


async def show(context: RequestContext) -> Response:
    """Ask. A GET answers nothing: mail scanners follow links before people do."""
    secret, holder = await _asked(context)
    name = await _links(context).domain_name(holder) if holder is not None else None
    if holder is None or name is None:
        return void(context)
    return context.page("registrant_confirm", domain=name, secret=secret)


async def send(context: RequestContext) -> Response:
    """Record the answer: redirect to the held data after `confirm`, delete the address after `decline`."""
    _, holder = await _asked(context)
    if holder is None:
        return void(context)
    command_context = command_context_of(context, holder)
    if context.form.get("do") != "confirm":
        await decline_owner(command_context, holder.domain)
        return context.message("registrant", PageNotice(context.say("registrant_declined")))
    if not await confirm_owner(command_context, holder.domain):
        return void(context)
    return context.go(context.to("/registrant/data", t=await _links(context).data_link(holder, context.now)))


async def _asked(context: RequestContext) -> tuple[str, LinkHolder | None]:
    secret = (context.value("t") or "")[:LONGEST_SECRET]
    return secret, await _links(context).find_asked(secret, context.now)


def _links(context: RequestContext) -> RegistrantLinks:
    return RegistrantLinks(context.services.store, context.services.means)

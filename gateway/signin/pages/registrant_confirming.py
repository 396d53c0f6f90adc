"""`/registrant/confirm`: a person named as the owner of a domain confirms or declines (S13).

The page names the domain, and none of the details that the customer typed: only the person whom they are about may see
those, after confirming.
"""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.layout import button, links, notice, paragraph
from gateway.signin.frame.markup import tag
from gateway.signin.frame.visit import RequestContext
from gateway.signin.pages.registrant import LONGEST_SECRET, desk_of
from resolvers.registrants.confirmation import confirm_owner, decline_owner
from resolvers.registrants.rights import LinkHolder, RegistrantLinks


async def show(visit: RequestContext) -> Response:
    """Ask. A GET answers nothing: mail scanners follow links before people do."""
    secret, holder = await _asked(visit)
    name = await _links(visit).domain_name(holder) if holder is not None else None
    if holder is None or name is None:
        return _void(visit)
    hidden = tag("input", type="hidden", name="t", value=secret)
    yes = visit.form_of("/registrant/confirm", hidden, tag("input", type="hidden", name="do", value="confirm"),
                        button(visit.say("registrant_yes")))  # fmt: skip
    no = visit.form_of("/registrant/confirm", hidden, tag("input", type="hidden", name="do", value="decline"),
                       button(visit.say("registrant_no"), plain=True))  # fmt: skip
    asked = paragraph(visit.say("registrant_asked"))
    return visit.page(visit.say("registrant"), tag("h2", name), asked, yes, no)


async def send(visit: RequestContext) -> Response:
    """Record the answer: redirect to the held data after `confirm`, delete the address after `decline`."""
    _, holder = await _asked(visit)
    if holder is None:
        return _void(visit)
    desk = desk_of(visit, holder)
    if visit.form.get("do") != "confirm":
        await decline_owner(desk, holder.domain)
        return visit.page(visit.say("registrant"), notice(visit.say("registrant_declined")))
    if not await confirm_owner(desk, holder.domain):
        return _void(visit)
    return visit.go(visit.to("/registrant/data", t=await _links(visit).data_link(holder, visit.now)))


async def _asked(visit: RequestContext) -> tuple[str, LinkHolder | None]:
    secret = (visit.value("t") or "")[:LONGEST_SECRET]
    return secret, await _links(visit).find_asked(secret, visit.now)


def _links(visit: RequestContext) -> RegistrantLinks:
    return RegistrantLinks(visit.house.store, visit.house.means)


def _void(visit: RequestContext) -> Response:
    again = links((visit.say("another_link"), "/registrant"))
    return visit.page(visit.say("registrant"), notice(visit.say("link_void"), "error"), again, status=410)

"""`/email/confirm`: confirms a new e-mail address by a button, since mail scanners follow links (S8)."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.layout import button, links, notice, paragraph
from gateway.signin.frame.markup import tag
from gateway.signin.frame.visit import RequestContext
from gateway.signin.pages.mine import CLIENT
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.account.email_changing import EmailLinks, Found
from resolvers.commands.context import CommandContext
from resolvers.signins.secrets import LONGEST


async def show(visit: RequestContext) -> Response:
    """Show the button; a GET does not use the link up."""
    secret = (visit.asked.get("t") or "")[:LONGEST]
    if await EmailLinks(visit.house.store, visit.house.means).find(secret, visit.now) is None:
        return _void(visit)
    hidden = tag("input", type="hidden", name="t", value=secret)
    form = visit.form_of("/email/confirm", hidden, button(visit.say("email_confirm")))
    return visit.page(visit.say("email_confirm"), paragraph(visit.say("email_confirm_why")), form)


async def send(visit: RequestContext) -> Response:
    """Confirm the new address."""
    house = visit.house
    found = await EmailLinks(house.store, house.means).find(visit.form.get("t", "")[:LONGEST], visit.now)
    if found is None:
        return _void(visit)
    done = await EmailLinks(house.store, house.means).follow(found, _desk(visit, found))
    if done.problems:
        return _void(visit)
    onward = links((visit.say("sign_in"), "/"))
    return visit.page(visit.say("email_confirm"), notice(visit.say("email_confirmed")), onward)


def _desk(visit: RequestContext, found: Found) -> CommandContext:
    """The command context of the customer who holds the link."""
    grant = Grant(
        token_id=CLIENT,
        client_id=CLIENT,
        subject=found.key.customer_id,
        purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=frozenset(),
        expires_at=int(visit.now.timestamp()) + 60,
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=1,
        session_id=found.session_id,
    )
    return CommandContext(visit.house.store, grant, Purpose.SELF_SERVICE, None, visit.now, visit.house.means)


def _void(visit: RequestContext) -> Response:
    back = links((visit.say("sign_in"), "/"))
    return visit.page(visit.say("email_confirm"), notice(visit.say("link_void"), "error"), back, status=410)

"""`/email/confirm`: confirms a new e-mail address by a button, since mail scanners follow links (S8)."""

from __future__ import annotations

from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import PageNotice
from gateway.signin.pages.own_data import CLIENT
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.account.email_changing import EmailLinks, Found
from resolvers.commands.context import CommandContext
from resolvers.signins.secrets import LONGEST


async def show(context: RequestContext) -> Response:
    """Show the button; a GET does not use the link up."""
    secret = (context.asked.get("t") or "")[:LONGEST]
    if await EmailLinks(context.services.store, context.services.means).find(secret, context.now) is None:
        return _void(context)
    return context.page("confirm_email", secret=secret)


async def send(context: RequestContext) -> Response:
    """Confirm the new address."""
    services = context.services
    found = await EmailLinks(services.store, services.means).find(context.form.get("t", "")[:LONGEST], context.now)
    if found is None:
        return _void(context)
    done = await EmailLinks(services.store, services.means).follow(found, _command_context(context, found))
    if done.problems:
        return _void(context)
    said = PageNotice(context.say("email_confirmed"))
    return context.message("email_confirm", said, ways=[context.way("sign_in", "/")])


def _command_context(context: RequestContext, found: Found) -> CommandContext:
    """The command context of the customer who holds the link."""
    grant = Grant(
        token_id=CLIENT,
        client_id=CLIENT,
        subject=found.key.customer_id,
        purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=frozenset(),
        expires_at=int(context.now.timestamp()) + 60,
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=1,
        session_id=found.session_id,
    )
    return CommandContext(
        context.services.store, grant, Purpose.SELF_SERVICE, None, context.now, context.services.means
    )


def _void(context: RequestContext) -> Response:
    back, said = context.way("sign_in", "/"), PageNotice(context.say("link_void"), "error")
    return context.message("email_confirm", said, ways=[back], status=410)

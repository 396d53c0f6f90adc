"""Demo only: the credentials of the featured customer, and the e-mails that a real gateway would send."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp
from starlette.responses import Response

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from gateway.demo.outbox import latest_letters
from gateway.signin.frame.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class Invented:
    """The login name and password of an invented customer."""

    login: str
    password: str


def invented_login(context: RequestContext) -> Invented | None:
    """Those of the featured customer on the platform; None for webmail, and outside the demo."""
    if not context.services.demo or context.platform == "WEBMAIL":
        return None
    login = FEATURED if context.platform == "CLIENT_AREA" else "u100000"
    return Invented(login, demo_password(FEATURED, context.platform))


def invented_code(context: RequestContext) -> str | None:
    """The current TOTP code of the featured customer; None outside the demo."""
    if not context.services.demo:
        return None
    return pyotp.TOTP(demo_totp_secret(0, context.platform)).at(context.now)


async def show_outbox(context: RequestContext) -> Response:
    """Show the latest e-mails to customers; the route exists in the demo only, since nobody else may read them."""
    return context.page("outbox", letters=await latest_letters(context.services.store))


def outbox_way(context: RequestContext) -> list[tuple[str, str]]:
    """The way to the outbox, in the demo."""
    return [context.way("outbox", "/demo/outbox")] if context.services.demo else []

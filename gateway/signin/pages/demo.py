"""Demo only: the credentials of the featured customer, and the e-mails that a real gateway would send."""

from __future__ import annotations

import pyotp
from starlette.responses import Response

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from gateway.demo.outbox import latest_letters
from gateway.signin.frame.layout import links, notice
from gateway.signin.frame.markup import Markup, tag
from gateway.signin.frame.request_context import RequestContext


def demo_note(context: RequestContext) -> Markup | None:
    """The login name and password of the featured customer; None for webmail."""
    if context.platform == "WEBMAIL":
        return None
    login = FEATURED if context.platform == "CLIENT_AREA" else "u100000"
    facts = (
        (context.say("login"), login),
        (context.say("password"), demo_password(FEATURED, context.platform)),
    )
    listed = tag("dl", [Markup(tag("dt", name) + tag("dd", tag("code", value))) for name, value in facts])
    more = links((context.say("outbox"), "/demo/outbox"))
    return tag(
        "div",
        tag("strong", context.say("demo")),
        tag("p", context.say("demo_note")),
        listed,
        more,
        class_="notice note",
    )


def demo_code(context: RequestContext) -> Markup:
    """The current TOTP code of the featured customer."""
    code = pyotp.TOTP(demo_totp_secret(0, context.platform)).at(context.now)
    return tag(
        "div",
        tag("strong", context.say("demo")),
        tag("p", context.say("demo_code"), " ", tag("code", code)),
        class_="notice note",
    )


async def show_outbox(context: RequestContext) -> Response:
    """Show the latest e-mails to customers; the route exists in the demo only, since nobody else may read them."""
    emails = [_email(message) for message in await latest_letters(context.services.store)]
    return context.page(context.say("outbox"), emails or notice("—"), wide=True)


def _email(message: dict[str, str]) -> Markup:
    lines = [tag("a", line, href=line) if line.startswith("http") else line for line in message["text"].split("\n")]
    text = [Markup(line if isinstance(line, Markup) else tag("span", line)) + Markup("\n") for line in lines]
    head = tag("h2", message["subject"]), tag("p", message["to"], class_="hint")
    return tag("article", *head, tag("pre", [Markup(each) for each in text]), class_="letter", lang=message["language"])

"""What only the demo shows: whom to sign in as, and the messages that a real gateway would send."""

from __future__ import annotations

import pyotp
from starlette.responses import Response

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from gateway.demo.outbox import latest_letters
from gateway.signin.frame.layout import links, notice
from gateway.signin.frame.markup import Markup, tag
from gateway.signin.frame.visit import RequestContext


def demo_note(visit: RequestContext) -> Markup | None:
    """The featured customer's name, password and present code, ready to be typed."""
    if visit.platform == "WEBMAIL":
        return None
    login = FEATURED if visit.platform == "CLIENT_AREA" else "u100000"
    facts = (
        (visit.say("login"), login),
        (visit.say("password"), demo_password(FEATURED, visit.platform)),
    )
    listed = tag("dl", [Markup(tag("dt", name) + tag("dd", tag("code", value))) for name, value in facts])
    more = links((visit.say("outbox"), "/demo/outbox"))
    return tag(
        "div", tag("strong", visit.say("demo")), tag("p", visit.say("demo_note")), listed, more, class_="notice note"
    )


def demo_code(visit: RequestContext) -> Markup:
    """What the featured customer's authenticator app shows at this moment."""
    code = pyotp.TOTP(demo_totp_secret(0, visit.platform)).at(visit.now)
    return tag(
        "div",
        tag("strong", visit.say("demo")),
        tag("p", visit.say("demo_code"), " ", tag("code", code)),
        class_="notice note",
    )


async def show_outbox(visit: RequestContext) -> Response:
    """The last messages to customers, the newest first. Of the demo only: elsewhere nobody may read them."""
    letters = [_letter(message) for message in await latest_letters(visit.house.store)]
    return visit.page(visit.say("outbox"), letters or notice("—"), wide=True)


def _letter(message: dict[str, str]) -> Markup:
    lines = [tag("a", line, href=line) if line.startswith("http") else line for line in message["text"].split("\n")]
    text = [Markup(line if isinstance(line, Markup) else tag("span", line)) + Markup("\n") for line in lines]
    head = tag("h2", message["subject"]), tag("p", message["to"], class_="hint")
    return tag("article", *head, tag("pre", [Markup(each) for each in text]), class_="letter", lang=message["language"])

"""What only the demo shows: whom to sign in as, and the messages that a real gateway would send."""

from __future__ import annotations

import orjson
import pyotp
from sqlalchemy import bindparam, select
from starlette.responses import Response

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from gateway.signin.frame.layout import links, notice
from gateway.signin.frame.markup import Markup, tag
from gateway.signin.frame.visit import RequestContext
from resolvers.emails.emails import TOPIC
from store.queue.messages import opened
from store.tables.outbox import outbox

MOST = 20


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
    store = visit.house.store
    listed = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(outbox.c.topic == bindparam("topic"))
    prepared = store.reader.prepare(listed.order_by(outbox.c.id.desc()).limit(MOST))
    rows = await store.reader.fetch(prepared, {"topic": TOPIC})
    found = await opened(store.keys, [tuple(row) for row in rows])
    letters = [_letter(orjson.loads(message)) for message in found if message is not None]
    return visit.page(visit.say("outbox"), letters or notice("—"), wide=True)


def _letter(message: dict[str, str]) -> Markup:
    lines = [tag("a", line, href=line) if line.startswith("http") else line for line in message["text"].split("\n")]
    text = [Markup(line if isinstance(line, Markup) else tag("span", line)) + Markup("\n") for line in lines]
    head = tag("h2", message["subject"]), tag("p", message["to"], class_="hint")
    return tag("article", *head, tag("pre", [Markup(each) for each in text]), class_="letter", lang=message["language"])

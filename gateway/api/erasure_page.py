"""How an erasure stands as a page for people, in their language: what the link of a letter opens."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.http.negotiation import Media, answer_media
from gateway.http.pages import NO_STORE, language_of
from gateway.http.templates import page
from messages import dates
from messages.catalogue import languages, translate
from messages.message import Message, marked
from policy.erasing import State
from resolvers.erasure.consents import CARD, MEASURING, NEWS, PHONE, stays
from resolvers.erasure.receipts import ErasureStanding, SignedStatement

STANDING: Final = {
    State.ARMED: (
        marked("It waits for the end of your services"),
        marked("It begins by itself when your last service ends. You can call it off until then."),
    ),
    State.BLOCKED: (
        marked("It waits, since a service runs again"),
        marked("It goes on by itself when that service ends. Your request stands."),
    ),
    State.SCHEDULED: (
        marked("It has its dates"),
        marked("It begins by itself. Until then you can call it off in the client area."),
    ),
    State.HELD: (
        marked("It is suspended"),
        marked("An order, or a restriction that you asked for, keeps us from erasing. It goes on once that has ended."),
    ),
    State.ERASING: (
        marked("It is being carried out"),
        marked("This takes minutes, and cannot be called off any more."),
    ),
    State.ERASED: (
        marked("It is done"),
        marked("Your data is erased for good. The certificate below says what was erased, and when."),
    ),
    State.CANCELLED: (
        marked("It was called off"),
        marked("You called it off, or a new service began. Your data is as it was."),
    ),
    State.REFUSED: (
        marked("It was refused, since services run"),
        marked("What rests on your consent was erased at once. You can ask again when your services have ended."),
    ),
}
"""Each state for people: a heading, and what it means for them."""

GONE: Final = {
    CARD: marked("The cards that you let us keep"),
    NEWS: marked("News: you get none any more"),
    MEASURING: marked("The measuring of your visits"),
    PHONE: marked("Your phone number"),
}
DATES: Final = (
    ("requested_at", marked("Asked for on")),
    ("not_before", marked("Begins on")),
    ("due_at", marked("Done on, at the latest")),
    ("finished_at", marked("Done on")),
    ("cancelled_at", marked("Called off on")),
)
KEPT: Final = marked("An order keeps a part of it until {day}.")
STATEMENTS: Final = (
    (SignedStatement.CERTIFICATE, "certificate", marked("Certificate of the erasure")),
    (SignedStatement.RECIPIENTS, "recipients", marked("What those answered who had got data from us")),
    (SignedStatement.FILES, "files", marked("Statement on the files of the database")),
    (SignedStatement.LETTER, "letter", marked("Statement on the last letter")),
)


def wanted(request: Request) -> bool:
    """Whether a browser asks, and so a person reads."""
    accept = request.headers.get("accept")
    return answer_media(accept.encode("latin-1") if accept else None, True) is Media.HTML


def shown(request: Request, found: ErasureStanding, site: str) -> Response:
    """The page."""
    language = language_of(request)

    def say(text: str, **facts: object) -> str:
        return translate(Message(text, None, None, **facts), language)

    heading, why = STANDING[found.state]
    text = page(
        "erasure.html",
        language,
        site=site,
        heading=say(heading),
        why=say(why),
        dates=[(say(label), dates.day(at, language)) for label, at in _moments(found)],
        gone=[say(GONE[each]) for each in found.erased_now if each in GONE],
        held=[say(KEPT, day=dates.day(each.until, language)) for each in found.held if each.until],
        stays=stays(language) if found.stays else (),
        statements=[
            (say(label), f"{request.url.path}/{ending}")
            for which, ending, label in STATEMENTS
            if which in found.statements
        ],
        languages=[(each, dates.name_of(each)) for each in languages() if each != language],
    )
    return HTMLResponse(text, headers=NO_STORE | {"vary": "accept, accept-language"})


def _moments(found: ErasureStanding) -> list[tuple[str, datetime]]:
    # A day that did not come, because it was done or called off before, is not told: it would read as a promise.
    over = found.moments["finished_at"] or found.moments["cancelled_at"]
    known = [(label, found.moments[column], column) for column, label in DATES]
    return [(label, at) for label, at, column in known if at and not (over and column in ("not_before", "due_at"))]

"""`/cookies`, "Edit my choices", for visitors and customers alike: refusing is as easy as accepting (R28, R29)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from gateway.signin.frame.layout import notice, paragraph
from gateway.signin.frame.markup import tag
from gateway.signin.frame.visit import RequestContext
from gateway.signin.pages.mine import grant_of
from policy.wordings import VERSION, wording
from resolvers.consents.preferences import ends
from resolvers.signin.sessions import Session
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError

MEASURING = ("measurement",)
"""The cookies that only an accepted choice may set; a refusal deletes them. Nothing here sets one yet."""
VARY = "Cookie, Sec-GPC"
GPC_SINCE = "2026-11-27"
CHOOSE = """
mutation EditMyChoices($input: ChooseCookiesInput!) {
  chooseCookies(input: $input) { userErrors { code } }
}
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """What this browser was told, as its cookie has it: `version.yes|no.day`."""

    measurement: bool
    version: str
    day: str

    @classmethod
    def read(cls, text: str | None) -> Choice | None:
        """None for no cookie, and for one that is not of our making."""
        version, _, rest = (text or "").partition("~")
        word, _, day = rest.partition("~")
        if word not in ("yes", "no") or not version or not _is_day(day):
            return None
        return cls(word == "yes", version, day)

    @property
    def text(self) -> str:
        """The cookie's value."""
        return f"{self.version}~{'yes' if self.measurement else 'no'}~{self.day}"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-11-27")


def may_measure(choice: Choice | None) -> bool:
    """Whether a cookie that measures may be set: only after an accepted choice to the present sentence.

    Without a choice nothing is set, so Global Privacy Control has nothing to turn off; an explicit choice wins over it.
    """
    return choice is not None and choice.measurement and choice.version == VERSION


def controlled(visit: RequestContext) -> bool:
    """Whether the browser sends Global Privacy Control: exactly `1`, in any of several headers."""
    return "1" in visit.request.headers.getlist("sec-gpc")


async def well_known(_: HttpRequest) -> Response:
    """That Global Privacy Control is honoured here (the GPC specification's well-known resource)."""
    return JSONResponse({"gpc": True, "lastUpdate": GPC_SINCE})


async def show(visit: RequestContext) -> Response:
    """What holds now, and two buttons."""
    return _page(visit, _kept(visit))


async def send(visit: RequestContext) -> Response:
    """Take the choice: from the next response on it holds, and it is recorded for whoever is signed in."""
    word = visit.form.get("measurement")
    if word not in ("yes", "no"):
        return _page(visit, _kept(visit), status=400)
    session = await visit.session()
    if session is not None:
        await _record(visit, session, word == "yes")
    choice = Choice(word == "yes", VERSION, f"{visit.now:%Y-%m-%d}")
    response = _page(visit, choice, notice(visit.say("cookies_saved")))
    cookies = visit.house.cookies
    cookies.give(response, cookies.choice, choice.text, ends(visit.now) - visit.now)
    if not choice.measurement:
        for name in MEASURING:
            cookies.take(response, name)
    return response


def _kept(visit: RequestContext) -> Choice | None:
    cookies = visit.house.cookies
    return Choice.read(cookies.read(visit.request, cookies.choice))


def _page(visit: RequestContext, choice: Choice | None, *said: str, status: int = 200) -> Response:
    measured = may_measure(choice)
    now = "cookies_on" if measured else "cookies_off" if choice is not None else "cookies_none"
    sentence = wording("COOKIE_MEASUREMENT", visit.language).text
    form = visit.form_of(
        "/cookies",
        tag("fieldset", tag("legend", visit.say("cookies_measurement")), paragraph(sentence), _buttons(visit)),
    )
    response = visit.page(
        visit.say("cookies"),
        *said,
        paragraph(visit.say("cookies_why")),
        paragraph(visit.say("cookies_control")) if controlled(visit) and choice is None else None,
        paragraph(visit.say(now, day=visit.day(choice.day) if choice else ""), role="status"),
        form,
        status=status,
    )
    response.headers["vary"] = VARY
    return response


def _buttons(visit: RequestContext) -> str:
    """Alike, so that neither is easier to press."""
    words = (("no", "cookies_refuse"), ("yes", "cookies_accept"))
    each = [tag("button", visit.say(said), type="submit", name="measurement", value=word) for word, said in words]
    return tag("div", each, class_="choices")


async def _record(visit: RequestContext, session: Session, wanted: bool) -> None:
    told = {
        "measurement": wanted,
        "wordingVersion": VERSION,
        "language": visit.language,
        "globalPrivacyControl": controlled(visit),
    }
    outcome = await visit.house.api.execute(
        Request(query=CHOOSE, variables={"input": told}), grant_of(session, visit.now)
    )
    if outcome.kind is not RequestOutcome.OK or "errors" in orjson.loads(outcome.body):
        raise StoreUnavailableError(OutageCause.DOWN)

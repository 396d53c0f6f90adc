"""`/cookies`, "Edit my choices": cookie consent, where refusing is as easy as accepting (R28, R29)."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import PageNotice
from gateway.signin.pages.own_data import grant_of
from policy.wordings import VERSION, wording
from resolvers.consents.preferences import ends
from resolvers.signin.sessions import Session
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError
from values.date_time import DateTimeError, read_day

MEASURING = ("measurement",)
"""Cookies that need consent; a refusal deletes them. The gateway itself sets none yet."""
# The page differs by both, so no cache may give one visitor's page to another.
VARY = "Cookie, Sec-GPC"
GPC_SINCE = "2026-11-27"
CHOOSE = """
mutation EditMyChoices($input: ChooseCookiesInput!) {
  chooseCookies(input: $input) { userErrors { code } }
}
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice stored in the browser's cookie: `version~yes|no~day`."""

    measurement: bool
    version: str
    day: str

    @classmethod
    def read(cls, text: str | None) -> Choice | None:
        """Parse a cookie; None without one, or for one that is malformed."""
        version, _, rest = (text or "").partition("~")
        word, _, day = rest.partition("~")
        # The cookie is not signed: a customer who forges it changes only their own choice.
        if word not in ("yes", "no") or not version or not _is_day(day):
            return None
        return cls(word == "yes", version, day)

    @property
    def text(self) -> str:
        """The value of the cookie."""
        return f"{self.version}~{'yes' if self.measurement else 'no'}~{self.day}"


def _is_day(text: str) -> bool:
    try:
        read_day(text)
    except DateTimeError:
        return False
    return True


def may_measure(choice: Choice | None) -> bool:
    """True if measurement cookies may be set: only with consent to the current wording.

    Without a choice none is set, so Global Privacy Control has nothing to turn off; an explicit choice overrides it.
    """
    return choice is not None and choice.measurement and choice.version == VERSION


def controlled(context: RequestContext) -> bool:
    """True if the browser sends Global Privacy Control: exactly `1`, in any of several headers."""
    return "1" in context.request.headers.getlist("sec-gpc")


async def well_known(_: HttpRequest) -> Response:
    """`/.well-known/gpc.json`: the statement that Global Privacy Control is honoured (GPC specification)."""
    return JSONResponse({"gpc": True, "lastUpdate": GPC_SINCE})


async def show(context: RequestContext) -> Response:
    """Show the current choice, and two buttons."""
    return _page(context, _kept(context))


async def send(context: RequestContext) -> Response:
    """Store the choice in a cookie, and record it as a consent if a customer is signed in."""
    word = context.form.get("measurement")
    if word not in ("yes", "no"):
        return _page(context, _kept(context), status=400)
    # Recorded before the cookie is set: a choice that holds must be provable (GDPR Art. 7(1)).
    session = await context.session()
    if session is not None:
        await _record(context, session, word == "yes")
    choice = Choice(word == "yes", VERSION, f"{context.now:%Y-%m-%d}")
    response = _page(context, choice, PageNotice(context.say("cookies_saved")))
    cookies = context.services.cookies
    cookies.give_choice(response, choice.text, ends(context.now) - context.now)
    if not choice.measurement:
        for name in MEASURING:
            cookies.take(response, name)
    return response


def _kept(context: RequestContext) -> Choice | None:
    cookies = context.services.cookies
    return Choice.read(cookies.read(context.request, cookies.choice))


def _page(context: RequestContext, choice: Choice | None, *said: PageNotice, status: int = 200) -> Response:
    response = context.page(
        "cookies",
        *said,
        choice=choice,
        measured=may_measure(choice),
        controlled=controlled(context),
        wording=wording("COOKIE_MEASUREMENT", context.language).text,
        status=status,
    )
    response.headers["vary"] = VARY
    return response


async def _record(context: RequestContext, session: Session, wanted: bool) -> None:
    choice_input = {
        "measurement": wanted,
        "wordingVersion": VERSION,
        "language": context.language,
        "globalPrivacyControl": controlled(context),
    }
    outcome = await context.services.api.execute(
        Request(query=CHOOSE, variables={"input": choice_input}), grant_of(session, context.now)
    )
    if outcome.kind is not RequestOutcome.OK or "errors" in orjson.loads(outcome.body):
        raise StoreUnavailableError(OutageCause.DOWN)

"""The context of one request to a sign-in page: language, form, session, and helpers for the response."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.http.templates import page
from gateway.signin.frame.services import SignInServices
from gateway.signin.frame.shown import LanguageLink, PageNotice, Ways
from gateway.signin.frame.words import WORDS
from messages import dates
from messages.catalogue import languages
from messages.negotiation import chosen
from policy.platforms import DEFAULT, PLATFORMS
from resolvers.signin.sessions import Session
from resolvers.signins.secrets import new_secret
from resolvers.signins.signins import Visitor

LONGEST_FORM = 65_536
MOST_FIELDS = 40
LONGEST_ADDRESS = 4_096
KEPT = ("lang", "platform", "continue", "max_age")
"""The parameters that a page passes on to the next one."""
NO_STORE = {"cache-control": "no-store"}


@dataclass(slots=True)
class RequestContext:
    """The context of one request to a sign-in page."""

    services: SignInServices
    request: Request
    asked: Mapping[str, str]
    """The parameters of the query string."""
    form: Mapping[str, str]
    """The fields of the form; empty for a GET."""
    now: datetime
    form_token: str = field(default="", repr=False)
    new_token: bool = False
    readable: bool = True
    """True if this address answers a GET, so that links may lead to it."""

    @property
    def language(self) -> str:
        """The language of the page."""
        return chosen(self.value("lang"), self.request.headers.get("accept-language"))

    def say(self, key: str, **facts: object) -> str:
        """A sentence in that language."""
        return WORDS.say(self.language, key, **facts)

    def day(self, text: str) -> str:
        """The day of a moment that the API gave, in that language."""
        return dates.day(datetime.fromisoformat(text), self.language)

    def moment(self, text: str) -> str:
        """The day and time of such a moment."""
        return dates.moment(datetime.fromisoformat(text), self.language)

    def value(self, name: str) -> str | None:
        """A parameter of the form, or else of the query string."""
        return self.form.get(name) or self.asked.get(name) or None

    @property
    def platform(self) -> str:
        """The requested platform; the client area by default."""
        asked = self.value("platform")
        return asked if asked in PLATFORMS else DEFAULT

    @property
    def onward(self) -> str | None:
        """The address to continue at, if it is one of this gateway (an open redirect otherwise)."""
        return local(self.value("continue"))

    @property
    def visitor(self) -> Visitor:
        """The visitor of the connection."""
        return self.services.visitor(self.request)

    async def session(self, platform: str | None = None) -> Session | None:
        """The session of this browser; of several the one with the most recent authentication."""
        return await self.services.session(self.request, platform)

    def kept(self, **more: str | None) -> dict[str, str]:
        """The parameters that the next page gets from this one."""
        known = {name: self.value(name) for name in KEPT} | {"continue": self.onward} | more
        return {name: value for name, value in known.items() if value}

    def to(self, path: str, **more: str | None) -> str:
        """The address of another page, with the parameters of KEPT."""
        query = urlencode(self.kept(**more))
        return f"{path}?{query}" if query else path

    def page(self, name: str, *said: PageNotice, status: int = 200, **values: Any) -> Response:
        """The response of a page of `gateway/templates/signin`, below what was just said."""
        shared = {
            "say": self.say,
            "day": self.day,
            "moment": self.moment,
            "to": self.to,
            "site": self.services.means.site.name,
            "languages": self._languages(),
            "platform": self.platform,
            "form_token": self.form_token,
            "kept": self.kept(),
            "said": said,
        }
        return self.done(HTMLResponse(page(f"signin/{name}.html", self.language, **shared, **values), status, NO_STORE))

    def message(self, heading: str, *said: PageNotice, ways: Ways = (), status: int = 200) -> Response:
        """The response of a page that says how something went, and where to go on."""
        return self.page("message", *said, heading=self.say(heading), ways=ways, status=status)

    def way(self, words: str, address: str) -> tuple[str, str]:
        """A way to go on, in words of the page's language."""
        return self.say(words), address

    @property
    def here(self) -> str:
        """The address of this page, or of the page with its form."""
        return self.request.url.path if self.readable else "/security"

    def _languages(self) -> list[LanguageLink]:
        secret = self.value("t")
        others = (each for each in languages() if each != self.language)
        return [LanguageLink(each, dates.name_of(each), self.to(self.here, lang=each, t=secret)) for each in others]

    def go(self, address: str) -> Response:
        """Redirect with a GET (303, since the request may have been a POST)."""
        return self.done(RedirectResponse(address, 303, NO_STORE))

    def done(self, response: Response) -> Response:
        """The response, with the anti-CSRF cookie of its forms if the browser has none."""
        if self.new_token:
            self.services.cookies.give(response, self.services.cookies.form, self.form_token)
        return response


def local(address: str | None) -> str | None:
    """The address if it is a path of this gateway; None for any other, to prevent open redirects (RFC 9700 §4.11)."""
    if not address or len(address) > LONGEST_ADDRESS or not address.startswith("/"):
        return None
    # Browsers read `\` as `/` (WHATWG URL), so `/\evil.example` would leave this host like `//evil.example`.
    if address.startswith("//") or "\\" in address or not address.isprintable() or " " in address:
        return None
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc else None


def in_language(address: str, language: str | None) -> str:
    """A path of this gateway with the language of its page, unless it names one, or none was chosen."""
    parts = urlsplit(address)
    # Requests of clients are passed on as they are, and say `ui_locales` if they prefer a language.
    if not language or parts.path.startswith("/oauth/") or "lang=" in parts.query:
        return address
    query = "&".join(each for each in (parts.query, urlencode({"lang": language})) if each)
    return urlunsplit(parts._replace(query=query))


def genuine(request: Request, form: Mapping[str, str], cookie: str | None) -> bool:
    """True if a form was made for this browser, and sent from a page of ours (CSRF, G3).

    1. Browsers name the origin of a request in Sec-Fetch-Site; old ones send none. 2. The form repeats the secret of a
    cookie (double submit), which with `__Host-` no other site can read or set.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":  # 1
        return False
    sent = form.get("form", "")
    return cookie is not None and hmac.compare_digest(sent.encode(), cookie.encode())  # 2


def fields_of(text: bytes) -> dict[str, str]:
    """The fields of a form or query string, the first of several equal names; ValueError if it is malformed."""
    pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def begin(services: SignInServices, request: Request, form: Mapping[str, str], readable: bool = True) -> RequestContext:
    """The context of a request, with the browser's anti-CSRF token or a new one."""
    try:
        asked = fields_of(request.scope["query_string"][:LONGEST_FORM])
    except ValueError:
        asked = {}
    token = services.cookies.read(request, services.cookies.form)
    return RequestContext(
        services, request, asked, form, services.clock(), token or new_secret(), token is None, readable
    )

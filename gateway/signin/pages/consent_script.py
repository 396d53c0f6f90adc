"""`/consent.js`: the choice of cookies for the company's own web site (R28, R29; ePrivacy Art. 5(3))."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.http.pages import STATIC, language_of
from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.words import WORDS
from messages.catalogue import translate
from messages.message import marked
from policy.periods import Period
from policy.retention import RetentionRule
from policy.wordings import VERSION, wording

SOURCE: Final[Path] = STATIC / "consent.js"
PRIVACY, EDIT = marked("Privacy notice"), marked("Edit my choices")
SAID: Final = {
    "title": "cookies",
    "control": "cookies_control_site",
    "off": "cookies_off_site",
    "on": "cookies_on_site",
    "accept": "cookies_accept",
    "refuse": "cookies_refuse",
}
"""The words of the script, by those of the sign-in pages."""


def list_routes(settings: Settings) -> list[Route]:
    """The route, open to every site of the same domain: it has no personal data."""
    cookie = Cookies(settings.only_https, settings.site_domain)

    async def script(request: Request) -> Response:
        """The script in the language of `?lang=` or of the browser; it knows whether Sec-GPC was sent with it."""
        controlled = "1" in request.headers.getlist("sec-gpc")
        text = _script(cookie.choice, settings.site_domain, language_of(request), controlled)
        headers = {
            "cache-control": "no-cache",
            "vary": "accept-language, sec-gpc",
            # Pages of other hosts of the domain load it; those of other sites have no use for it.
            "cross-origin-resource-policy": "same-site",
        }
        return Response(text, media_type="text/javascript", headers=headers)

    return [Route("/consent.js", script, methods=["GET"])]


@lru_cache(maxsize=64)
def _script(name: str, domain: str, language: str, controlled: bool) -> str:
    """The source without its comments and indentation, and with its settings."""
    say = {key: WORDS.say(language, word) for key, word in SAID.items()}
    say |= {"privacy": translate(PRIVACY, language), "edit": translate(EDIT, language)}
    say["wording"] = wording("COOKIE_MEASUREMENT", language).text
    facts = {"name": name, "version": VERSION, "domain": domain, "days": _days(), "gpc": controlled}
    lines = (line.strip() for line in SOURCE.read_text(encoding="utf-8").splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("//"))
    # `<` would let a page that inlines the script be ended by a word of it.
    inserted = orjson.dumps(facts | {"language": language, "say": say}).decode().replace("<", "\\u003c")
    return code.replace("'SETTINGS'", inserted)


def _days() -> int:
    # A script has no calendar: it counts a month as 30 days, and so asks again a few days earlier at most.
    period = Period.parse(RetentionRule.COOKIE_CHOICE.period or "P6M")
    return 30 * period.months + period.days

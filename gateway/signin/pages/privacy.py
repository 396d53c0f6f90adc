"""`/privacy`: the privacy notice in force, as it was released; before the first release, a marked draft."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from audits.forms.forms import FORMS
from audits.forms.html_form import content_security_policy
from audits.papers import issued
from audits.papers.check import require_released
from audits.papers.drafts import NOTICE, Stamp, notice_draft
from audits.papers.registers import registers_of
from audits.papers.texts import NoticeTexts
from audits.schema.sources import UnreadableError
from gateway.addresses.below import addressed
from gateway.config.periods import operator_periods
from gateway.config.settings import Settings
from gateway.http.negotiation import Media, answer_media
from messages.catalogue import SOURCE, translate
from messages.message import Message, marked
from messages.negotiation import chosen
from schema.api.build import own_model
from schema.audits.printed import own_facts
from store.sql.reading import Reader

log = logging.getLogger("gateway")

KEPT_SECONDS = 60.0
"""Seconds for which a replica caches the page or its absence; a version that begins at midnight appears within them."""

NOT_SHOWN = marked(
    "The privacy notice cannot be shown at the moment, because what we have stored is not what we released. What we"
    " released still holds."
)
WRITE = marked("Until then you get it from us: {address}")
"""With the address of the settings: the one in the stored notice may be forged, too."""
WITHOUT_ADDRESS = marked("Until then you get it from us: the address is on our invoices.")


@dataclass(frozen=True, slots=True)
class _Page:
    language: str
    text: str


class NoticePage:
    """Serves the privacy notice in each language."""

    def __init__(self, main: Reader, ledger: Reader, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._reader, self._ledger, self._settings, self._clock = main, ledger, settings, clock
        self._kept: dict[tuple[str, str], tuple[float, _Page | None]] = {}
        self._one_reads = asyncio.Lock()

    async def __call__(self, request: Request) -> Response:
        """The released file, under a Content-Security-Policy that lets it load nothing.

        503 with a sentence and our address while the stored file differs from what was released.
        """
        language = chosen(request.query_params.get("lang"), request.headers.get("accept-language"))
        headers = {
            "content-security-policy": f"{content_security_policy()}; frame-ancestors 'none'",
            "content-language": language,
            "cache-control": "no-cache",
            "vary": "accept, accept-language",
        }
        form = _form(request)
        page = await self._page(language, form)
        if page is not None:
            media = "application/json" if form == "json" else "text/html"
            text = page.text if form == "json" else addressed(page.text)
            return Response(text, media_type=media, headers=headers | {"content-language": page.language})
        own = self._settings.smtp_from
        said = (NOT_SHOWN, Message(WRITE, address=own) if own else WITHOUT_ADDRESS)
        text = " ".join(translate(each, language) for each in said)
        return PlainTextResponse(f"{text}\n", 503, headers | {"retry-after": f"{KEPT_SECONDS:.0f}"})

    async def _page(self, language: str, form: str) -> _Page | None:
        async with self._one_reads:  # The others wait for what it finds, instead of hashing every form as well.
            until, page = self._kept.get((language, form), (0.0, None))
            if time.monotonic() >= until:
                page = await self._released(language, form)
                self._kept[language, form] = (time.monotonic() + KEPT_SECONDS, page)
            return page

    async def _released(self, language: str, form: str) -> _Page | None:
        try:
            return await self._read(language, form)
        except UnreadableError as error:
            log.error("the privacy notice is not as it was released: `gateway audit papers`", extra={"why": str(error)})
            return None

    async def _read(self, language: str, form: str) -> _Page:
        await require_released(self._reader, self._ledger, NOTICE)
        day = self._clock().astimezone(self._settings.time_zone).date()
        held = await issued.in_force(self._reader, NOTICE, day)
        if held is not None:
            forms = await issued.forms_of(self._reader, held)
            spoken = language if (language, form) in forms else SOURCE  # A language may be newer than the notice.
            return _Page(spoken, await issued.form_of(self._reader, held, spoken, form))
        registers = await registers_of(self._reader, operator_periods(self._settings))

        def drafted() -> str:
            report = notice_draft(own_facts(own_model()), registers, None).reports[language]
            # Without the controller's file its name is not known, and the site's is what customers know it by.
            title = NoticeTexts(language).prose("title", name=self._settings.site_name)
            return FORMS[form](Stamp(0, day, day).put(replace(report, title=title)))

        return _Page(language, await asyncio.to_thread(drafted))


def _form(request: Request) -> str:
    """`json` for whoever prefers it to a page, or asks for it in the address; `html` otherwise."""
    asked = request.query_params.get("form", "")
    if asked in ("html", "json"):
        return asked
    accept = request.headers.get("accept", "")
    # Whoever takes anything, and every browser, gets the page.
    named = answer_media(accept.encode("latin-1"), True) if "json" in accept else Media.HTML
    return "html" if named is Media.HTML else "json"


def list_routes(main: Reader, ledger: Reader, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """The route, open to everybody (GDPR Art. 12(1))."""
    return [Route("/privacy", NoticePage(main, ledger, settings, clock).__call__, methods=["GET"])]

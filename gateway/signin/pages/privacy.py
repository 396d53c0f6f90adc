"""`/privacy`: the privacy notice in force, as it was released; before the first release, a marked draft."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from audits.forms.forms import FORMS
from audits.forms.html_form import content_security_policy
from audits.papers import issued
from audits.papers.check import require_released
from audits.papers.drafts import NOTICE, Stamp, notice_draft
from audits.papers.registers import registers_of
from audits.schema.sources import UnreadableError
from gateway.config.periods import operator_periods
from gateway.config.settings import Settings
from gateway.signin.frame.words import chosen
from schema.audits.printed import own_facts
from store.sql.reading import Reader

log = logging.getLogger("gateway")

KEPT_SECONDS = 60.0
"""Seconds for which a replica caches the page or its absence; a version that begins at midnight appears within them."""

NOT_SHOWN = {
    "en": "The privacy notice cannot be shown at the moment, because what we have stored is not what we released. What"
    " we released still holds. ",
    "fr": "La déclaration de confidentialité ne peut pas être affichée pour le moment, car ce qui est enregistré n'est"
    " pas ce que nous avons publié. Ce que nous avons publié reste valable. ",
}
WRITE = {
    "en": ("Until then you get it from us: {}", "Until then you get it from us: the address is on our invoices."),
    "fr": ("D'ici là, nous vous l'envoyons : {}", "D'ici là, nous vous l'envoyons : l'adresse est sur nos factures."),
}
"""With our address, and without one. It comes from the settings: the one in a tampered notice may be forged, too."""


class NoticePage:
    """Serves the privacy notice in each language."""

    def __init__(self, main: Reader, ledger: Reader, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._reader, self._ledger, self._settings, self._clock = main, ledger, settings, clock
        self._kept: dict[str, tuple[float, str | None]] = {}
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
            "vary": "accept-language",
        }
        page = await self._page(language)
        if page is not None:
            return HTMLResponse(page, headers=headers)
        with_address, without = WRITE[language]
        own = self._settings.smtp_from
        write = with_address.format(own) if own else without
        again = {"retry-after": f"{KEPT_SECONDS:.0f}"}
        return PlainTextResponse(f"{NOT_SHOWN[language]}{write}\n", 503, headers | again)

    async def _page(self, language: str) -> str | None:
        async with self._one_reads:  # One request reads and hashes the files; the others wait for its result (G14).
            until, text = self._kept.get(language, (0.0, None))
            if time.monotonic() >= until:
                text = await self._released(language)
                self._kept[language] = (time.monotonic() + KEPT_SECONDS, text)
            return text

    async def _released(self, language: str) -> str | None:
        try:
            return await self._read(language)
        except UnreadableError as error:
            log.error("the privacy notice is not as it was released: `gateway audit papers`", extra={"why": str(error)})
            return None

    async def _read(self, language: str) -> str:
        await require_released(self._reader, self._ledger, NOTICE)
        day = self._clock().astimezone(self._settings.time_zone).date()
        held = await issued.in_force(self._reader, NOTICE, day)
        if held is not None:
            return await issued.form_of(self._reader, held, language, "html")
        registers = await registers_of(self._reader, operator_periods(self._settings))

        def drafted() -> str:
            report = notice_draft(own_facts(), registers, None).reports[language]
            return FORMS["html"](Stamp(0, day, day).put(report))

        return await asyncio.to_thread(drafted)  # It takes long enough to delay other requests on the event loop.


def list_routes(main: Reader, ledger: Reader, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """The route, open to everybody (GDPR Art. 12(1))."""
    return [Route("/privacy", NoticePage(main, ledger, settings, clock).__call__, methods=["GET"])]

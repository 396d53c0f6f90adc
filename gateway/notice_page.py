"""`/privacy`: the notice that holds today, as it was released; before the first release, a draft that says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from audits import issued
from audits.drafts import NOTICE, Stamp, notice_draft
from audits.forms import FORMS
from audits.html_form import content_security_policy
from audits.registers import registers_of
from gateway.periods import operator_periods
from gateway.settings import Settings
from gateway.signin.words import chosen
from schema.printed import own_facts
from store.reading import Reader

KEPT_SECONDS = 60.0
"""How long a replica shows what it has read; a version that begins at midnight is seen a minute later at most."""


class NoticePage:
    """The page in each language."""

    def __init__(self, reader: Reader, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._reader, self._settings, self._clock = reader, settings, clock
        self._kept: dict[str, tuple[float, str]] = {}

    async def __call__(self, request: Request) -> Response:
        """The file that was released, under the policy of a report: it shows itself, and loads nothing."""
        language = chosen(request.query_params.get("lang"), request.headers.get("accept-language"))
        headers = {
            "content-security-policy": f"{content_security_policy()}; frame-ancestors 'none'",
            "content-language": language,
            "cache-control": "no-cache",
            "vary": "accept-language",
        }
        return HTMLResponse(await self._page(language), headers=headers)

    async def _page(self, language: str) -> str:
        until, text = self._kept.get(language, (0.0, ""))
        if time.monotonic() >= until:
            text = await self._read(language)
            self._kept[language] = (time.monotonic() + KEPT_SECONDS, text)
        return text

    async def _read(self, language: str) -> str:
        day = self._clock().astimezone(self._settings.time_zone).date()
        held = await issued.in_force(self._reader, NOTICE, day)
        if held is not None:
            return await issued.form_of(self._reader, held, language, "html")
        registers = await registers_of(self._reader, operator_periods(self._settings))

        def drafted() -> str:
            report = notice_draft(own_facts(), registers, None).reports[language]
            return FORMS["html"](Stamp(0, day, day).put(report))

        return await asyncio.to_thread(drafted)


def list_routes(reader: Reader, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """The address, open to everybody (GDPR Art. 12(1))."""
    return [Route("/privacy", NoticePage(reader, settings, clock).__call__, methods=["GET"])]

"""`/words/{part}`: what the scripts of a page say, in the reader's language, from the one catalogue."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.problems import ProblemError
from messages import dates
from messages.addressed import to_you
from messages.catalogue import SOURCE, languages, shipped, translate, unfilled
from messages.message import Message
from messages.negotiation import chosen
from policy.purposes import Purpose

STATIC = Path(__file__).parents[1] / "static"
PARTS: Final = ("area", "audit")
COUNTS: Final = (*range(201), 1_000, 1_000_000)
"""Whole numbers among which each of a language's plural categories has one."""


async def words(request: Request) -> Response:
    """The words as JSON; 304 to whoever has them. ProblemError 404 for a page that has none."""
    part = request.path_params["part"]
    if part not in PARTS:
        raise ProblemError(404, "NOT_FOUND", "There is nothing at this address.")
    body, tag = _words(part, chosen(request.query_params.get("lang"), request.headers.get("accept-language")))
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-language"}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def has_tag(header: str, tag: str) -> bool:
    """Whether an If-None-Match names this tag, by the weak comparison (RFC 9110 §13.1.2)."""
    return tag in (each.strip().removeprefix("W/") for each in header.split(","))


@lru_cache(maxsize=64)
def _words(part: str, language: str) -> tuple[bytes, str]:
    table = json.loads((STATIC / part / "words.json").read_text(encoding="utf-8"))
    body = orjson.dumps(
        {
            "language": language,
            "direction": dates.direction(language),
            "languages": {each: dates.name_of(each) for each in languages()},
            "graphql": language if language in shipped() else SOURCE,
            "texts": {name: _said(text, language) for name, text in table.items()} | _reasons(part, language),
        }
    )
    return body, f'"{sha256(body).hexdigest()[:32]}"'


def _reasons(part: str, language: str) -> dict[str, str]:
    """The meaning of each purpose to the person, for the client area: `for_INVOICING`."""
    if part != "area":
        return {}
    return {f"for_{each.name}": translate(Message(to_you(each)), language) for each in Purpose}


def _said(text: str | dict[str, str], language: str) -> str | dict[str, str]:
    """A text, or one for each of the plural categories that `Intl.PluralRules` names (CLDR)."""
    if isinstance(text, str):
        return unfilled(Message(text), language)
    if "context" in text:
        return unfilled(Message(text["text"], None, text["context"]), language)
    rule: Any = dates.locale_of(language).plural_form
    first: dict[str, int] = {}
    for count in COUNTS:
        first.setdefault(rule(count), count)
    forms = {name: Message(text["one"], text["other"], None, count=count) for name, count in first.items()}
    return {name: unfilled(message, language) for name, message in forms.items()}


def list_routes() -> list[Route]:
    """The address, open to everybody: it has no personal data."""
    return [Route("/words/{part}", words, methods=["GET"])]

"""`/address-forms` and `/address-forms/{country}`: countries by name, and the form of their addresses."""

from __future__ import annotations

from functools import lru_cache

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.problems import ProblemError
from messages import dates
from messages.catalogue import translate
from messages.message import Message
from messages.negotiation import chosen
from values.address_form import address_form_of
from values.country import COUNTRIES

KEEP = {"cache-control": "public, max-age=3600", "vary": "accept-language"}


async def countries(request: Request) -> Response:
    """The codes and names of all countries, in the reader's language and in no order."""
    return Response(_countries(_language(request)), media_type="application/json", headers=KEEP)


async def form(request: Request) -> Response:
    """The form of one country; ProblemError 404 for a code that is none."""
    country = request.path_params["country"]
    if country not in COUNTRIES:
        raise ProblemError(404, "NOT_FOUND", "There is nothing at this address.")
    return Response(_form(country, _language(request)), media_type="application/json", headers=KEEP)


def _language(request: Request) -> str:
    return chosen(request.query_params.get("lang"), request.headers.get("accept-language"))


@lru_cache(maxsize=16)
def _countries(language: str) -> bytes:
    return orjson.dumps([[code, dates.country(code, language)] for code in COUNTRIES])


@lru_cache(maxsize=256)
def _form(country: str, language: str) -> bytes:
    found = address_form_of(country)
    return orjson.dumps(
        {
            "rows": found.rows,
            "required": sorted(found.required),
            "unusual": sorted(found.unusual),
            "labels": {part: translate(Message(str(text)), language) for part, text in found.labels.items()},
            "regions": found.regions,
            "postalCode": found.postal_code,
            "telephone": found.telephone,
        }
    )


def list_routes() -> list[Route]:
    """Both addresses, open to everybody: they have no personal data."""
    return [
        Route("/address-forms", countries, methods=["GET"]),
        Route("/address-forms/{country}", form, methods=["GET"]),
    ]

"""`/rdap/domain/{name}`: the published registration data of a domain, as RDAP over HTTP (RFC 7480, RFC 9082, RFC 9083).

It reads through the API for DOMAIN_REGISTRATION, like the registrar's own tool: hidden data is not read, and accesses
are in the ledger, as sums, since requests are anonymous. Each network is rate limited (G14).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import Any

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from gateway.access.rate_limits import RateLimit
from gateway.api.graphql_http import GraphQLApi
from gateway.api.rdap_profile import MEDIA, help_notices, with_registrar
from gateway.config.registrar import Registrar
from policy.grant import Grant, internal_grant
from policy.purposes import Purpose
from policy.registries import is_generic
from resolvers.domains.rdap import CONFORMANCE
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError
from values.domain_name import DomainNameError, to_ascii

CLIENT = "rdap"
BASE = "/rdap/"
PATH = f"{BASE}domain/"
OBJECTS = ("ip", "autnum", "nameserver", "entity")
SEARCHES = ("domains", "nameservers", "entities")
"""Queries of RFC 9082 that are not answered here: only domains by name are held."""
HEADERS = {"access-control-allow-origin": "*", "cache-control": "no-store"}
"""CORS for any origin (RFC 7480 §5.6). Not cached: what is published today may be hidden tomorrow."""

SLOWER = "Ask again after the time of Retry-After."
QUESTION = "query Rdap($domain: String!) { rdap(domain: $domain) }"


class Rdap:
    """Answers RDAP queries for domains that are registered here."""

    def __init__(
        self,
        api: GraphQLApi,
        clock: Callable[[], datetime],
        origin: str,
        limit: RateLimit,
        registrar: Registrar | None = None,
    ) -> None:
        self._api, self._clock, self._origin, self._limit = api, clock, origin, limit
        self._registrar = registrar

    async def domain(self, request: HttpRequest) -> Response:
        """The domain object, or an RDAP error response (RFC 9083 §6)."""
        if wait := self._limit.wait(request):
            return failed(429, "Too many requests", SLOWER, {"retry-after": str(ceil(wait))})
        try:
            name = to_ascii(request.path_params["name"])
        except DomainNameError as error:
            return failed(400, "Not a domain name", str(error))  # Its texts are fixed, and quote nothing.
        try:
            found = await self._found(name)
        except StoreUnavailableError as outage:
            return failed(503, "Not available", outage.reason, {"retry-after": str(outage.retry_after)})
        if found is None:
            return failed(404, "No such domain", "No domain of this name is registered here.")
        itself = f"{self._origin}{PATH}{found['ldhName']}"
        if self._registrar is not None and is_generic(found["ldhName"]):
            asked = f"{self._origin}{request.url.path}"
            found = with_registrar(found, self._registrar, asked, f"{self._origin}{BASE}", self._clock())
        return said(200, {**found, "links": [{"value": itself, "rel": "self", "href": itself, "type": MEDIA}]})

    async def help(self, request: HttpRequest) -> Response:
        """The queries that are answered, and the terms (RFC 9082, section 3.1.6)."""
        notices = help_notices(self._registrar, f"{self._origin}{request.url.path}")
        return said(200, {"rdapConformance": CONFORMANCE[:1], "notices": notices})

    async def unsupported(self, request: HttpRequest) -> Response:
        """The answer to a query of the standard that is not supported (RFC 9082, section 1)."""
        return failed(501, "Not implemented", "Only domains are answered, by name: /rdap/domain/{name}.")

    async def unknown(self, request: HttpRequest) -> Response:
        """The answer to an address that is no query of the standard."""
        return failed(400, "Not an RDAP query", "Ask /rdap/domain/{name}; /rdap/help names what is answered.")

    async def _found(self, name: str) -> Mapping[str, Any] | None:
        question = Request(query=QUESTION, variables={"domain": name}, read_only=True)
        outcome = await self._api.execute(question, self._grant())
        if outcome.kind is not RequestOutcome.OK:
            raise StoreUnavailableError(OutageCause.DOWN)
        found: Mapping[str, Any] | None = orjson.loads(outcome.body)["data"]["rdap"]
        return found

    def _grant(self) -> Grant:
        until = int(self._clock().timestamp()) + 60  # A grant for this one request needs no longer life.
        # Recorded as a sum: an entry for each anonymous request would be a durable write (G14, F1).
        return internal_grant(CLIENT, until, Purpose.DOMAIN_REGISTRATION, summed=True)


def failed(status: int, title: str, why: str, more: Mapping[str, str] | None = None) -> Response:
    """An RDAP error response."""
    content = {"rdapConformance": CONFORMANCE[:1], "errorCode": status, "title": title, "description": [why]}
    return said(status, content, more)


def said(status: int, content: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Response:
    """A response of the RDAP media type."""
    return Response(orjson.dumps(content), status, {**HEADERS, **(more or {})}, MEDIA)


def list_routes(
    api: GraphQLApi,
    clock: Callable[[], datetime],
    origin: str,
    limit: RateLimit | None = None,
    registrar: Registrar | None = None,
) -> list[Route]:
    """The routes; `origin` is the public base address for links (RFC 9083 §4.2), `registrar` is named for generic
    top-level domains."""
    rdap = Rdap(api, clock, origin, limit or RateLimit(0), registrar)
    return [
        Route(PATH + "{name}", rdap.domain, methods=["GET"]),
        Route(f"{BASE}help", rdap.help, methods=["GET"]),
        *(Route(f"{BASE}{each}/{{rest:path}}", rdap.unsupported, methods=["GET"]) for each in OBJECTS),
        *(Route(f"{BASE}{each}", rdap.unsupported, methods=["GET"]) for each in SEARCHES),
        Route(BASE + "{rest:path}", rdap.unknown, methods=["GET"]),
    ]

"""The ASGI application: all routes, and the middleware around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.acting_persons import ActingPersons
from gateway.access.authenticator import Authenticator
from gateway.access.rate_limits import RateLimit
from gateway.addresses.below import Below, below
from gateway.api import address_forms, transparency
from gateway.api.developing import developers
from gateway.api.dry_run import DryRunEndpoint
from gateway.api.graphql_http import GraphQLApi, GraphQLEndpoint, ServedApi
from gateway.api.public_documents import PublicDocuments
from gateway.api.purpose_map import purpose_map
from gateway.api.schema_document import SchemaDocument
from gateway.config.settings import Settings
from gateway.http import brand, pages, problems, words
from gateway.http.client_address import client_address, network_of
from gateway.http.concurrency import ConcurrencyLimiter, ConcurrencyLimits
from gateway.http.cors import CrossOrigin, Origins
from gateway.http.credentials import presented
from gateway.http.hosts import Hosts, names_of
from gateway.http.latencies import Latencies
from gateway.http.middleware import LastResort, Limited, Observe, Observed, SecurityHeaders, Withheld, log_request
from gateway.http.pages import PROFILE, page_documents
from gateway.http.rate_limit_fields import RateLimitFields
from gateway.http.unfinished import UnfinishedBodies
from gateway.run.request_ids import RequestIds
from gateway.tokens.signing_keys import SigningKeys
from policy.rules import Rule
from resolvers.reads.metering import RemainingBudget
from store.sql.errors import StoreUnavailableError
from store.sql.reading import Reader


async def no_origins() -> frozenset[str]:
    """No page of another origin."""
    return frozenset()


@dataclass(frozen=True)
class Parts:
    """The dependencies of the application; `gateway serve` makes them from the settings, tests bring their own."""

    settings: Settings
    api: GraphQLApi
    authenticator: Authenticator
    persons: ActingPersons
    keys: SigningKeys
    budgets: RemainingBudget
    """The budgets that responses tell."""
    ready: Callable[[], Awaitable[Any]]
    """Returns if the store can answer; StoreUnavailableError otherwise."""
    rules: Mapping[str, Rule]
    """The rules of the schema's fields; shown to clients that may introspect."""
    demo_tokens: Callable[[], Awaitable[list[dict[str, str]]]] | None = None
    """Lists the demo's tokens; None outside the demo, where the route does not exist."""
    routes: Sequence[Route] = ()
    """Further routes, such as the authorization server's."""
    agents: Callable[[ConcurrencyLimiter], Sequence[Route]] = lambda _: ()
    """The routes of agents, whose requests take slots of the same limiter."""
    ledger: Reader | None = None
    """A reader of the ledger for its proofs; None: those routes do not exist."""
    origins: Origins = no_origins
    """Gives the origins that clients are registered with (CORS)."""
    latencies: CollectorRegistry | None = None
    """Takes the durations of requests for `/metrics`; None: nobody may see metrics, and none are taken."""
    traced: Callable[[ASGIApp, Collection[str]], ASGIApp] | None = None
    """Puts a span around each request; None: no traces are made."""
    withheld: Callable[[], StoreUnavailableError | None] = lambda: None
    """Gives the reason for withholding all data, or None (D13)."""


def build(parts: Parts) -> ASGIApp:
    """The application with its middleware."""
    settings = parts.settings
    limiter = ConcurrencyLimiter(
        ConcurrencyLimits(settings.max_requests, settings.max_client_requests, settings.max_customer_requests)
    )
    unfinished = UnfinishedBodies(settings.max_bodies, settings.max_network_bodies, settings.max_bodies_bytes)
    with below(settings.path):  # Some pages are made once.
        routes = list_routes(parts, limiter)
    app: ASGIApp = Router(routes=routes, default=_not_found, redirect_slashes=False)

    # Innermost first: a request passes these from the last to the first. The order matters: SecurityHeaders covers
    # every refusal below it, LastResort turns exceptions into responses, and a foreign Host takes no slot.
    app = CrossOrigin(app, parts.origins)
    app = Withheld(app, parts.withheld)
    app = Limited(app, limiter, unfinished, partial(_network, settings))
    app = Hosts(app, names_of(settings.public_url, settings.hosts), any_address=settings.demo)
    app = LastResort(app, pages.ProblemPage(settings.site_name))
    app = SecurityHeaders(app, only_https=settings.only_https)
    observers: list[Observe] = [] if parts.latencies is None else [Latencies(parts.latencies).observe]
    observers += [log_request] if settings.access_log else []
    paths = frozenset(route.path for route in routes)
    if observers:
        app = Observed(app, paths, observers)
    if parts.traced is not None:
        app = parts.traced(app, paths)
    app = RequestIds(app, settings.proxies)
    return Below(app, settings.path) if settings.path else app


def list_routes(parts: Parts, limiter: ConcurrencyLimiter) -> list[Route | Mount]:
    """All routes of the gateway."""
    page = pages.GraphiQL(parts.settings) if parts.settings.graphiql else None
    served = ServedApi(
        parts.api, parts.authenticator, limiter, RateLimitFields(parts.budgets), parts.settings, parts.persons
    )
    routes: list[Route | Mount] = [
        Route("/graphql", GraphQLEndpoint(served, page, _public(parts))),
        Route("/graphql/dry-run", DryRunEndpoint(served)),
        Route("/schema.graphql", SchemaDocument(parts.authenticator)),
        Route("/graphql/purposes", Purposes(purpose_map(parts.rules), parts.authenticator)),
        Route("/", pages.ClientArea(parts.settings)),
        Route("/healthz", StaticRoute(JSONResponse({"status": "alive"}, headers=pages.NO_STORE))),
        Route("/readyz", ReadOnlyRoute(readiness(parts.ready))),
        Route("/.well-known/jwks.json", ReadOnlyRoute(key_set(parts.keys))),
        Route(f"/static/area/documents/{PROFILE}.graphql", StaticRoute(profile_document())),
        Mount("/static", GZipMiddleware(Files(directory=pages.STATIC), minimum_size=1_000)),
    ]
    routes += [*words.list_routes(), *brand.list_routes(parts.settings), *address_forms.list_routes()]
    if parts.settings.developers:
        routes.append(Route("/developers", StaticRoute(developers(parts.settings))))
    routes += [*parts.routes, *parts.agents(limiter)]
    if parts.ledger is not None:
        routes += transparency.list_routes(parts.ledger)
    if parts.demo_tokens is not None:
        routes.append(Route("/demo/tokens", ReadOnlyRoute(listed(parts.demo_tokens))))
        routes.append(Route("/tour", StaticRoute(pages.walkthrough(parts.settings))))
    return routes


def _public(parts: Parts) -> PublicDocuments:
    settings = parts.settings
    limit = RateLimit(settings.rdap_per_minute, settings.proxies, settings.proxy_header)
    return PublicDocuments(parts.api, lambda: datetime.now(UTC), limit)


def profile_document() -> Response:
    """The one document of the client area that is no file as it stands."""
    return PlainTextResponse(page_documents()[PROFILE], headers={"cache-control": "no-cache"})


class ReadOnlyRoute:
    """A route for GET whose response is made for each request."""

    def __init__(self, respond: Callable[[], Awaitable[Response]]) -> None:
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD; Problem 405 for other methods."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        response = await self._respond()
        await response(scope, receive, send)


class StaticRoute(ReadOnlyRoute):
    """A route for GET whose response never changes."""

    def __init__(self, response: Response) -> None:
        async def same() -> Response:
            return response

        super().__init__(same)


class Files(StaticFiles):
    """Our own scripts and styles, revalidated at each use, so that a page never gets those of an earlier release."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """The file, with `Cache-Control: no-cache`."""
        response = super().file_response(*args, **options)
        response.headers["cache-control"] = "no-cache"
        return response


class Purposes:
    """Serves the purposes of each field to tokens that may introspect, like the schema itself (G5)."""

    def __init__(self, content: bytes, authenticator: Authenticator) -> None:
        self._response = Response(content, media_type="application/json", headers=pages.NO_STORE)
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; TokenError or Problem 401 without a valid token, 403 without introspection."""
        grant = await self._authenticator.authenticate(*presented(scope, dict(scope["headers"])))
        if not grant.introspection:
            raise problems.ProblemError(
                403, "INTROSPECTION_DISABLED", "This client is not registered for introspection."
            )
        await self._response(scope, receive, send)


def readiness(ready: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Response]]:
    """The readiness probe: 200, or 503 while the store cannot answer."""

    async def respond() -> Response:
        await ready()
        return JSONResponse({"status": "ready"}, headers=pages.NO_STORE)

    return respond


def key_set(keys: SigningKeys) -> Callable[[], Awaitable[Response]]:
    """The public keys of access tokens (JWKS, RFC 7517)."""

    async def respond() -> Response:
        content = orjson.dumps(await keys.public())
        return Response(content, media_type="application/jwk-set+json", headers={"cache-control": "max-age=60"})

    return respond


def listed(tokens: Callable[[], Awaitable[list[dict[str, str]]]]) -> Callable[[], Awaitable[Response]]:
    """The demo's tokens as JSON, for the GraphiQL page."""

    async def respond() -> Response:
        return JSONResponse({"tokens": await tokens()}, headers=pages.NO_STORE)

    return respond


def _network(settings: Settings, scope: Scope) -> str:
    return network_of(client_address(scope, settings.proxies, settings.proxy_header))


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    raise problems.ProblemError(404, "NOT_FOUND", "There is nothing at this address.")

"""The ASGI application: every address, and the layers around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.authenticator import Authenticator
from gateway.api import transparency
from gateway.api.graphql_http import GraphQLApi, GraphQLEndpoint
from gateway.api.purpose_map import purpose_map
from gateway.config.settings import Settings
from gateway.http import pages, problems, words
from gateway.http.client_address import client_address, network_of
from gateway.http.concurrency import ConcurrencyLimiter, Room
from gateway.http.credentials import presented
from gateway.http.hosts import Hosts, names_of
from gateway.http.middleware import AccessLog, LastResort, Limited, SecurityHeaders, Withheld
from gateway.http.unfinished import UnfinishedBodies
from gateway.tokens.signing_keys import SigningKeys
from policy.rules import Rule
from store.sql.errors import StoreUnavailableError
from store.sql.reading import Reader


@dataclass(frozen=True)
class Parts:
    """What the application is made of; `serving.py` puts them together, tests may bring their own."""

    settings: Settings
    api: GraphQLApi
    door: Authenticator
    keys: SigningKeys
    ready: Callable[[], Awaitable[Any]]
    """Returns while the store can answer; StoreUnavailableError when it cannot."""
    rules: Mapping[str, Rule]
    """What the schema declares of each field; shown to those who may introspect."""
    demo_tokens: Callable[[], Awaitable[list[dict[str, str]]]] | None = None
    """The demo's tokens; None outside the demo, and then their address does not exist."""
    routes: Sequence[Route] = ()
    """The addresses of rooms of their own, such as the authorization server."""
    ledger: Reader | None = None
    """What proofs of the ledger are made from; None: their addresses do not exist."""
    withheld: Callable[[], StoreUnavailableError | None] = lambda: None
    """Why nothing may be answered, though it could be; None as long as all is well."""


def build(parts: Parts) -> ASGIApp:
    """The application, its layers around it."""
    settings = parts.settings
    crowd = ConcurrencyLimiter(
        Room(settings.max_requests, settings.max_client_requests, settings.max_customer_requests)
    )
    unfinished = UnfinishedBodies(settings.max_bodies, settings.max_network_bodies, settings.max_bodies_bytes)
    routes = list_routes(parts, crowd)
    app: ASGIApp = Router(routes=routes, default=_not_found, redirect_slashes=False)

    # The onion, innermost first: a request passes these from the last to the first.
    app = Withheld(app, parts.withheld)
    app = Limited(app, crowd, unfinished, partial(_network, settings))
    app = Hosts(app, names_of(settings.public_url, settings.hosts), any_address=settings.demo)
    app = LastResort(app)
    app = SecurityHeaders(app, only_https=settings.only_https)
    if parts.settings.access_log:
        app = AccessLog(app, frozenset(route.path for route in routes))
    return app


def list_routes(parts: Parts, crowd: ConcurrencyLimiter) -> list[Route | Mount]:
    """Every address of the gateway."""
    page = pages.GraphiQL(parts.settings) if parts.settings.graphiql else None
    routes: list[Route | Mount] = [
        Route("/graphql", GraphQLEndpoint(parts.api, parts.door, crowd, parts.settings, page)),
        Route("/graphql/purposes", Purposes(purpose_map(parts.rules), parts.door)),
        Route("/", StaticRoute(pages.client_area())),
        Route("/developers", StaticRoute(pages.landing(parts.settings))),
        Route("/audit", StaticRoute(pages.data_map(parts.settings))),
        Route("/healthz", StaticRoute(JSONResponse({"status": "alive"}, headers=pages.NO_STORE))),
        Route("/readyz", ReadOnlyRoute(readiness(parts.ready))),
        Route("/.well-known/jwks.json", ReadOnlyRoute(key_set(parts.keys))),
        Mount("/static", Files(directory=pages.STATIC)),
    ]
    routes += words.list_routes()
    routes += parts.routes
    if parts.ledger is not None:
        routes += transparency.list_routes(parts.ledger)
    if parts.demo_tokens is not None:
        routes.append(Route("/demo/tokens", ReadOnlyRoute(listed(parts.demo_tokens))))
    return routes


class ReadOnlyRoute:
    """An address that is only read: its response is made for each request."""

    def __init__(self, respond: Callable[[], Awaitable[Response]]) -> None:
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD; Problem 405 for any other method."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        response = await self._respond()
        await response(scope, receive, send)


class StaticRoute(ReadOnlyRoute):
    """An address whose response never changes."""

    def __init__(self, response: Response) -> None:
        async def same() -> Response:
            return response

        super().__init__(same)


class Files(StaticFiles):
    """Our own scripts and styles; browsers ask each time whether theirs are still the ones of this release."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """The file, with a rule for caches."""
        response = super().file_response(*args, **options)
        response.headers["cache-control"] = "no-cache"
        return response


class Purposes:
    """What each field may be read for; for tokens that may introspect, as the schema is (G5)."""

    def __init__(self, content: bytes, door: Authenticator) -> None:
        self._response = Response(content, media_type="application/json", headers=pages.NO_STORE)
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET; Problem 401 or 403 for who may not know."""
        grant = await self._door.admit(*presented(scope, dict(scope["headers"])))
        if not grant.introspection:
            raise problems.ProblemError(
                403, "INTROSPECTION_DISABLED", "This client is not registered for introspection."
            )
        await self._response(scope, receive, send)


def readiness(ready: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Response]]:
    """Whether requests should be sent here: 200, or 503 while the store cannot answer."""

    async def respond() -> Response:
        await ready()
        return JSONResponse({"status": "ready"}, headers=pages.NO_STORE)

    return respond


def key_set(keys: SigningKeys) -> Callable[[], Awaitable[Response]]:
    """The public keys that access tokens verify with (RFC 7517)."""

    async def respond() -> Response:
        content = orjson.dumps(await keys.public())
        return Response(content, media_type="application/jwk-set+json", headers={"cache-control": "max-age=60"})

    return respond


def listed(tokens: Callable[[], Awaitable[list[dict[str, str]]]]) -> Callable[[], Awaitable[Response]]:
    """The tokens of the demo, for the box of the GraphiQL page."""

    async def respond() -> Response:
        return JSONResponse({"tokens": await tokens()}, headers=pages.NO_STORE)

    return respond


def _network(settings: Settings, scope: Scope) -> str:
    return network_of(client_address(scope, settings.proxies, settings.proxy_header))


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    raise problems.ProblemError(404, "NOT_FOUND", "There is nothing at this address.")

"""The authorization server put together, and every address it has."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.http import problems
from gateway.oauth.assertions import Assertions
from gateway.oauth.authentication import ClientAuthentication
from gateway.oauth.endpoints.authorize import Authorization
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.oauth.endpoints.introspection import IntrospectionEndpoint, RevocationEndpoint
from gateway.oauth.endpoints.metadata import RESOURCE, SERVER, resource_metadata, server_metadata
from gateway.oauth.endpoints.pushed import PushEndpoint
from gateway.oauth.endpoints.token import TokenEndpoint
from gateway.oauth.identity import WhoIsHere, nobody
from gateway.run.serving import Services
from policy.app_scopes import APP_SCOPES
from policy.purposes import Purpose
from resolvers.account.signins_evaluating import Evaluator
from resolvers.clients.oauth_clients import Clients
from resolvers.clients.scopes import INTROSPECT
from resolvers.commands.dependencies import SignInDependencies
from schema.api.build import declared_rules
from store.queue.rate_limit import FailureLimiter


def open_house(
    works: Services, settings: Settings, who_is_here: WhoIsHere = nobody, means: SignInDependencies | None = None
) -> AuthorizationServer:
    """The authorization server of a store; `who_is_here` tells which customer a browser belongs to, and `means` what
    is known of places."""
    store, clock = works.store, works.clock
    clients = Clients(store.reader, declared_rules(), settings.public_url, clock)
    assertions = Assertions(works.single_use, settings.issuer, settings.clock_skew_seconds, clock)
    authentication = ClientAuthentication(clients, store.keys.system, assertions, FailureLimiter(store, clock))
    return AuthorizationServer(
        settings=settings,
        store=store,
        tokens=works.tokens,
        revocations=works.revocations,
        registry=works.clients,
        clients=clients,
        authentication=authentication,
        proofs=works.proofs,
        who_is_here=who_is_here,
        evaluator=Evaluator(store, means or SignInDependencies()),
        clock=clock,
    )


def list_routes(house: AuthorizationServer, actions: Iterable[str] = ()) -> list[Route]:
    """Every address; `actions` are the scopes of tools that the schema knows, for the metadata."""
    purposes = (purpose.scope for purpose in Purpose if purpose.enabled)
    scopes = frozenset({*purposes, *actions, *APP_SCOPES, INTROSPECT})
    authorization = Authorization(house)
    return [
        Route("/oauth/authorize", _Asgi(authorization.authorize)),
        Route("/oauth/resume", _Asgi(authorization.resume)),
        Route("/oauth/consent", _Asgi(authorization.decide)),
        Route("/oauth/par", PushEndpoint(house)),
        Route("/oauth/token", TokenEndpoint(house)),
        Route("/oauth/revoke", RevocationEndpoint(house)),
        Route("/oauth/introspect", IntrospectionEndpoint(house)),
        Route(SERVER, _Shown(JSONResponse(server_metadata(house.settings, scopes), headers=CACHED))),
        Route(RESOURCE, _Shown(JSONResponse(resource_metadata(house.settings, scopes), headers=CACHED))),
        Route(f"{RESOURCE}/graphql", _Shown(JSONResponse(resource_metadata(house.settings, scopes), headers=CACHED))),
    ]


CACHED = {"cache-control": "max-age=300"}


class _Asgi:
    """A method as an application: Starlette takes a bare function for one that returns a response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class _Shown:
    """A document that never changes."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        await self._response(scope, receive, send)

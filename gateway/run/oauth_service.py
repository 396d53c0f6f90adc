"""The authorization server, made from its dependencies, and its routes."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.addresses.well_known import MCP_RESOURCE, OPENID, RESOURCE, SERVER, USERINFO
from gateway.api.graphql_http import GraphQLApi
from gateway.config.extras import has_mcp
from gateway.config.settings import Settings
from gateway.http import problems
from gateway.oauth.assertions import Assertions
from gateway.oauth.authentication import ClientAuthentication
from gateway.oauth.endpoints.authorize import Authorization
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.oauth.endpoints.introspection import IntrospectionEndpoint, RevocationEndpoint
from gateway.oauth.endpoints.metadata import agent_metadata, openid_metadata, resource_metadata
from gateway.oauth.endpoints.pushed import PushEndpoint
from gateway.oauth.endpoints.token import TokenEndpoint
from gateway.oauth.endpoints.userinfo import UserInfoEndpoint
from gateway.oauth.identity import WhoIsHere, nobody
from gateway.run.serving import Services
from policy.purposes import Purpose
from resolvers.account.signins_evaluating import Evaluator
from resolvers.clients.oauth_clients import Clients
from resolvers.clients.scopes import CONSENTED, INTROSPECT
from resolvers.commands.dependencies import SignInDependencies
from schema.api.build import declared_rules
from store.queue.rate_limit import FailureLimiter


def make_authorization_server(
    services: Services,
    settings: Settings,
    who_is_here: WhoIsHere = nobody,
    means: SignInDependencies | None = None,
    api: GraphQLApi | None = None,
) -> AuthorizationServer:
    """The authorization server of a store.

    `who_is_here` finds the signed-in customer of a browser; `means` has the database of places (S12), and `api`
    reads the claims of customers.
    """
    store, clock = services.store, services.clock
    clients = Clients(store.reader, declared_rules(), settings.public_url, clock)
    assertions = Assertions(services.single_use, settings.issuer, settings.clock_skew_seconds, clock)
    authentication = ClientAuthentication(clients, store.keys.system, assertions, FailureLimiter(store, clock))
    return AuthorizationServer(
        settings=settings,
        store=store,
        tokens=services.tokens,
        agent_tokens=services.agent_tokens,
        revocations=services.revocations,
        registry=services.clients,
        clients=clients,
        authentication=authentication,
        proofs=services.proofs,
        who_is_here=who_is_here,
        evaluator=Evaluator(store, means or SignInDependencies()),
        clock=clock,
        authenticator=services.authenticator,
        api=api,
    )


def list_routes(server: AuthorizationServer, actions: Iterable[str] = ()) -> list[Route]:
    """The routes; `actions` are the schema's scopes for tools, for the metadata."""
    purposes = (purpose.scope for purpose in Purpose if purpose.enabled)
    scopes = frozenset({*purposes, *actions, *CONSENTED, INTROSPECT})
    authorization = Authorization(server)
    metadata = JSONResponse(resource_metadata(server.settings, scopes), headers=CACHED)
    agents = agent_metadata(server.settings)
    openid = [Route(USERINFO, UserInfoEndpoint(server, server.api))] if server.api is not None else []
    provider = openid_metadata(server.settings, scopes)
    # One document under both names: a client of OAuth alone skips what it does not know (RFC 8414 §2).
    return [
        *openid,
        Route(OPENID, _StaticDocument(JSONResponse(provider, headers=CACHED))),
        Route("/oauth/authorize", _Asgi(authorization.authorize)),
        Route("/oauth/resume", _Asgi(authorization.resume)),
        Route("/oauth/consent", _Asgi(authorization.decide)),
        Route("/oauth/par", PushEndpoint(server)),
        Route("/oauth/token", TokenEndpoint(server)),
        Route("/oauth/revoke", RevocationEndpoint(server)),
        Route("/oauth/introspect", IntrospectionEndpoint(server)),
        Route(SERVER, _StaticDocument(JSONResponse(provider, headers=CACHED))),
        # RFC 9728 §3.1: the resource's own path comes after the well-known one; the bare one is for older clients.
        Route(RESOURCE, _StaticDocument(metadata)),
        Route(f"{RESOURCE}/graphql", _StaticDocument(metadata)),
        *([Route(MCP_RESOURCE, _StaticDocument(JSONResponse(agents, headers=CACHED)))] if has_mcp() else []),
    ]


CACHED = {"cache-control": "max-age=300"}


class _Asgi:
    """Wraps a method as an ASGI application: Starlette takes a bare function for a request-response endpoint."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class _StaticDocument:
    """A route for GET whose document never changes."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        await self._response(scope, receive, send)

"""Cross-origin requests of browsers (CORS), for pages whose origins are registered with a client (Fetch, §3.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Origins = Callable[[], Awaitable[Collection[str]]]
"""Gives the origins of all clients."""

PATHS = frozenset({"/graphql", "/graphql/dry-run", "/oauth/token", "/oauth/revoke", "/oauth/userinfo"})
"""Addresses that a page of another origin may use; everything else stays with pages of our own."""
CLIENT_ORIGINS = "gateway.client_origins"
"""The key of the request's scope under which the origins of the token's client are, once it is known."""

PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, DPoP, Purpose, Purpose-Reference, Idempotency-Key, If-None-Match",
    ),
    (b"access-control-max-age", b"600"),
    (b"content-length", b"0"),
)
EXPOSED = (
    b"access-control-expose-headers",
    b"DPoP-Nonce, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
)
VARY = (b"vary", b"origin")


class CrossOrigin:
    """Answers preflights of registered origins, and lets their pages read responses.

    A response is readable for the origins of the token's own client. Credentials that a browser adds by itself are
    never allowed (no `Access-Control-Allow-Credentials`), so no page can act for somebody whose token it does not have.
    """

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin: bytes | None = headers.get(b"origin")
        if origin is None or origin.decode("latin-1") not in await self._origins():
            await self._app(scope, receive, send)
            return
        allowed = (b"access-control-allow-origin", origin)
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await send({"type": "http.response.start", "status": 204, "headers": [allowed, VARY, *PREFLIGHT]})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_with_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Before the client is known, as with a token that is not accepted, the page of any client is told.
                own = scope.get(CLIENT_ORIGINS)
                if own is None or origin.decode("latin-1") in own:
                    message["headers"] = [*message["headers"], allowed, VARY, EXPOSED]
            await send(message)

        await self._app(scope, receive, send_with_origin)

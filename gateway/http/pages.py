"""The pages of the front door, put together once at the start: what there is to open, GraphiQL, the data map."""

from __future__ import annotations

import secrets
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.http.middleware import PAGE_POLICY
from gateway.http.templates import page

HERE = Path(__file__).parents[1]
STATIC = HERE / "static"
NO_STORE = {"cache-control": "no-store"}


def client_area() -> Response:
    """The page at `/`; its scripts ask the public API for everything."""
    return HTMLResponse(page("area.html"), headers=NO_STORE)


def landing(settings: Settings) -> Response:
    """The page at `/developers`."""
    text = page("landing.html", demo=settings.demo, graphiql=settings.graphiql)
    return HTMLResponse(text, headers=NO_STORE)


def data_map(settings: Settings) -> Response:
    """The page at `/audit`; its scripts ask the public API for everything."""
    text = page("audit.html", demo="yes" if settings.demo else "no")
    return HTMLResponse(text, headers=NO_STORE)


class GraphiQL:
    """The page at `/graphql` for browsers; its scripts ask for everything else."""

    def __init__(self, settings: Settings) -> None:
        self._demo = "yes" if settings.demo else "no"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page, with a nonce for the one style element that GraphiQL makes by itself."""
        nonce = secrets.token_urlsafe(16)
        text = page("graphiql.html", demo=self._demo, nonce=nonce)
        policy = PAGE_POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
        response = HTMLResponse(text, headers=NO_STORE | {"content-security-policy": policy})
        await response(scope, receive, send)

"""Static pages: the client area, the developers' page, GraphiQL and the data map."""

from __future__ import annotations

import secrets
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.http.middleware import PAGE_POLICY
from gateway.http.templates import page
from schema.declare.commands import editable_columns
from schema.types.customers import Customer

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
        """Send the page, with a CSP nonce for the one style element that GraphiQL inserts itself."""
        # A new nonce each time: one that can be guessed or reused permits injected styles (CSP 3 §7.1).
        nonce = secrets.token_urlsafe(16)
        text = page("graphiql.html", demo=self._demo, nonce=nonce)
        policy = PAGE_POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
        response = HTMLResponse(text, headers=NO_STORE | {"content-security-policy": policy})
        await response(scope, receive, send)


PROFILE = "Profile"
"""The document that asks for every field which the customer may edit: the schema says which, the file where."""
EDITABLE = "# editable"


def page_documents() -> dict[str, str]:
    """The text of each document that the page of the client area sends, by the name of its operation."""
    folder = STATIC / "area" / "documents"
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql"))}
    return texts | {PROFILE: texts[PROFILE].replace(EDITABLE, " ".join(editable_columns(Customer)))}

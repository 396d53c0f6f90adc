"""Static pages: the client area, the tour, GraphiQL, and pages for what went wrong."""

from __future__ import annotations

import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.http import problems
from gateway.http.middleware import PAGE_POLICY
from gateway.http.negotiation import Media, answer_media
from gateway.http.problems import ProblemError
from gateway.http.templates import page
from messages.message import marked
from messages.negotiation import chosen
from schema.declare.commands import editable_columns
from schema.types.customers import Customer

HERE = Path(__file__).parents[1]
STATIC = HERE / "static"
NO_STORE = {"cache-control": "no-store"}


class ClientArea:
    """The page at `/`, in the reader's language; its scripts ask the public API for everything."""

    def __init__(self, settings: Settings) -> None:
        self._values = {"site": settings.site_name, "links": settings.site_links, "demo": settings.demo}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD; Problem 405 for other methods."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        text = page("area.html", language_of(Request(scope)), **self._values)
        await HTMLResponse(text, headers=NO_STORE | {"vary": "accept-language"})(scope, receive, send)


def language_of(request: Request) -> str:
    """The language that the address asks for (`?lang=`), or that the browser prefers."""
    return chosen(request.query_params.get("lang"), request.headers.get("accept-language"))


class ProblemPage:
    """Tells people what programs are told as problem details: a page where a browser opened an address."""

    def __init__(self, site: str) -> None:
        self._site = site

    def __call__(self, problem: ProblemError, scope: Scope) -> Response | None:
        """The page; None for a request that is not a browser's, which gets problem details."""
        headers = dict(scope["headers"])
        if scope["method"] not in ("GET", "HEAD") or answer_media(headers.get(b"accept"), True) is not Media.HTML:
            return None
        # A fixed sentence for each status: details are for programs, in English, and help nobody here.
        heading, why = SENTENCES.get(problem.status, SENTENCES[500 if problem.status >= 500 else 400])
        language = language_of(Request(scope))
        text = page("problem.html", language, site=self._site, heading=heading, why=why, status=problem.status)
        return HTMLResponse(text, problem.status)


SENTENCES = {
    400: (marked("This cannot be answered"), marked("The address is not one that this page can read.")),
    401: (marked("Please sign in"), marked("This is shown to you once you are signed in to the client area.")),
    403: (marked("This is not open to you"), marked("You are signed in, but this is for somebody else.")),
    404: (marked("There is no such page"), marked("The link may be old, or a letter of the address is wrong.")),
    429: (marked("Too many requests"), marked("Please wait a moment, then load the page again.")),
    500: (marked("Something went wrong"), marked("That was our mistake, not yours. Please try again in a while.")),
    503: (marked("We cannot answer right now"), marked("Nothing was lost. Please try again in a moment.")),
}
"""Heading and sentence for people, by the status."""


QUESTION = """{
  customers(first: 1) { nodes { fullName email } }
}"""
"""The question with which the tour begins."""


def walkthrough(settings: Settings) -> Response:
    """The page at `/tour` of the demo; its scripts ask as five of the demo's clients."""
    return HTMLResponse(page("tour.html", site=settings.site_name, query=QUESTION), headers=NO_STORE)


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

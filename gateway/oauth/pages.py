"""The three pages of the authorization endpoint; they need no script, and load nothing but the house's own style."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from gateway.middleware import PAGE_POLICY
from gateway.oauth.wanted import Wanted
from policy.purposes import Purpose

NO_STORE = {"cache-control": "no-store"}
TEMPLATES = Path(__file__).parent.parent / "templates"


def refused(sentence: str) -> Response:
    """A request that cannot be answered to the client, because it is not sure who that is."""
    return HTMLResponse(_filled("oauth_refused.html", sentence=sentence), 400, NO_STORE)


def resumed(query: str) -> Response:
    """Goes on by itself to the authorization endpoint.

    A page, not a redirect: a browser holds the whole chain of redirects after a form against the form's policy, so the
    last one, to the client's own address, would be stopped.
    """
    return HTMLResponse(_filled("oauth_resumed.html", address=f"/oauth/authorize?{query}"), 200, NO_STORE)


def consent(wanted: Wanted, ticket: str) -> Response:
    """What the client wants to do, in plain words, and the choice."""
    items = "\n".join(f"<li>{escape(_plain(scope))}</li>" for scope in sorted(wanted.scopes))
    page = Template(_read("oauth_consent.html")).substitute(
        client=escape(wanted.client.name), items=items, ticket=escape(ticket), where=escape(_where(wanted.redirect_uri))
    )
    source = form_source(wanted.redirect_uri)
    policy = PAGE_POLICY.replace("form-action 'self'", f"form-action 'self' {source}")
    return HTMLResponse(page, 200, NO_STORE | {"content-security-policy": policy})


def form_source(redirect_uri: str) -> str:
    """What the policy must allow so that the answer to the form may lead to the client; nothing beside it."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _plain(scope: str) -> str:
    purpose = Purpose.of_scope(scope)
    return scope if purpose is None else purpose.why


def _where(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    return parts.hostname or f"the app {parts.scheme}"


def _filled(name: str, **values: str) -> str:
    return Template(_read(name)).substitute({key: escape(value) for key, value in values.items()})


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")

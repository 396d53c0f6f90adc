"""The three pages of the authorization endpoint: without scripts, and with the gateway's own style sheet only."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from gateway.http.middleware import PAGE_POLICY
from gateway.oauth.endpoints.authorization_request import AuthorizationRequest
from gateway.oauth.endpoints.consent_words import WORDS, plain, say
from policy.purposes import Purpose

NO_STORE = {"cache-control": "no-store"}
TEMPLATES = Path(__file__).parents[2] / "templates"


def refused(sentence: str) -> Response:
    """The error page for a request whose client or redirect URI is not verified; status 400."""
    return HTMLResponse(_filled("oauth_refused.html", sentence=sentence), 400, NO_STORE)


def resumed(query: str) -> Response:
    """A page that continues to the authorization endpoint by itself.

    A redirect would not do: browsers apply `form-action` of the sign-in form's policy to the whole chain of redirects
    after it, and would block the last one, to the client's own address.
    """
    return HTMLResponse(_filled("oauth_resumed.html", address=f"/oauth/authorize?{query}"), 200, NO_STORE)


def consent(requested: AuthorizationRequest, ticket: str, language: str = "en") -> Response:
    """The consent page: the client's name, the meaning of its scopes, and the form; `language` is `en` or `fr`."""
    facts = {"client": requested.client.name, "where": _where(requested.redirect_uri, language)}
    said = {key: say(language, key, **facts) for key in WORDS if key != "app"}
    if requested.client.first_party:
        said |= {"lead": said["lead_ours"], "never": "", "back": ""}
    filled = {key: escape(text) for key, text in said.items()}
    filled["items"] = "\n".join(f"<li>{escape(each)}</li>" for each in _sentences(requested, language))
    page = Template(_read("oauth_consent.html")).substitute(filled, language=language, ticket=escape(ticket))
    source = form_source(requested.redirect_uri)
    policy = PAGE_POLICY.replace("form-action 'self'", f"form-action 'self' {source}")
    headers = NO_STORE | {"content-security-policy": policy, "vary": "accept-language"}
    return HTMLResponse(page, 200, headers)


def _sentences(requested: AuthorizationRequest, language: str) -> list[str]:
    """One sentence for each scope; for third-party clients without the purpose, which adds nothing to its scopes."""
    shown = requested.scopes if requested.client.first_party else requested.scopes - {Purpose.SELF_SERVICE.scope}
    return [plain(scope, language) for scope in sorted(shown)]


def form_source(redirect_uri: str) -> str:
    """The `form-action` source for the redirect to the client after the form: its origin, or its custom scheme."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _where(redirect_uri: str, language: str) -> str:
    parts = urlsplit(redirect_uri)
    return parts.hostname or say(language, "app", scheme=parts.scheme)


def _filled(name: str, **values: str) -> str:
    return Template(_read(name)).substitute({key: escape(value) for key, value in values.items()})


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")

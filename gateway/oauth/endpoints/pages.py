"""The three pages of the authorization endpoint; they need no script, and load nothing but the house's own style."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from gateway.http.middleware import PAGE_POLICY
from gateway.oauth.endpoints.authorization_request import AuthorizationRequest
from gateway.oauth.endpoints.consent_words import WORDS, plain
from policy.purposes import Purpose

NO_STORE = {"cache-control": "no-store"}
TEMPLATES = Path(__file__).parents[2] / "templates"


def refused(sentence: str) -> Response:
    """A request that cannot be answered to the client, because it is not sure who that is."""
    return HTMLResponse(_filled("oauth_refused.html", sentence=sentence), 400, NO_STORE)


def resumed(query: str) -> Response:
    """Goes on by itself to the authorization endpoint.

    A page, not a redirect: a browser holds the whole chain of redirects after a form against the form's policy, so the
    last one, to the client's own address, would be stopped.
    """
    return HTMLResponse(_filled("oauth_resumed.html", address=f"/oauth/authorize?{query}"), 200, NO_STORE)


def consent(wanted: AuthorizationRequest, ticket: str, language: str = "en") -> Response:
    """What the client wants to do, in plain words, and the choice; `language` is `en` or `fr`."""
    facts = {"client": wanted.client.name, "where": _where(wanted.redirect_uri, language)}
    said = {key: WORDS.say(language, key, **facts) for key in WORDS.texts if key != "app"}
    if wanted.client.first_party:
        said |= {"lead": said["lead_ours"], "never": "", "back": ""}
    filled = {key: escape(text) for key, text in said.items()}
    filled["items"] = "\n".join(f"<li>{escape(each)}</li>" for each in _sentences(wanted, language))
    page = Template(_read("oauth_consent.html")).substitute(filled, language=language, ticket=escape(ticket))
    source = form_source(wanted.redirect_uri)
    policy = PAGE_POLICY.replace("form-action 'self'", f"form-action 'self' {source}")
    headers = NO_STORE | {"content-security-policy": policy, "vary": "accept-language"}
    return HTMLResponse(page, 200, headers)


def _sentences(wanted: AuthorizationRequest, language: str) -> list[str]:
    """One for each scope. Of a client that is not ours the purpose itself says nothing that its scopes do not."""
    shown = wanted.scopes if wanted.client.first_party else wanted.scopes - {Purpose.SELF_SERVICE.scope}
    return [plain(scope, language) for scope in sorted(shown)]


def form_source(redirect_uri: str) -> str:
    """What the policy must allow so that the answer to the form may lead to the client; nothing beside it."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _where(redirect_uri: str, language: str) -> str:
    parts = urlsplit(redirect_uri)
    return parts.hostname or WORDS.say(language, "app", scheme=parts.scheme)


def _filled(name: str, **values: str) -> str:
    return Template(_read(name)).substitute({key: escape(value) for key, value in values.items()})


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")

"""The three pages of the authorization endpoint; they need no script, and load nothing but the house's own style."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from gateway.http.middleware import PAGE_POLICY
from gateway.http.templates import page
from gateway.oauth.endpoints.authorization_request import AuthorizationRequest
from gateway.oauth.endpoints.consent_words import WORDS, plain
from messages.catalogue import SOURCE, translate
from policy.purposes import Purpose

NO_STORE = {"cache-control": "no-store"}
VARY = {"vary": "accept-language"}


def refused(sentence: str, language: str = SOURCE) -> Response:
    """A request that cannot be answered to the client, because it is not sure who that is."""
    text = page("oauth_refused.html", language, sentence=translate(sentence, language))
    return HTMLResponse(text, 400, NO_STORE | VARY)


def resumed(query: str, language: str = SOURCE) -> Response:
    """Goes on by itself to the authorization endpoint.

    A page, not a redirect: a browser holds the whole chain of redirects after a form against the form's policy, so the
    last one, to the client's own address, would be stopped.
    """
    return HTMLResponse(page("oauth_resumed.html", language, address=f"/oauth/authorize?{query}"), 200, NO_STORE | VARY)


def consent(wanted: AuthorizationRequest, ticket: str, language: str = SOURCE) -> Response:
    """What the client wants to do, in plain words, and the choice."""
    facts = {"client": wanted.client.name, "where": _where(wanted.redirect_uri, language)}
    said = {key: WORDS.say(language, key, **facts) for key in WORDS.texts if key != "app"}
    if wanted.client.first_party:
        said |= {"lead": said["lead_ours"], "never": "", "back": ""}
    text = page("oauth_consent.html", language, **said, items=_sentences(wanted, language), ticket=ticket)
    source = form_source(wanted.redirect_uri)
    policy = PAGE_POLICY.replace("form-action 'self'", f"form-action 'self' {source}")
    return HTMLResponse(text, 200, NO_STORE | VARY | {"content-security-policy": policy})


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

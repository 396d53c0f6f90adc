"""The three pages of the authorization endpoint: without scripts, and with the gateway's own style sheet only."""

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

    A redirect would not do: browsers apply `form-action` of the sign-in form's policy to the whole chain of redirects
    after it, and would block the last one, to the client's own address.
    """
    return HTMLResponse(page("oauth_resumed.html", language, address=f"/oauth/authorize?{query}"), 200, NO_STORE | VARY)


def consent(requested: AuthorizationRequest, ticket: str, language: str = SOURCE) -> Response:
    """The consent page: the client's name, the meaning of its scopes, and the form."""
    facts = {"client": requested.client.name, "where": _where(requested.redirect_uri, language)}
    said = {key: WORDS.say(language, key, **facts) for key in WORDS.texts if key != "app"}
    if requested.client.first_party:
        said |= {"lead": said["lead_ours"], "never": "", "back": ""}
    text = page("oauth_consent.html", language, **said, items=_sentences(requested, language), ticket=ticket)
    source = form_source(requested.redirect_uri)
    policy = PAGE_POLICY.replace("form-action 'self'", f"form-action 'self' {source}")
    return HTMLResponse(text, 200, NO_STORE | VARY | {"content-security-policy": policy})


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
    return parts.hostname or WORDS.say(language, "app", scheme=parts.scheme)

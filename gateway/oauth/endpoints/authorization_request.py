"""Authorization requests, validated by one function for all sources: the URL, a pushed request, the consent form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import InvalidRequestError

from gateway.access.oauth_errors import RequestNotSupportedError
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.oauth.parameters import Parameters
from gateway.oauth.request_context import OAuthRequest, OAuthRequestContext
from gateway.oauth.server import GrantServer
from resolvers.clients.oauth_clients import RegisteredClient

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
LONGEST_NONCE = 255
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A validated authorization request."""

    client: RegisteredClient
    redirect_uri: str
    state: str | None
    scopes: frozenset[str]
    challenge: str
    jkt: str | None
    """Thumbprint of the only key that may redeem the code (RFC 9449 §10)."""
    prompts: frozenset[str]
    max_age: int | None
    """The most seconds since the customer's last authentication (RFC 9470)."""
    nonce: str | None
    """A value of the client's, which its ID token repeats."""
    hint: str | None = field(default=None, repr=False)
    """An ID token of the customer whom the client expects (`id_token_hint`), not verified yet."""

    @property
    def silent(self) -> bool:
        """True if no page may be shown (`prompt=none`)."""
        return "none" in self.prompts

    @property
    def age(self) -> int | None:
        """The `max_age` in seconds; `prompt=login` counts as 0, and so does the choice of an account."""
        return 0 if self.prompts & {"login", "select_account"} else self.max_age


def validate(
    server: AuthorizationServer, client: RegisteredClient, parameters: Parameters, jkt: str | None = None
) -> AuthorizationRequest:
    """Validate a request whose redirect URI was checked before; OAuth2Error if the client may not make it.

    Authlib validates response type, grant, scope and PKCE; everything else is validated here.
    """
    if parameters.get("request") is not None:
        raise RequestNotSupportedError
    if parameters.get("response_mode") not in (None, "query"):
        raise InvalidRequestError("The only response mode is `query`.")
    server.require_target(parameters, client)
    asked = OAuthRequest("GET", f"{server.settings.public_url}/oauth/authorize", parameters)
    GrantServer(OAuthRequestContext(client, "", None, server.now, server.lifetimes)).get_consent_grant(asked)
    return AuthorizationRequest(
        client,
        parameters.values["redirect_uri"],
        parameters.get("state"),
        frozenset(asked.payload.data["scope"].split()),
        parameters.values["code_challenge"],
        _key(parameters.get("dpop_jkt"), jkt),
        _prompts(parameters.get("prompt")),
        _age(parameters.get("max_age")),
        _nonce(parameters.get("nonce")),
        parameters.get("id_token_hint"),
    )


def _prompts(text: str | None) -> frozenset[str]:
    words = frozenset((text or "").split())
    # OpenID Connect Core §3.1.2.1: a list, in which `none` stands alone.
    if not words <= PROMPTS or ("none" in words and len(words) > 1):
        raise InvalidRequestError("The prompt is none, or of login, consent and select_account.")
    return words


def _nonce(text: str | None) -> str | None:
    if text is not None and len(text) > LONGEST_NONCE:
        raise InvalidRequestError(f"A nonce has {LONGEST_NONCE} characters at most.")
    return text


def _age(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # `isdigit` alone accepts digits of other scripts.
        raise InvalidRequestError("The max_age is a whole number of seconds.")
    return int(text)


def _key(named: str | None, proven: str | None) -> str | None:
    """The key of `dpop_jkt` or of the DPoP proof; InvalidRequestError if both are given and differ (RFC 9449 §10.1)."""
    if named is not None and not THUMBPRINT.fullmatch(named):
        raise InvalidRequestError("The dpop_jkt is the SHA-256 thumbprint of a key.")
    if named is not None and proven is not None and named != proven:
        raise InvalidRequestError("The dpop_jkt is of another key than the proof.")
    return named or proven

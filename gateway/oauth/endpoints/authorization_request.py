"""What an authorization request asks for, judged once, wherever it came from: an address, a push, a consent."""

from __future__ import annotations

import re
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import InvalidRequestError

from gateway.access.oauth_errors import RequestNotSupportedError
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.oauth.parameters import Parameters
from gateway.oauth.server import GrantServer
from gateway.oauth.visit import OAuthRequest, OAuthRequestContext
from resolvers.clients.oauth_clients import RegisteredClient

PROMPTS = frozenset({None, "none", "login", "consent"})
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that the client may make."""

    client: RegisteredClient
    redirect_uri: str
    state: str | None
    scopes: frozenset[str]
    challenge: str
    jkt: str | None
    """The key that alone may redeem the code (RFC 9449 §10)."""
    prompt: str | None
    max_age: int | None
    """Seconds since the customer proved who they are, at most (RFC 9470)."""


def judge(
    house: AuthorizationServer, client: RegisteredClient, parameters: Parameters, jkt: str | None = None
) -> AuthorizationRequest:
    """What is wanted; OAuth2Error when it is not the client's to ask. The address was judged before.

    Authlib judges response type, grant, scope and PKCE; the rest is judged here.
    """
    if parameters.get("request") is not None:
        raise RequestNotSupportedError
    if parameters.get("response_mode") not in (None, "query"):
        raise InvalidRequestError("The only response mode is `query`.")
    house.require_target(parameters)
    asked = OAuthRequest("GET", f"{house.settings.public_url}/oauth/authorize", parameters)
    GrantServer(OAuthRequestContext(client, "", None, house.now, house.lives)).get_consent_grant(asked)
    return AuthorizationRequest(
        client,
        parameters.values["redirect_uri"],
        parameters.get("state"),
        frozenset(asked.payload.data["scope"].split()),
        parameters.values["code_challenge"],
        _key(parameters.get("dpop_jkt"), jkt),
        _prompt(parameters.get("prompt")),
        _age(parameters.get("max_age")),
    )


def _prompt(word: str | None) -> str | None:
    if word not in PROMPTS:
        raise InvalidRequestError("The prompt is none, login or consent.")
    return word


def _age(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidRequestError("The max_age is a whole number of seconds.")
    return int(text)


def _key(named: str | None, proven: str | None) -> str | None:
    """The key named in the request, or proven beside it; they are the same if both are there."""
    if named is not None and not THUMBPRINT.fullmatch(named):
        raise InvalidRequestError("The dpop_jkt is the SHA-256 thumbprint of a key.")
    if named is not None and proven is not None and named != proven:
        raise InvalidRequestError("The dpop_jkt is of another key than the proof.")
    return named or proven

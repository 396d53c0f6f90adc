"""OAuth errors as responses: the RFC's error code and a fixed sentence, without any value from the request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError
from starlette.responses import Response

HEADERS = {"cache-control": "no-store", "pragma": "no-cache"}


class UnauthenticatedError(InvalidClientError):
    """Client authentication failed. Unknown client, disabled client and wrong secret give the same answer."""

    description = "The client is unknown, or it did not prove who it is."
    status_code = 401

    def __init__(self, description: str | None = None, basic: bool = False) -> None:
        super().__init__(description=description)
        self._basic = basic

    def get_headers(self) -> list[tuple[str, str]]:
        """A Basic challenge, only if the client used the Authorization header (RFC 6749 §5.2)."""
        return [("WWW-Authenticate", 'Basic realm="oauth", charset="UTF-8"')] if self._basic else []


class SlowDownError(OAuth2Error):
    """Too many failed attempts lately; the credentials were not checked. The code is RFC 8628's (§3.5)."""

    error = "slow_down"
    description = "Too many failed attempts: wait before the next one."
    status_code = 429

    def __init__(self, seconds: float) -> None:
        super().__init__()
        # Rounded up: a client that waits exactly as long as it was told must not be refused again.
        self._seconds = max(1, round(seconds + 0.5))

    def get_headers(self) -> list[tuple[str, str]]:
        """Retry-After, in seconds."""
        return [("Retry-After", str(self._seconds))]


class InvalidTargetError(OAuth2Error):
    """RFC 8707 §2: no tokens are issued for the requested resource."""

    error = "invalid_target"
    description = "Tokens are given out for this gateway only: see the metadata of its resource."


class ProofError(OAuth2Error):
    """RFC 9449 §5: the DPoP proof is missing or wrong."""

    error = "invalid_dpop_proof"
    description = "The DPoP proof is not valid."


class NonceError(ProofError):
    """RFC 9449 §8: the proof must carry a fresh nonce of this server."""

    error = "use_dpop_nonce"
    description = "The DPoP proof must carry the nonce that comes with this response."

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce

    def get_headers(self) -> list[tuple[str, str]]:
        """A nonce for the next proof."""
        return [("DPoP-Nonce", self.nonce)]


class RequestNotSupportedError(OAuth2Error):
    """RFC 9101: request objects are not supported; push the request instead (RFC 9126)."""

    error = "request_not_supported"
    description = "Request objects are not supported: push the request instead."


class LoginRequiredError(OAuth2Error):
    """The request had `prompt=none`, but the customer must sign in (OpenID Connect Core §3.1.2.6)."""

    error = "login_required"
    description = "Somebody has to sign in."


class ConsentRequiredError(OAuth2Error):
    """The request had `prompt=none`, but the customer must consent (OpenID Connect Core §3.1.2.6)."""

    error = "consent_required"
    description = "Somebody has to agree."


@dataclass(frozen=True, slots=True)
class OAuthReply:
    """The answer of an OAuth endpoint, before it becomes an HTTP response."""

    status: int
    body: dict[str, object]
    headers: Iterable[tuple[str, str]] = field(default=())

    def response(self) -> Response:
        """The HTTP response, with `Cache-Control: no-store`."""
        response = Response(orjson.dumps(self.body), self.status, HEADERS, "application/json")
        # Authlib writes header names in mixed case; HEADERS comes last, so that nothing it sets permits caching.
        response.headers.update({name.lower(): value for name, value in self.headers})
        response.headers.update(HEADERS)
        return response


def refusal(error: OAuth2Error) -> OAuthReply:
    """The error response of RFC 6749 §5.2."""
    return OAuthReply(error.status_code, dict(error.get_body()), error.get_headers())

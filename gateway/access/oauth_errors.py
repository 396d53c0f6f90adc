"""The errors of OAuth as responses: an RFC's code, a fixed sentence, never a word of what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError
from starlette.responses import Response

HEADERS = {"cache-control": "no-store", "pragma": "no-cache"}


class UnauthenticatedError(InvalidClientError):
    """The client did not prove who it is. What failed is not told apart: unknown, disabled, wrong secret are alike."""

    description = "The client is unknown, or it did not prove who it is."
    status_code = 401

    def __init__(self, description: str | None = None, basic: bool = False) -> None:
        super().__init__(description=description)
        self._basic = basic

    def get_headers(self) -> list[tuple[str, str]]:
        """With a challenge only for those who tried the Authorization header (RFC 6749 §5.2)."""
        return [("WWW-Authenticate", 'Basic realm="oauth", charset="UTF-8"')] if self._basic else []


class SlowDownError(OAuth2Error):
    """Too many failures lately; nothing was looked at. The code is the one RFC 8628 has for the same."""

    error = "slow_down"
    description = "Too many failed attempts: wait before the next one."
    status_code = 429

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = max(1, round(seconds + 0.5))

    def get_headers(self) -> list[tuple[str, str]]:
        """With the seconds to wait."""
        return [("Retry-After", str(self._seconds))]


class InvalidTargetError(OAuth2Error):
    """RFC 8707 §2: the resource is not one that we give tokens for."""

    error = "invalid_target"
    description = "Tokens are given out for this gateway only: see the metadata of its resource."


class ProofError(OAuth2Error):
    """RFC 9449 §5: the DPoP proof is missing or wrong."""

    error = "invalid_dpop_proof"
    description = "The DPoP proof is not valid."


class NonceError(ProofError):
    """RFC 9449 §8: the proof has to carry a nonce of ours that is young enough."""

    error = "use_dpop_nonce"
    description = "The DPoP proof must carry the nonce that comes with this response."

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce

    def get_headers(self) -> list[tuple[str, str]]:
        """With a nonce for the next proof."""
        return [("DPoP-Nonce", self.nonce)]


class RequestNotSupportedError(OAuth2Error):
    """RFC 9101: request objects are not understood here; push the request instead (RFC 9126)."""

    error = "request_not_supported"
    description = "Request objects are not supported: push the request instead."


class LoginRequiredError(OAuth2Error):
    """The client asked that nobody be bothered, and somebody has to sign in."""

    error = "login_required"
    description = "Somebody has to sign in."


class ConsentRequiredError(OAuth2Error):
    """The client asked that nobody be bothered, and somebody has to agree."""

    error = "consent_required"
    description = "Somebody has to agree."


@dataclass(frozen=True, slots=True)
class OAuthReply:
    """What an endpoint answers, before it is HTTP."""

    status: int
    body: dict[str, object]
    headers: Iterable[tuple[str, str]] = field(default=())

    def response(self) -> Response:
        """The HTTP response, which no cache keeps."""
        response = Response(orjson.dumps(self.body), self.status, HEADERS, "application/json")
        response.headers.update({name.lower(): value for name, value in self.headers})
        response.headers.update(HEADERS)
        return response


def refusal(error: OAuth2Error) -> OAuthReply:
    """The reply of RFC 6749 §5.2."""
    return OAuthReply(error.status_code, dict(error.get_body()), error.get_headers())

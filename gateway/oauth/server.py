"""Authlib's authorization server, one per request: it keeps nothing between them, so nothing can leak from one to the
next, and no context variable is needed.

Authlib's grants are synchronous. They run inside `AsyncConnection.run_sync`: on the event loop's own engine and in its
transaction, each statement awaited by SQLAlchemy's greenlet. So there is no second driver and no thread.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.errors import UnsupportedResponseTypeError

from gateway.access.oauth_errors import OAuthReply, UnauthenticatedError
from gateway.oauth.grants import S256, CodeGrant, OwnGrant, RefreshGrant
from gateway.oauth.looking import Introspection, Revocation
from gateway.oauth.visit import OAuthRequestContext
from resolvers.account.signins_evaluating import Arrival
from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.oauth import refresh_tokens
from resolvers.oauth.families import Family

CANNOT = "This grant type is not supported."


class _GrantError(UnsupportedGrantTypeError):
    def get_error_description(self) -> str:
        """A sentence that repeats nothing of the request."""
        return CANNOT


class _ResponseTypeError(UnsupportedResponseTypeError):
    def get_error_description(self) -> str:
        """A sentence that repeats nothing of the request."""
        return "The only response type is `code`."


class GrantServer(AuthorizationServer):
    """Answers one visit."""

    def __init__(self, visit: OAuthRequestContext) -> None:
        super().__init__()
        self.visit = visit
        self.arrival: Arrival | None = None
        """What a grant noticed of where a family turns up, for whoever writes it down."""
        self.register_grant(CodeGrant, [S256(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(OwnGrant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """The visitor, and nobody else."""
        client = self.visit.client
        return client if client is not None and client.client_id == client_id else None

    def authenticate_client(self, request: Any, methods: list[str], endpoint: str = "token") -> RegisteredClient:
        """Who was authenticated before, if it was in a way that is good enough here."""
        if self.visit.client is None or self.visit.method not in methods:
            raise UnauthenticatedError
        request.auth_method = self.visit.method
        return self.visit.client

    def get_token_grant(self, request: Any) -> Any:
        """The grant for a grant type; Authlib's own errors would repeat what was sent."""
        if request.payload.grant_type is None:
            raise _MissingError("grant_type")
        try:
            return super().get_token_grant(request)
        except UnsupportedGrantTypeError:
            raise _GrantError(None) from None

    def get_authorization_grant(self, request: Any) -> Any:
        """The code grant, the only one that begins with a person."""
        if request.payload.response_type is None:
            raise _MissingError("response_type")
        if request.payload.response_type != "code":
            raise _ResponseTypeError(None)
        return super().get_authorization_grant(request)

    def generate_token(
        self,
        grant_type: str,
        client: RegisteredClient,
        user: Family | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, object]:
        """The body of a token response (RFC 6749 §5.1), with the scopes always named."""
        visit = self.visit
        text, seconds = visit.access_token(frozenset((scope or "").split()), user)
        token: dict[str, object] = {
            "access_token": text,
            "token_type": "Bearer" if visit.jkt is None else "DPoP",
            "expires_in": seconds,
            "scope": scope,
        }
        if user is not None and user.refreshable and include_refresh_token:
            token["refresh_token"] = refresh_tokens.write(visit.refresh_key, user.salt, user.id, user.generation)
        return token

    def save_token(self, token: dict[str, object], request: Any) -> None:
        """Nothing: access tokens speak for themselves, and families were written by the grant."""

    def create_oauth2_request(self, request: Any) -> Any:
        """The request, which was read before."""
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> OAuthReply:
        """The reply; the headers that keep it out of caches are put on all of them alike."""
        kept = [(name, value) for name, value in headers if name.lower() not in ("content-type", "cache-control")]
        return OAuthReply(status, body, kept)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nothing listens."""


class _MissingError(InvalidRequestError):
    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} is missing.")

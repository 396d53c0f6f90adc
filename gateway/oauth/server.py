"""Authlib's authorization server, made anew for each request, so that no state is shared between requests.

Authlib's grants are synchronous. They run inside `AsyncConnection.run_sync`: on the event loop's own engine and in its
transaction, each statement awaited by SQLAlchemy's greenlet. So there is no second driver and no thread.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.errors import UnsupportedResponseTypeError

from gateway.access.oauth_errors import OAuthReply, UnauthenticatedError
from gateway.oauth.grants import S256, CodeGrant, OwnGrant, RefreshGrant
from gateway.oauth.id_tokens import IdentityExtension
from gateway.oauth.introspection import Introspection, Revocation
from gateway.oauth.request_context import OAuthRequestContext
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
    """Answers one request, whose client was authenticated before."""

    def __init__(self, context: OAuthRequestContext) -> None:
        super().__init__()
        self.context = context
        self.arrival: Arrival | None = None
        """A grant's finding on where a token family was used, for the endpoint to record (S12)."""
        self.register_grant(CodeGrant, [S256(required=True), IdentityExtension(context)])
        self.register_grant(RefreshGrant)
        self.register_grant(OwnGrant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """The request's own client; None for any other id."""
        client = self.context.client
        return client if client is not None and client.client_id == client_id else None

    def authenticate_client(self, request: Any, methods: list[str], endpoint: str = "token") -> RegisteredClient:
        """The client that was authenticated before; UnauthenticatedError if its method does not suffice here."""
        if self.context.client is None or self.context.method not in methods:
            raise UnauthenticatedError
        request.auth_method = self.context.method
        return self.context.client

    def get_token_grant(self, request: Any) -> Any:
        """The grant of the grant_type; errors of Authlib would repeat parameters, so they are replaced."""
        if request.payload.grant_type is None:
            raise _MissingError("grant_type")
        try:
            return super().get_token_grant(request)
        except UnsupportedGrantTypeError:
            raise _GrantError(None) from None

    def get_authorization_grant(self, request: Any) -> Any:
        """The code grant, for response_type `code`; InvalidRequestError or UnsupportedResponseTypeError otherwise."""
        if request.payload.response_type is None:
            raise _MissingError("response_type")
        # Authlib's own error would name the requested type, which is the caller's text.
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
        """The body of a token response (RFC 6749 §5.1), always with the scope."""
        context = self.context
        text, seconds = context.access_token(frozenset((scope or "").split()), user)
        token: dict[str, object] = {
            "access_token": text,
            "token_type": "Bearer" if context.jkt is None else "DPoP",
            "expires_in": seconds,
            "scope": scope,
        }
        if user is not None and user.refreshable and include_refresh_token:
            token["refresh_token"] = refresh_tokens.write(context.refresh_key, user.salt, user.id, user.generation)
        return token

    def save_token(self, token: dict[str, object], request: Any) -> None:
        """Do nothing: access tokens are self-contained, and the grant has written the family."""

    def create_oauth2_request(self, request: Any) -> Any:
        """The request as it is: its parameters were read before."""
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> OAuthReply:
        """The reply, without Authlib's cache headers: `OAuthReply` sets the same ones on every response."""
        kept = [(name, value) for name, value in headers if name.lower() not in ("content-type", "cache-control")]
        return OAuthReply(status, body, kept)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: nobody listens to Authlib's signals."""


class _MissingError(InvalidRequestError):
    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} is missing.")

"""Token introspection (RFC 7662) and revocation (RFC 7009), on Authlib's endpoints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from gateway.oauth.grants import CONFIDENTIAL, EVERYONE
from gateway.oauth.request_context import OAuthRequestContext, SentToken
from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.clients.scopes import INTROSPECT
from resolvers.oauth import families, refresh_tokens
from resolvers.oauth.families import Family
from store.queue.revocations import News, announce


def family_of(context: OAuthRequestContext, text: str) -> tuple[Family, bool] | None:
    """The family of a refresh token issued here, and True if the token is its newest and still valid; else None."""
    presented = refresh_tokens.read(context.refresh_key, text)
    if presented is None:
        return None
    family = families.find(context.connection, presented, context.refresh_key)
    if family is None:
        return None
    # The revoking or asking client may be another one than the family's; then `check_client` decides.
    void = context.client is not None and family.is_void(context.client.void_until)
    return family, presented.generation == family.generation and not void and not family.is_over(context.now)


def _require_token(request: Any) -> None:
    if "token" not in request.form:
        raise InvalidRequestError("The parameter token is missing.")


class Revocation(RevocationEndpoint):
    """Revokes one access token, or a refresh token with its whole family, from the next request on (O5)."""

    CLIENT_AUTH_METHODS = EVERYONE

    def check_params(self, request: Any, client: RegisteredClient) -> None:
        """Require a token; an unknown token_type_hint is no error (RFC 7009 §2.2)."""
        _require_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> SentToken | Family | None:
        """The token, whatever the hint; a refresh token of any generation, since a sign-out means the whole family."""
        if token_string.startswith(refresh_tokens.PREFIX):
            found = family_of(self.server.context, token_string)
            return None if found is None else found[0]
        sent: SentToken | None = self.server.context.token
        return sent

    def revoke_token(self, token: SentToken | Family, request: Any) -> None:
        """Revoke the token."""
        context: OAuthRequestContext = self.server.context
        if isinstance(token, Family):
            families.end(context.connection, token.id, context.now)
        else:
            until = datetime.fromtimestamp(token.claims.expires_at, UTC)
            announce(context.connection, [News("TOKEN", token.claims.token_id, until)])


class Introspection(IntrospectionEndpoint):
    """Describes a client's own tokens to it, and to resource servers also other clients' access tokens."""

    # Not `none`: an unauthenticated caller could scan for valid tokens (RFC 7662 §2.1, §4).
    CLIENT_AUTH_METHODS = CONFIDENTIAL

    def check_params(self, request: Any, client: RegisteredClient) -> None:
        """Require a token; an unknown token_type_hint is no error (RFC 7662 §2.1)."""
        _require_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> SentToken | Family | None:
        """The token, whatever the hint, if it is valid; None otherwise."""
        if token_string.startswith(refresh_tokens.PREFIX):
            found = family_of(self.server.context, token_string)
            return found[0] if found is not None and found[1] else None
        sent: SentToken | None = self.server.context.token
        return sent

    def check_permission(self, token: SentToken | Family, client: RegisteredClient, request: Any) -> bool:
        """True if the client may see the token; if not, the answer is `active: false`, as for an unknown token."""
        # A token for /mcp is good at no other resource server, so none of them is told that it is active.
        others = isinstance(token, SentToken) and not token.of_agent and INTROSPECT in client.actions
        return token.check_client(client) or others

    def introspect_token(self, token: SentToken | Family) -> dict[str, object]:
        """The introspection response (RFC 7662 §2.2)."""
        if isinstance(token, SentToken):
            kind = "Bearer" if token.claims.jkt is None else "DPoP"
            return {**token.said, "active": True, "token_type": kind}
        return {
            "active": True,
            "client_id": token.client_id,
            "sub": self.server.context.subject(token.sign_in.customer_id),
            "scope": token.scope,
            "exp": int(token.expires_at.timestamp()),
        }

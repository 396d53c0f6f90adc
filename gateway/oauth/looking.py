"""Looking at tokens (RFC 7662) and taking them back (RFC 7009), on Authlib's endpoints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from gateway.oauth.grants import CONFIDENTIAL, EVERYONE
from gateway.oauth.visit import OAuthRequestContext, SentToken
from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.clients.scopes import INTROSPECT
from resolvers.oauth import families, refresh_tokens
from resolvers.oauth.families import Family
from store.queue.revocations import News, announce


def family_of(visit: OAuthRequestContext, text: str) -> tuple[Family, bool] | None:
    """The family of a refresh token that was ours once, and whether the token is its newest and works."""
    presented = refresh_tokens.read(visit.refresh_key, text)
    if presented is None:
        return None
    family = families.find(visit.connection, presented, visit.refresh_key)
    if family is None:
        return None
    void = visit.client is not None and family.is_void(visit.client.void_until)
    return family, presented.generation == family.generation and not void and not family.is_over(visit.now)


def _require_token(request: Any) -> None:
    if "token" not in request.form:
        raise InvalidRequestError("The parameter token is missing.")


class Revocation(RevocationEndpoint):
    """An access token ends alone, a refresh token with its whole family, all on the next request (O5)."""

    CLIENT_AUTH_METHODS = EVERYONE

    def check_params(self, request: Any, client: RegisteredClient) -> None:
        """A hint that is not understood is no error (RFC 7009 §2.2)."""
        _require_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> SentToken | Family | None:
        """The token, whatever the hint says; a refresh token of any generation, for who signs out means all of it."""
        if token_string.startswith(refresh_tokens.PREFIX):
            found = family_of(self.server.visit, token_string)
            return None if found is None else found[0]
        sent: SentToken | None = self.server.visit.token
        return sent

    def revoke_token(self, token: SentToken | Family, request: Any) -> None:
        """End it."""
        visit: OAuthRequestContext = self.server.visit
        if isinstance(token, Family):
            families.end(visit.connection, token.id, visit.now)
        else:
            until = datetime.fromtimestamp(token.claims.expires_at, UTC)
            announce(visit.connection, [News("TOKEN", token.claims.token_id, until)])


class Introspection(IntrospectionEndpoint):
    """Tells authenticated clients about their own tokens; resource servers also about access tokens of others."""

    CLIENT_AUTH_METHODS = CONFIDENTIAL

    def check_params(self, request: Any, client: RegisteredClient) -> None:
        """A hint that is not understood is no error (RFC 7662 §2.1)."""
        _require_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> SentToken | Family | None:
        """The token, whatever the hint says, if it works."""
        if token_string.startswith(refresh_tokens.PREFIX):
            found = family_of(self.server.visit, token_string)
            return found[0] if found is not None and found[1] else None
        sent: SentToken | None = self.server.visit.token
        return sent

    def check_permission(self, token: SentToken | Family, client: RegisteredClient, request: Any) -> bool:
        """Whether it is theirs to look at; if not, it is `active: false`, like one that does not exist."""
        return token.check_client(client) or (isinstance(token, SentToken) and INTROSPECT in client.actions)

    def introspect_token(self, token: SentToken | Family) -> dict[str, object]:
        """What it says (RFC 7662 §2.2)."""
        if isinstance(token, SentToken):
            kind = "Bearer" if token.claims.jkt is None else "DPoP"
            return {**token.said, "active": True, "token_type": kind}
        return {
            "active": True,
            "client_id": token.client_id,
            "sub": self.server.visit.subject(token.sign_in.customer_id),
            "scope": token.scope,
            "exp": int(token.expires_at.timestamp()),
        }

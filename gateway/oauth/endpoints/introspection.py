"""`/oauth/introspect` (RFC 7662) and `/oauth/revoke` (RFC 7009)."""

from __future__ import annotations

from starlette.types import Scope

from gateway.access.oauth_errors import OAuthReply
from gateway.oauth.authentication import AuthenticatedClient
from gateway.oauth.endpoints.endpoint import Endpoint
from gateway.oauth.parameters import Parameters
from gateway.oauth.server import GrantServer
from gateway.oauth.visit import OAuthRequest, OAuthRequestContext, SentToken
from gateway.tokens.tokens import TokenError
from resolvers.oauth import refresh_tokens


class _Looking(Endpoint):
    async def visit(self, form: Parameters, known: AuthenticatedClient) -> OAuthRequestContext:
        """The visit, with the access token that was sent, if it is one and works."""
        house = self.house
        text = form.get("token") or ""
        sent = None if text.startswith(refresh_tokens.PREFIX) else await self._sent(text)
        refresh_key, ids = await house.refresh_key(), house.store.keys.system.ids
        return OAuthRequestContext(
            known.client, known.method, None, house.now, house.lives, None, refresh_key, token=sent, ids=ids
        )

    async def _sent(self, text: str) -> SentToken | None:
        house = self.house
        try:
            said, kid = await house.tokens.prove(text.encode())
            claims = house.tokens.claims_of(said, kid)
        except TokenError:
            return None
        await house.revocations.follow()
        if await house.revocations.has_ended(claims.marks):
            return None
        registration = await house.registry.find(claims.client_id)
        if registration is None or registration.voids(claims.issued_at):
            return None
        return SentToken(claims, said)


class IntrospectionEndpoint(_Looking):
    """Tells what a token is good for."""

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """What it says, or `active: false`; only refresh tokens are looked up in the store."""
        visit = await self.visit(form, known)
        asked = self.asked(scope, form)
        if (form.get("token") or "").startswith(refresh_tokens.PREFIX):
            return await self.within(visit, asked, _tell)
        return _tell(GrantServer(visit), asked)


class RevocationEndpoint(_Looking):
    """Takes tokens back."""

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """Nothing but that it was done; a token that is unknown or over counts as done (RFC 7009 §2.2)."""
        return await self.within(await self.visit(form, known), self.asked(scope, form), _end)


def _tell(server: GrantServer, asked: OAuthRequest) -> OAuthReply:
    reply: OAuthReply = server.create_endpoint_response("introspection", asked)
    return reply


def _end(server: GrantServer, asked: OAuthRequest) -> OAuthReply:
    reply: OAuthReply = server.create_endpoint_response("revocation", asked)
    return reply

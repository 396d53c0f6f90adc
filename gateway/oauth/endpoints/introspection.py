"""`/oauth/introspect` (RFC 7662) and `/oauth/revoke` (RFC 7009)."""

from __future__ import annotations

from starlette.types import Scope

from gateway.access.oauth_errors import OAuthReply
from gateway.oauth.authentication import AuthenticatedClient
from gateway.oauth.endpoints.endpoint import AuthorizationServer, Endpoint
from gateway.oauth.endpoints.login_names import LoginNames
from gateway.oauth.parameters import Parameters
from gateway.oauth.request_context import OAuthRequest, OAuthRequestContext, SentToken
from gateway.oauth.server import GrantServer
from gateway.tokens.tokens import TokenError, TokenFault
from resolvers.oauth import refresh_tokens


class _TokenEndpoint(Endpoint):
    async def context(self, form: Parameters, known: AuthenticatedClient) -> OAuthRequestContext:
        """The context with the access token of the form, if it is a valid one."""
        server = self.server
        text = form.get("token") or ""
        sent = None if text.startswith(refresh_tokens.PREFIX) else await self._sent(text)
        refresh_key, ids = await server.refresh_key(), server.store.keys.system.ids
        return OAuthRequestContext(
            known.client, known.method, None, server.now, server.lifetimes, None, refresh_key, token=sent, ids=ids
        )

    async def _sent(self, text: str) -> SentToken | None:
        server = self.server
        of_agent = False
        try:
            try:
                said, kid = await server.tokens.prove(text.encode())
            except TokenError as error:
                if error.fault is not TokenFault.AUDIENCE:
                    raise
                of_agent = True
                said, kid = await server.agent_tokens.prove(text.encode())
            claims = server.tokens.claims_of(said, kid)
        except TokenError:
            return None
        await server.revocations.follow()
        if await server.revocations.has_ended(claims.marks):
            return None
        registration = await server.registry.find(claims.client_id)
        # The same checks as for a request: a token must not look active that /graphql would refuse.
        if registration is None or registration.voids(claims.issued_at):
            return None
        return SentToken(claims, said, of_agent)


class IntrospectionEndpoint(_TokenEndpoint):
    """`/oauth/introspect`: describes a token."""

    def __init__(self, server: AuthorizationServer) -> None:
        super().__init__(server)
        self._names = None if server.api is None else LoginNames(server, server.api)

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """The introspection response; only refresh tokens need a transaction."""
        context = await self.context(form, known)
        asked = self.asked(scope, form)
        if (form.get("token") or "").startswith(refresh_tokens.PREFIX):
            return await self.within(context, asked, _report)
        reply = _report(GrantServer(context), asked)
        if self._names is not None and context.token is not None and reply.body.get("active") is True:
            username = await self._names.name(known.client, context.token)
            reply.body.update({} if username is None else {"username": username})
        return reply


class RevocationEndpoint(_TokenEndpoint):
    """`/oauth/revoke`: revokes a token."""

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """An empty success, also for a token that is unknown or has expired (RFC 7009 §2.2)."""
        return await self.within(await self.context(form, known), self.asked(scope, form), _end)


def _report(server: GrantServer, asked: OAuthRequest) -> OAuthReply:
    reply: OAuthReply = server.create_endpoint_response("introspection", asked)
    return reply


def _end(server: GrantServer, asked: OAuthRequest) -> OAuthReply:
    reply: OAuthReply = server.create_endpoint_response("revocation", asked)
    return reply

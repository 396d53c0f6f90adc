"""`/oauth/token`: the token endpoint (RFC 6749 §3.2)."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import Scope

from gateway.access.oauth_errors import OAuthReply, ProofError
from gateway.oauth.authentication import NONE, AuthenticatedClient
from gateway.oauth.endpoints.endpoint import Endpoint
from gateway.oauth.parameters import Parameters
from gateway.oauth.request_context import OAuthRequest, OAuthRequestContext
from gateway.oauth.server import GrantServer
from gateway.signin.frame.visitors import visitor_of
from resolvers.account.signins_evaluating import Arrival
from resolvers.clients.oauth_clients import CODE, REFRESH
from resolvers.signins.signins import Visitor

WRITING = frozenset({CODE, REFRESH})
"""The grants that write to the store; client credentials need no transaction."""


class TokenEndpoint(Endpoint):
    """Issues tokens."""

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """1. check the resource; 2. check the DPoP proof, required of clients registered for it; 3. run the grant.

        The proof is spent when the grant has succeeded (G14, O7): in the transaction of the code or refresh token, or,
        for client credentials, before the answer is sent.
        """
        server = self.server
        audience = server.require_target(form, known.client)  # 1
        proven = await server.proven(scope)  # 2
        if proven is None and known.client.dpop:
            raise ProofError("This client is registered for tokens that are bound to a key: send a DPoP proof.")
        context = OAuthRequestContext(
            known.client,
            known.method,
            None if proven is None else proven.thumbprint,
            server.now,
            server.lifetimes,
            await server.tokens.signer(),
            await server.refresh_key(),
            proven=proven,
            subjects=server.subject_key,
            audience=audience,
        )
        visitor = visitor_of(HTTPConnection(scope), server.settings.proxies, server.settings.proxy_header, None)
        # Only public clients call from the customer's own device; a server's place says nothing about the customer.
        if known.method == NONE:
            context = replace(context, contexts=server.evaluator.contexts(visitor))
        asked = self.asked(scope, form)
        if form.get("grant_type") in WRITING:  # 3
            return await self._written(context, asked, visitor)
        reply = _give(GrantServer(context), asked)
        # After the grant: a refused request has not used its proof up, and writes nothing.
        if proven is not None and reply.status == HTTPStatus.OK:
            await server.proofs.spend(proven)
        return reply

    async def _written(self, context: OAuthRequestContext, asked: OAuthRequest, visitor: Visitor) -> OAuthReply:
        """The answer of a grant that writes; the use of a family in a new place is recorded with it (S12)."""
        server = self.server
        async with server.store.write() as connection:
            reply, arrival = await connection.run_sync(lambda inner: _given(GrantServer(context.inside(inner)), asked))
            # Recorded if the token was used or refused for its place; a request that failed otherwise proves nothing.
            if arrival is not None and (reply.status == 200 or not arrival.finding.verdict.admits):
                await server.evaluator.arrived(connection, arrival, visitor, server.now)
        return reply


def _given(server: GrantServer, asked: OAuthRequest) -> tuple[OAuthReply, Arrival | None]:
    return _give(server, asked), server.arrival


def _give(server: GrantServer, asked: OAuthRequest) -> OAuthReply:
    reply: OAuthReply = server.create_token_response(asked)
    return reply

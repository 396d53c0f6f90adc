"""`/oauth/token`: grants become tokens (RFC 6749 §3.2)."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import Scope

from gateway.access.oauth_errors import OAuthReply, ProofError
from gateway.oauth.authentication import NONE, AuthenticatedClient
from gateway.oauth.endpoints.endpoint import Endpoint
from gateway.oauth.parameters import Parameters
from gateway.oauth.server import GrantServer
from gateway.oauth.visit import OAuthRequest, OAuthRequestContext
from gateway.signin.frame.visitors import visitor_of
from resolvers.account.signins_evaluating import Arrival
from resolvers.clients.oauth_clients import CODE, REFRESH
from resolvers.signins.signins import Visitor

WRITING = frozenset({CODE, REFRESH})
"""The grants that change what the store holds; the others take no transaction."""


class TokenEndpoint(Endpoint):
    """Gives tokens."""

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """1. for us; 2. bound to a key, if the client must or wants it; 3. what the grant says.

        A proof is spent once the grant was found good: with the code or the refresh token, in their transaction, or
        after a client has proven itself, before its answer leaves (G14, O7).
        """
        house = self.house
        house.require_target(form)  # 1
        proven = await house.proven(scope)  # 2
        if proven is None and known.client.dpop:
            raise ProofError("This client is registered for tokens that are bound to a key: send a DPoP proof.")
        visit = OAuthRequestContext(
            known.client,
            known.method,
            None if proven is None else proven.thumbprint,
            house.now,
            house.lives,
            await house.tokens.signer(),
            await house.refresh_key(),
            proven=proven,
        )
        visitor = visitor_of(HTTPConnection(scope), house.settings.proxies, house.settings.proxy_header, None)
        if known.method == NONE:
            visit = replace(visit, contexts=house.evaluator.contexts(visitor))
        asked = self.asked(scope, form)
        if form.get("grant_type") in WRITING:  # 3
            return await self._written(visit, asked, visitor)
        reply = _give(GrantServer(visit), asked)
        if proven is not None and reply.status == HTTPStatus.OK:
            await house.proofs.spend(proven)
        return reply

    async def _written(self, visit: OAuthRequestContext, asked: OAuthRequest, visitor: Visitor) -> OAuthReply:
        """The answer of a grant that writes; where its family turned up elsewhere, that is written with it (S12)."""
        house = self.house
        async with house.store.write() as connection:
            reply, arrival = await connection.run_sync(lambda inner: _given(GrantServer(visit.inside(inner)), asked))
            if arrival is not None and (reply.status == 200 or not arrival.finding.verdict.admits):
                await house.evaluator.arrived(connection, arrival, visitor, house.now)
        return reply


def _given(server: GrantServer, asked: OAuthRequest) -> tuple[OAuthReply, Arrival | None]:
    return _give(server, asked), server.arrival


def _give(server: GrantServer, asked: OAuthRequest) -> OAuthReply:
    reply: OAuthReply = server.create_token_response(asked)
    return reply

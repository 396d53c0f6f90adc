"""`/oauth/token`: grants become tokens (RFC 6749 §3.2)."""

from __future__ import annotations

from starlette.types import Scope

from gateway.oauth.authentication import Known
from gateway.oauth.clients import CODE, REFRESH
from gateway.oauth.endpoint import Endpoint
from gateway.oauth.errors import ProofError, Reply
from gateway.oauth.parameters import Parameters
from gateway.oauth.server import Server
from gateway.oauth.visit import Asked, Visit

WRITING = frozenset({CODE, REFRESH})
"""The grants that change what the store holds; the others take no transaction."""


class TokenEndpoint(Endpoint):
    """Gives tokens."""

    async def answer(self, scope: Scope, form: Parameters, known: Known) -> Reply:
        """1. for us; 2. bound to a key, if the client must or wants it; 3. what the grant says."""
        house = self.house
        house.require_target(form)  # 1
        jkt = await house.proven_key(scope)  # 2
        if jkt is None and known.client.dpop:
            raise ProofError("This client is registered for tokens that are bound to a key: send a DPoP proof.")
        visit = Visit(
            known.client,
            known.method,
            jkt,
            house.now,
            house.lives,
            await house.tokens.signer(),
            await house.refresh_key(),
        )
        asked = self.asked(scope, form)
        if form.get("grant_type") in WRITING:  # 3
            return await self.within(visit, asked, _give)
        return _give(Server(visit), asked)


def _give(server: Server, asked: Asked) -> Reply:
    reply: Reply = server.create_token_response(asked)
    return reply

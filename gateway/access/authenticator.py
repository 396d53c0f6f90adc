"""The one place where a token becomes a grant: proven, narrowed to what its client is registered for, remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NewType

from cachetools import LRUCache

from gateway.access.dpop import Call, DPoPVerifier
from gateway.access.oauth_errors import NonceError, ProofError
from gateway.access.provider import PREFIX, Provider
from gateway.config.request_names import name_client
from gateway.http import problems
from gateway.http.credentials import DPoPProof
from gateway.tokens.signing_keys import SigningKeys
from gateway.tokens.tokens import Claims, TokenError, TokenFault, Tokens
from policy.agents import AGENT
from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.clients.registry import ClientRegistry, Registration
from resolvers.clients.scopes import CONSENTED
from store.queue.revocation_list import Revocations

VerifiedGrant = NewType("VerifiedGrant", Grant)
"""A grant of a verified token: only `Authenticator.authenticate` makes one."""

REMEMBERED = 32 * 2**20
"""The most bytes of verified tokens in the cache, by estimate; the least recently used are verified again (G15)."""
ENTRY = 2_500
"""Bytes that one cache entry takes beside the token's text."""


@dataclass(slots=True)
class _Admitted:
    claims: Claims
    registration: Registration
    grant: VerifiedGrant
    weight: int


class Authenticator:
    """Authenticates requests by their access token, and caches verified tokens by their text until they expire."""

    def __init__(
        self,
        tokens: Tokens,
        keys: SigningKeys,
        clients: ClientRegistry,
        revocations: Revocations,
        proofs: DPoPVerifier,
        clock: Callable[[], float],
        provider: Provider | None = None,
        *,
        agents: bool = False,
    ) -> None:
        """`agents`: for /mcp, where only clients with the action `agent` are let in."""
        self._agents = agents
        self._tokens = tokens
        self._keys = keys
        self._clients = clients
        self._revocations = revocations
        self._proofs = proofs
        self._clock = clock
        self._provider = provider
        self._remembered: LRUCache[bytes, _Admitted] = LRUCache(REMEMBERED, getsizeof=_weight)

    async def authenticate(self, token: bytes, proof: DPoPProof | None = None) -> VerifiedGrant:
        """The grant of this token; TokenError if it is not accepted, StoreUnavailableError if that cannot be checked.

        1. the token's signature was verified, now or earlier, with a key that is still ours; 2. it has not expired;
        3. neither it nor its session, token family or customer was revoked, at any replica, before this request came;
        4. its client is registered and enabled at this moment, and at /mcp has the action `agent`; 5. the grant is no
        more than both the token and the registration allow; 6. the sender holds the key that the token is bound to, if
        it is bound to one (RFC 9449).
        """
        # Only the signature is cached. Expiry, revocation and registration change, so each request checks them.
        known = self._remembered.get(token)
        if known is None or not self._is_known(known.claims.key_id):
            claims = await self._verify(token)  # 1, and 2 for the first time
        else:
            claims = known.claims
            if claims.expires_at <= self._clock():  # 2
                # Popped, so that a token that can never be good again takes no room in the cache.
                self._remembered.pop(token, None)
                raise TokenError(TokenFault.EXPIRED)
        # Before the look-up: the list is brought up to date first, or a revocation of this moment would be missed.
        await self._revocations.follow()  # 3
        if await self._revocations.has_ended(claims.marks):
            self._remembered.pop(token, None)
            raise TokenError(TokenFault.REVOKED)
        registration = await self._clients.find(claims.client_id)  # 4
        if registration is None:
            raise TokenError(TokenFault.CLIENT)
        if self._agents and AGENT not in registration.scopes:
            raise TokenError(TokenFault.AGENT)
        if registration.voids(claims.issued_at):
            self._remembered.pop(token, None)
            raise TokenError(TokenFault.REVOKED)
        # The registry returns the same object until the row changes, so identity tells a stale grant from a good one.
        if known is None or known.claims is not claims or known.registration is not registration:
            grant = VerifiedGrant(grant_of(claims, registration, agent=self._agents))  # 5
            known = _Admitted(claims, registration, grant, ENTRY + 2 * len(token))
        # Last, because it uses up the proof: a request refused for another reason may send it again (G14).
        if claims.jkt is not None or proof is not None:
            await self._check_possession(token, claims.jkt, proof)  # 6
        if known is not self._remembered.get(token):
            self._remembered[token] = known
        name_client(known.grant.client_id)
        return known.grant

    async def authenticate_first_party(self, token: bytes, proof: DPoPProof | None = None) -> VerifiedGrant:
        """Authenticate at the addresses beside /graphql; Problem 403 for a third party's client (O10)."""
        grant = await self.authenticate(token, proof)
        if grant.third_party:
            raise problems.first_party_only()
        return grant

    async def _verify(self, token: bytes) -> Claims:
        """Verify with our own keys, or with the identity provider's if the token's `iss` names it."""
        if self._provider is not None and (seen := self._provider.seen(token)) is not None:
            return await self._provider.verify(seen)
        return await self._tokens.verify(token)

    def _is_known(self, key_id: str) -> bool:
        # A key that was withdrawn must end the tokens verified with it, also those in the cache.
        if self._provider is not None and key_id.startswith(PREFIX):
            return self._provider.knows(key_id)
        return self._keys.knows(key_id)

    async def _check_possession(self, token: bytes, thumbprint: str | None, proof: DPoPProof | None) -> None:
        """RFC 9449 §7: a bound token comes as `DPoP` with a proof of its key, an unbound one as `Bearer`."""
        # A bound token sent as Bearer is refused too (§7.2): accepting it would void the binding.
        if proof is None:
            raise TokenError(TokenFault.BOUND)
        if thumbprint is None:
            raise TokenError(TokenFault.UNBOUND)
        try:
            proven = await self._proofs.check(proof.text, Call(proof.method, proof.path, token))
            # A valid proof of another key proves only that the sender has some key (RFC 9449 §7.1). Compared before it
            # is spent, so that a mismatch writes nothing.
            if proven.thumbprint != thumbprint:
                raise ProofError
            await self._proofs.spend(proven)
        except NonceError as error:
            raise TokenError(TokenFault.NONCE, error.nonce) from error
        except ProofError as error:
            raise TokenError(TokenFault.PROOF) from error


def _weight(admitted: _Admitted) -> int:
    return admitted.weight


def grant_of(claims: Claims, registration: Registration, *, agent: bool = False) -> Grant:
    """The intersection of what the token and its client's registration allow.

    A customer's token carries only purposes for one's own data, and a tool's token none of them: so no mistake in a
    registration lets a customer's token read other customers. In a third party's client a customer's token carries the
    scopes that customers can consent to, and nothing else, whatever the token says (O10). `agent`: it comes to /mcp.
    """
    asked = {purpose for scope in claims.scopes if (purpose := Purpose.of_scope(scope)) is not None}
    own = claims.subject is not None
    scopes = claims.scopes & registration.scopes
    third_party = own and not registration.first_party
    if third_party:
        # Narrowed again, though issuance has done so: neither a forged row nor an old token may widen it (D11).
        scopes &= CONSENTED
        asked = {Purpose.SELF_SERVICE} if scopes else set()
    return Grant(
        token_id=claims.token_id,
        client_id=claims.client_id,
        subject=claims.subject,
        purposes=frozenset(purpose for purpose in asked & registration.purposes if purpose.own_data_only == own),
        scopes=scopes,
        expires_at=claims.expires_at,
        refusal=registration.refusal,
        documents_only=registration.documents_only,
        observed=registration.observed,
        introspection=registration.introspection,
        max_page=registration.max_page,
        session_id=None if claims.basis is None else claims.basis.session_id,
        authenticated_at=None if claims.basis is None else claims.basis.authenticated_at,
        customers_per_hour=registration.customers_per_hour,
        over=registration.over,
        partner=registration.partner,
        third_party=third_party,
        origins=registration.origins,
        names_person=registration.names_person and not own,
        agent=agent,
    )

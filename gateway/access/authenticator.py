"""The one place where a token becomes a grant: proven, narrowed to what its client is registered for, remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NewType

from cachetools import LRUCache

from gateway.access.dpop import Call, DPoPVerifier
from gateway.access.oauth_errors import NonceError, ProofError
from gateway.access.provider import MARK, Provider
from gateway.http import problems
from gateway.http.credentials import DPoPProof
from gateway.tokens.signing_keys import SigningKeys
from gateway.tokens.tokens import Claims, TokenError, TokenFault, Tokens
from policy.app_scopes import APP_SCOPES
from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.clients.registry import ClientRegistry, Registration
from store.queue.revocation_list import Revocations

VerifiedGrant = NewType("VerifiedGrant", Grant)
"""A grant that the door gave out: only `Authenticator.admit` makes one."""

REMEMBERED = 32 * 2**20
"""The most bytes of tokens remembered as verified, by estimate; the least recently used are verified again."""
ENTRY = 2_500
"""Bytes that one takes beside its text."""


@dataclass(slots=True)
class _Admitted:
    claims: Claims
    registration: Registration
    grant: VerifiedGrant
    weight: int


class Authenticator:
    """Admits requests by their token. A token is verified once, then found again by its text until it expires."""

    def __init__(
        self,
        tokens: Tokens,
        keys: SigningKeys,
        clients: ClientRegistry,
        revocations: Revocations,
        proofs: DPoPVerifier,
        clock: Callable[[], float],
        provider: Provider | None = None,
    ) -> None:
        self._tokens = tokens
        self._keys = keys
        self._clients = clients
        self._revocations = revocations
        self._proofs = proofs
        self._clock = clock
        self._provider = provider
        self._remembered: LRUCache[bytes, _Admitted] = LRUCache(REMEMBERED, getsizeof=_weight)

    async def admit(self, token: bytes, proof: DPoPProof | None = None) -> VerifiedGrant:
        """What the bearer of this token may do; TokenError when nothing, StoreUnavailableError when nobody can tell.

        1. the token is proven, now or earlier, by a key that is still ours; 2. it has not expired; 3. neither it nor
        what it rests on was revoked, at any replica, before this request came; 4. its client is registered and enabled
        at this moment; 5. the grant is no more than both the token and the registration say; 6. whoever sends it holds
        the key that it is bound to, if it is bound to one.
        """
        known = self._remembered.get(token)
        if known is None or not self._is_known(known.claims.key_id):
            claims = await self._verify(token)  # 1, and 2 for the first time
        else:
            claims = known.claims
            if claims.expires_at <= self._clock():  # 2
                self._remembered.pop(token, None)
                raise TokenError(TokenFault.EXPIRED)
        await self._revocations.follow()  # 3
        if await self._revocations.has_ended(claims.marks):
            self._remembered.pop(token, None)
            raise TokenError(TokenFault.REVOKED)
        registration = await self._clients.find(claims.client_id)  # 4
        if registration is None:
            raise TokenError(TokenFault.CLIENT)
        if registration.voids(claims.issued_at):
            self._remembered.pop(token, None)
            raise TokenError(TokenFault.REVOKED)
        if known is None or known.claims is not claims or known.registration is not registration:
            grant = VerifiedGrant(grant_of(claims, registration))  # 5
            known = _Admitted(claims, registration, grant, ENTRY + 2 * len(token))
        if claims.jkt is not None or proof is not None:
            await self._check_possession(token, claims.jkt, proof)  # 6
        if known is not self._remembered.get(token):
            self._remembered[token] = known
        return known.grant

    async def admit_first_party(self, token: bytes, proof: DPoPProof | None = None) -> VerifiedGrant:
        """The same at the addresses beside /graphql; Problem 403 for an app of somebody else (O10)."""
        grant = await self.admit(token, proof)
        if grant.third_party:
            raise problems.first_party_only()
        return grant

    async def _verify(self, token: bytes) -> Claims:
        """By our own keys, or the identity provider's if the token says that it is from there."""
        if self._provider is not None and (seen := self._provider.seen(token)) is not None:
            return await self._provider.verify(seen)
        return await self._tokens.verify(token)

    def _is_known(self, key_id: str) -> bool:
        if self._provider is not None and key_id.startswith(MARK):
            return self._provider.knows(key_id)
        return self._keys.knows(key_id)

    async def _check_possession(self, token: bytes, thumbprint: str | None, proof: DPoPProof | None) -> None:
        """RFC 9449 §7: a bound token comes as `DPoP` with a proof of its key, another one as `Bearer`."""
        if proof is None:
            raise TokenError(TokenFault.BOUND)
        if thumbprint is None:
            raise TokenError(TokenFault.UNBOUND)
        try:
            proven = await self._proofs.check(proof.text, Call(proof.method, proof.path, token))
            if proven.thumbprint != thumbprint:
                raise ProofError
            await self._proofs.spend(proven)
        except NonceError as error:
            raise TokenError(TokenFault.NONCE, error.nonce) from error
        except ProofError as error:
            raise TokenError(TokenFault.PROOF) from error


def _weight(admitted: _Admitted) -> int:
    return admitted.weight


def grant_of(claims: Claims, registration: Registration) -> Grant:
    """What both the token and the client's registration allow.

    A token about a customer carries purposes for one's own data only, and a token of a tool none of them: so no
    mistake in a registration lets a customer's token read others. A customer's token of a client that is not our own
    carries the scopes that customers can allow, and nothing else, whatever it says (O10).
    """
    asked = {purpose for scope in claims.scopes if (purpose := Purpose.of_scope(scope)) is not None}
    own = claims.subject is not None
    scopes = claims.scopes & registration.scopes
    third_party = own and not registration.first_party
    if third_party:
        scopes &= APP_SCOPES
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
        introspection=registration.introspection,
        max_page=registration.max_page,
        session_id=None if claims.basis is None else claims.basis.session_id,
        authenticated_at=None if claims.basis is None else claims.basis.authenticated_at,
        customers_per_hour=registration.customers_per_hour,
        over=registration.over,
        partner=registration.partner,
        third_party=third_party,
    )

"""The one place where a token becomes a grant: proven, narrowed to what its client is registered for, remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NewType

from gateway.clients import ClientRegistry, Registration
from gateway.signing_keys import SigningKeys
from gateway.tokens import Claims, Fault, TokenError, Tokens
from policy.grant import Grant
from policy.purposes import Purpose

VerifiedGrant = NewType("VerifiedGrant", Grant)
"""A grant that the door gave out: only `Door.admit` makes one."""

REMEMBERED = 10_000
"""The most tokens remembered as verified; the least recently used are verified again."""


@dataclass(slots=True)
class _Admitted:
    claims: Claims
    registration: Registration
    grant: VerifiedGrant


class Door:
    """Admits requests by their token. A token is verified once, then found again by its text until it expires."""

    def __init__(self, tokens: Tokens, keys: SigningKeys, clients: ClientRegistry, clock: Callable[[], float]) -> None:
        self._tokens = tokens
        self._keys = keys
        self._clients = clients
        self._clock = clock
        self._remembered: OrderedDict[bytes, _Admitted] = OrderedDict()

    async def admit(self, token: bytes) -> VerifiedGrant:
        """What the bearer of this token may do; TokenError when nothing, StoreUnavailable when nobody can tell.

        1. the token is proven, now or earlier, by a key that is still ours; 2. it has not expired; 3. its client is
        registered and enabled at this moment; 4. the grant is no more than both the token and the registration say.
        """
        known = self._remembered.get(token)
        if known is None or not self._keys.knows(known.claims.key_id):
            claims = await self._tokens.verify(token)  # 1, and 2 for the first time
        else:
            claims = known.claims
            if claims.expires_at <= self._clock():  # 2
                self._remembered.pop(token, None)
                raise TokenError(Fault.EXPIRED)
        registration = await self._clients.find(claims.client_id)  # 3
        if registration is None:
            raise TokenError(Fault.CLIENT)
        if known is None or known.claims is not claims or known.registration is not registration:
            known = _Admitted(claims, registration, VerifiedGrant(grant_of(claims, registration)))  # 4
        self._remember(token, known)
        return known.grant

    def _remember(self, token: bytes, admitted: _Admitted) -> None:
        self._remembered[token] = admitted
        self._remembered.move_to_end(token)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)


def grant_of(claims: Claims, registration: Registration) -> Grant:
    """What both the token and the client's registration allow.

    A token about a customer carries purposes for one's own data only, and a token of a tool none of them: so no
    mistake in a registration lets a customer's token read others.
    """
    asked = {purpose for scope in claims.scopes if (purpose := Purpose.of_scope(scope)) is not None}
    own = claims.subject is not None
    return Grant(
        token_id=claims.token_id,
        client_id=claims.client_id,
        subject=claims.subject,
        purposes=frozenset(purpose for purpose in asked & registration.purposes if purpose.own_data_only == own),
        scopes=claims.scopes & registration.scopes,
        expires_at=claims.expires_at,
        refusal=registration.refusal,
        documents_only=registration.documents_only,
        introspection=registration.introspection,
        max_page=registration.max_page,
    )

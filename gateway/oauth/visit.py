"""One request at the authorization server: what was found out about it before a grant is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from authlib.oauth2.rfc6749 import OAuth2Request, TokenMixin
from authlib.oauth2.rfc6749.requests import OAuth2Payload
from sqlalchemy import Connection

from gateway.access.dpop import VerifiedDPoPProof
from gateway.oauth.parameters import Parameters
from gateway.tokens.tokens import Basis, Claims, TokenSigner
from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.oauth.families import Family, Lifetimes
from resolvers.signins.contexts import SignInContext
from store.crypto.global_ids import GlobalIds


@dataclass(frozen=True, slots=True)
class SentToken(TokenMixin):
    """A good access token of ours: proven, not expired, not revoked; `said` is everything it says."""

    claims: Claims
    said: Mapping[str, object] = field(repr=False)

    def check_client(self, client: RegisteredClient) -> bool:
        """Whether it was given to this client."""
        return self.claims.client_id == client.client_id

    def is_expired(self) -> bool:
        """False: it would not be here."""
        return False

    def is_revoked(self) -> bool:
        """False: it would not be here."""
        return False


@dataclass(frozen=True, slots=True)
class OAuthRequestContext:
    """Who asks, with which proof, at what moment, and what is needed to answer.

    The connection is a transaction on the store that is committed after the answer was made, errors included: what a
    refusal has to write (a family that ends because its token was used twice) is written.
    """

    client: RegisteredClient | None
    method: str
    jkt: str | None
    """The key whose possession was proven beside the request."""
    now: datetime
    lives: Lifetimes
    signer: TokenSigner | None = None
    refresh_key: bytes = field(default=b"", repr=False)
    opened: Connection | None = None
    contexts: Callable[[int], SignInContext | None] | None = None
    """Network, country and device, for a customer; None for a client that proves who it is: it asks from a server, not
    a customer."""
    token: SentToken | None = None
    """The access token that was sent to be looked at or revoked; None when it is not good."""
    proven: VerifiedDPoPProof | None = None
    """The proof behind `jkt`, which is not spent yet."""

    ids: GlobalIds | None = field(default=None, repr=False)

    def subject(self, customer_id: int) -> str:
        """The customer as tokens name them: `sub`, the `id` of the API. RuntimeError where nobody was to be named."""
        if self.ids is None:
            raise RuntimeError("this request names no customer")
        return self.ids("Customer", customer_id, customer_id)

    @property
    def connection(self) -> Connection:
        """The transaction; RuntimeError for a request that was thought to need none."""
        if self.opened is None:
            raise RuntimeError("this request has no transaction")
        return self.opened

    def spend_proof(self) -> None:
        """Use the proof up with what it came with, in this transaction; ProofError when it was used before."""
        if self.proven is not None:
            self.proven.spend_within(self.connection)

    def inside(self, connection: Connection) -> OAuthRequestContext:
        """The same, with a transaction."""
        return replace(self, opened=connection)

    def access_token(self, scopes: frozenset[str], family: Family | None) -> tuple[str, int]:
        """A signed access token and its life in seconds; never longer than its family's."""
        if self.signer is None or self.client is None:
            raise RuntimeError("this request gets no token")
        life = self.lives.token if family is None else min(self.lives.token, family.ends_at - self.now)
        seconds = max(1, life // timedelta(seconds=1))
        basis = None if family is None else basis_of(family)
        return self.signer.sign(self.client.client_id, scopes, seconds, basis=basis, jkt=self.jkt), seconds


def basis_of(family: Family) -> Basis:
    """The sign-in that a family's tokens rest on."""
    sign_in = family.sign_in
    at = int(sign_in.authenticated_at.timestamp())
    return Basis(sign_in.customer_id, sign_in.session_id, family.id, at, sign_in.amr)


class _Payload(OAuth2Payload):
    def __init__(self, parameters: Parameters) -> None:
        self._values = dict(parameters.values)

    @property
    def data(self) -> dict[str, str]:
        """What was sent, by name."""
        return self._values

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The same; nothing was sent twice."""
        return {name: [value] for name, value in self._values.items()}


class OAuthRequest(OAuth2Request):
    """A request as Authlib reads it, of parameters that were judged before."""

    def __init__(self, method: str, address: str, parameters: Parameters) -> None:
        super().__init__(method, address)
        self.payload = _Payload(parameters)

    @property
    def args(self) -> dict[str, str]:
        """The parameters."""
        return self.payload.data

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        return self.payload.data

"""The context of one request at the authorization server: client, proof of possession, time and transaction."""

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
from store.crypto.subject_key import SubjectKey


@dataclass(frozen=True, slots=True)
class SentToken(TokenMixin):
    """A valid access token of ours, sent to be introspected or revoked; `said` has all its claims."""

    claims: Claims
    said: Mapping[str, object] = field(repr=False)
    of_agent: bool = False
    """True for a token that is meant for /mcp."""

    def check_client(self, client: RegisteredClient) -> bool:
        """True if the token was issued to this client."""
        return self.claims.client_id == client.client_id

    def is_expired(self) -> bool:
        """False: only valid tokens get here."""
        return False

    def is_revoked(self) -> bool:
        """False: only valid tokens get here."""
        return False


@dataclass(frozen=True, slots=True)
class OAuthRequestContext:
    """The client, its proof of possession, the time, and what is needed to answer.

    The connection is a transaction that is committed with every answer, errors included, because some refusals write:
    reuse of a refresh token revokes its family.
    """

    client: RegisteredClient | None
    method: str
    jkt: str | None
    """Thumbprint of the key whose possession the request's DPoP proof shows."""
    now: datetime
    lifetimes: Lifetimes
    signer: TokenSigner | None = None
    refresh_key: bytes = field(default=b"", repr=False)
    opened: Connection | None = None
    contexts: Callable[[int], SignInContext | None] | None = None
    """Gives network, country and device, for a customer; None for confidential clients, which call from a server."""
    token: SentToken | None = None
    """The access token to introspect or revoke; None if it is not valid."""
    proven: VerifiedDPoPProof | None = None
    """The proof behind `jkt`, not spent yet."""

    audience: str | None = None
    """The resource that the access token is meant for; None: the API."""

    ids: GlobalIds | None = field(default=None, repr=False)
    subjects: Callable[[int], SubjectKey | None] | None = field(default=None, repr=False)
    """Gives the key of a customer, or None once it is destroyed; called within `run_sync`."""

    def subject(self, customer_id: int) -> str:
        """The customer's `sub` in tokens, which is the `id` of the API. RuntimeError if the context has no ids."""
        if self.ids is None:
            raise RuntimeError("this request names no customer")
        return self.ids("Customer", customer_id, customer_id)

    def subject_key(self, customer_id: int) -> SubjectKey | None:
        """The key of a customer; None once it is destroyed. RuntimeError if the request names no customer."""
        if self.subjects is None:
            raise RuntimeError("this request names no customer")
        return self.subjects(customer_id)

    def id_token(self, claims: Mapping[str, object], seconds: int) -> str:
        """A signed ID token. RuntimeError if the request gets no token."""
        if self.signer is None:
            raise RuntimeError("this request gets no token")
        return self.signer.sign_id_token(claims, seconds)

    @property
    def connection(self) -> Connection:
        """The transaction; RuntimeError if the request was made without one."""
        if self.opened is None:
            raise RuntimeError("this request has no transaction")
        return self.opened

    def spend_proof(self) -> None:
        """Spend the DPoP proof in this transaction; ProofError if it was used before."""
        if self.proven is not None:
            self.proven.spend_within(self.connection)

    def inside(self, connection: Connection) -> OAuthRequestContext:
        """The same context with a transaction."""
        return replace(self, opened=connection)

    def access_token(self, scopes: frozenset[str], family: Family | None) -> tuple[str, int]:
        """A signed access token and its lifetime in seconds, which never exceeds its family's. RuntimeError."""
        if self.signer is None or self.client is None:
            raise RuntimeError("this request gets no token")
        # Capped, or the last access token would outlive the absolute timeout of its family.
        life = self.lifetimes.token if family is None else min(self.lifetimes.token, family.ends_at - self.now)
        seconds = max(1, life // timedelta(seconds=1))
        basis = None if family is None else basis_of(family)
        text = self.signer.sign(
            self.client.client_id, scopes, seconds, basis=basis, jkt=self.jkt, audience=self.audience
        )
        return text, seconds


def basis_of(family: Family) -> Basis:
    """The sign-in that a family's tokens are based on."""
    sign_in = family.sign_in
    at = int(sign_in.authenticated_at.timestamp())
    return Basis(sign_in.customer_id, sign_in.session_id, family.id, at, sign_in.amr)


class _Payload(OAuth2Payload):
    def __init__(self, parameters: Parameters) -> None:
        self._values = dict(parameters.values)

    @property
    def data(self) -> dict[str, str]:
        """The parameters by name."""
        return self._values

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The parameters by name, as lists of one: repeated ones were refused."""
        return {name: [value] for name, value in self._values.items()}


class OAuthRequest(OAuth2Request):
    """A request in Authlib's form, of parameters that were parsed before."""

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

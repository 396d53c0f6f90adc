"""What the addresses that programs ask have in common: a form in, JSON out, each error in the words of its RFC."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from starlette.types import Receive, Scope, Send

from gateway.access.dpop import Call, DPoPVerifier, VerifiedDPoPProof
from gateway.access.oauth_errors import InvalidTargetError, OAuthReply, ProofError, refusal
from gateway.config.settings import Settings
from gateway.http.bodies import ClientDisconnectedError
from gateway.http.client_address import client_address, network_of
from gateway.oauth.authentication import AuthenticatedClient, ClientAuthentication
from gateway.oauth.identity import WhoIsHere
from gateway.oauth.parameters import Parameters, read_form
from gateway.oauth.server import GrantServer
from gateway.oauth.visit import OAuthRequest, OAuthRequestContext
from gateway.tokens.tokens import Tokens
from resolvers.account.signins_evaluating import Evaluator
from resolvers.clients.oauth_clients import Clients
from resolvers.clients.registry import ClientRegistry
from resolvers.oauth import refresh_tokens
from resolvers.oauth.families import Lifetimes
from store.database.store import Store
from store.queue.revocation_list import Revocations


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """What the authorization server is made of."""

    settings: Settings
    store: Store
    tokens: Tokens
    revocations: Revocations
    registry: ClientRegistry
    clients: Clients
    authentication: ClientAuthentication
    proofs: DPoPVerifier
    who_is_here: WhoIsHere
    evaluator: Evaluator
    clock: Callable[[], float]

    @property
    def now(self) -> datetime:
        """The moment."""
        return datetime.fromtimestamp(self.clock(), UTC)

    @property
    def lives(self) -> Lifetimes:
        """How long things last, by the settings."""
        days = timedelta(days=self.settings.refresh_days), timedelta(days=self.settings.sign_in_days)
        return Lifetimes(timedelta(seconds=self.settings.token_seconds), *days)

    async def refresh_key(self) -> bytes:
        """The key of refresh tokens."""
        return await self.store.keys.system.named(refresh_tokens.KEY)

    async def proven(self, scope: Scope) -> VerifiedDPoPProof | None:
        """What the request proves to have, not spent yet; None without a proof, ProofError for a bad one."""
        proofs = [value for name, value in scope["headers"] if name == b"dpop"]
        if not proofs:
            return None
        if len(proofs) > 1:
            raise ProofError
        return await self.proofs.check(proofs[0].decode("latin-1"), Call(scope["method"], scope["path"]))

    def require_target(self, parameters: Parameters) -> None:
        """InvalidTargetError for a resource that is not ours (RFC 8707); naming none means ours."""
        if any(resource != self.settings.audience for resource in parameters.resources):
            raise InvalidTargetError


class Endpoint(ABC):
    """Answers the programs of registered clients."""

    def __init__(self, house: AuthorizationServer) -> None:
        self.house = house

    @abstractmethod
    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """The answer to a client that was found to be who it says; OAuth2Error for a refusal."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 1. its form; 2. who asks; 3. the rest."""
        try:
            form = await read_form(scope, receive, self.house.settings.body_seconds)  # 1
            known = await self.house.authentication.know(form, _authorization(scope), self._network(scope))  # 2
            reply = await self.answer(scope, form, known)  # 3
        except OAuth2Error as error:
            reply = refusal(error)
        except ClientDisconnectedError:
            return
        await reply.response()(scope, receive, send)

    def _network(self, scope: Scope) -> str:
        settings = self.house.settings
        return network_of(client_address(scope, settings.proxies, settings.proxy_header))

    async def within(
        self, visit: OAuthRequestContext, asked: OAuthRequest, work: Callable[[GrantServer, OAuthRequest], OAuthReply]
    ) -> OAuthReply:
        """Let Authlib answer inside one transaction, which is committed after refusals too."""
        async with self.house.store.write() as connection:
            return await connection.run_sync(lambda inner: work(GrantServer(visit.inside(inner)), asked))

    def asked(self, scope: Scope, form: Parameters) -> OAuthRequest:
        """The request as Authlib reads it."""
        return OAuthRequest(scope["method"], self.house.settings.public_url + scope["path"], form)


def _authorization(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) > 1:
        raise InvalidRequestError("The Authorization header is given twice.")
    return found[0].decode("latin-1") if found else None

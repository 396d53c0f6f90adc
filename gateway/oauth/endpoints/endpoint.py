"""The base of the OAuth endpoints for programs: form parameters in, JSON out, errors by their RFC's codes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from starlette.types import Receive, Scope, Send

from gateway.access.authenticator import Authenticator
from gateway.access.dpop import Call, DPoPVerifier, VerifiedDPoPProof
from gateway.access.oauth_errors import InvalidTargetError, OAuthReply, ProofError, refusal
from gateway.api.graphql_http import GraphQLApi
from gateway.config.settings import Settings
from gateway.http.bodies import ClientDisconnectedError
from gateway.http.client_address import client_address, network_of
from gateway.oauth.authentication import AuthenticatedClient, ClientAuthentication
from gateway.oauth.identity import WhoIsHere
from gateway.oauth.parameters import Parameters, read_form
from gateway.oauth.request_context import OAuthRequest, OAuthRequestContext
from gateway.oauth.server import GrantServer
from gateway.tokens.tokens import Tokens
from policy.agents import AGENT
from resolvers.account.signins_evaluating import Evaluator
from resolvers.clients.oauth_clients import Clients, RegisteredClient
from resolvers.clients.registry import ClientRegistry
from resolvers.oauth import refresh_tokens
from resolvers.oauth.families import Lifetimes
from resolvers.oauth.subjects import awaited_key
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.queue.revocation_list import Revocations


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """The dependencies of the authorization server."""

    settings: Settings
    store: Store
    tokens: Tokens
    agent_tokens: Tokens
    revocations: Revocations
    registry: ClientRegistry
    clients: Clients
    authentication: ClientAuthentication
    proofs: DPoPVerifier
    who_is_here: WhoIsHere
    evaluator: Evaluator
    clock: Callable[[], float]
    authenticator: Authenticator
    api: GraphQLApi | None = None
    """Reads the claims of customers; None: there is no userinfo endpoint."""

    @property
    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    @property
    def lifetimes(self) -> Lifetimes:
        """The lifetimes of tokens by the settings."""
        days = timedelta(days=self.settings.refresh_days), timedelta(days=self.settings.sign_in_days)
        return Lifetimes(timedelta(seconds=self.settings.token_seconds), *days)

    def subject_key(self, customer_id: int) -> SubjectKey | None:
        """The key of a customer, or None once it is destroyed; for grants, which run inside `run_sync`."""
        return awaited_key(self.store, customer_id)

    async def refresh_key(self) -> bytes:
        """The key of refresh tokens."""
        return await self.store.keys.system.named(refresh_tokens.KEY)

    async def proven(self, scope: Scope) -> VerifiedDPoPProof | None:
        """The request's DPoP proof, not spent yet; None without one, ProofError or NonceError if it is not valid."""
        proofs = [value for name, value in scope["headers"] if name == b"dpop"]
        if not proofs:
            return None
        if len(proofs) > 1:
            raise ProofError
        return await self.proofs.check(proofs[0].decode("latin-1"), Call(scope["method"], scope["path"]))

    def require_target(self, parameters: Parameters, client: RegisteredClient) -> str:
        """The one resource that the request names (RFC 8707), or else the API.

        InvalidTargetError for another one, for several, and for /mcp if the client has no action `agent`.
        """
        named = set(parameters.resources) or {self.settings.audience}
        if named == {self.settings.audience}:
            return self.settings.audience
        if named == {self.settings.agent_audience} and AGENT in client.actions:
            return self.settings.agent_audience
        raise InvalidTargetError


class Endpoint(ABC):
    """An endpoint for authenticated clients."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server = server

    @abstractmethod
    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """The answer to an authenticated client; OAuth2Error for a refusal."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 1. read the form; 2. authenticate the client; 3. let the endpoint answer."""
        try:
            form = await read_form(scope, receive, self.server.settings.body_seconds)  # 1
            known = await self.server.authentication.authenticate_client(
                form, _authorization(scope), self._network(scope)
            )  # 2
            reply = await self.answer(scope, form, known)  # 3
        except OAuth2Error as error:
            reply = refusal(error)
        except ClientDisconnectedError:
            return
        await reply.response()(scope, receive, send)

    def _network(self, scope: Scope) -> str:
        settings = self.server.settings
        return network_of(client_address(scope, settings.proxies, settings.proxy_header))

    async def within(
        self, context: OAuthRequestContext, asked: OAuthRequest, work: Callable[[GrantServer, OAuthRequest], OAuthReply]
    ) -> OAuthReply:
        """Let Authlib answer inside one transaction, which is committed after refusals, too."""
        async with self.server.store.write() as connection:
            return await connection.run_sync(lambda inner: work(GrantServer(context.inside(inner)), asked))

    def asked(self, scope: Scope, form: Parameters) -> OAuthRequest:
        """The request in Authlib's form."""
        return OAuthRequest(scope["method"], self.server.settings.public_url + scope["path"], form)


def _authorization(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) > 1:
        raise InvalidRequestError("The Authorization header is given twice.")
    return found[0].decode("latin-1") if found else None

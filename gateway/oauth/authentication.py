"""Client authentication (RFC 6749 §2.3, RFC 7523), which precedes everything else at an endpoint."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import unquote_plus
from zlib import crc32

from authlib.oauth2.rfc6749 import InvalidRequestError

from gateway.access.oauth_errors import SlowDownError, UnauthenticatedError
from gateway.http.client_address import UNKNOWN
from gateway.oauth.assertions import TYPE, Assertions
from gateway.oauth.parameters import Parameters
from gateway.tokens.jwts import InvalidJwtError
from resolvers.clients.oauth_clients import Clients, RegisteredClient
from resolvers.clients.secrets import matches
from store.crypto.system_keys import SystemKeys
from store.queue.rate_limit import AttemptRate, FailureLimiter

BASIC, POST, ASSERTION, NONE = "client_secret_basic", "client_secret_post", "private_key_jwt", "none"
REGISTERED = {BASIC: "SECRET", POST: "SECRET", ASSERTION: "PRIVATE_KEY_JWT", NONE: "NONE"}
"""The registered kind of authentication that each method requires."""

OF_CLIENT_THERE = AttemptRate(burst=5, seconds=10)
"""Failed attempts of one client from one network."""
OF_NETWORK = AttemptRate(burst=30, seconds=2)
"""Failed attempts of all clients from one network."""
OF_CLIENT = AttemptRate(burst=60, seconds=2)
"""Failed attempts of one client from everywhere. Beyond it failures are answered late, but the right secret works:
nobody can lock a client out from elsewhere."""
STRANGERS = 1_024
"""Counters shared by all unknown client ids."""
DELAY = 1.0
"""Seconds by which the answer to a failure beyond OF_CLIENT is delayed."""


@dataclass(frozen=True, slots=True)
class PresentedCredentials:
    """A client's credentials by exactly one method (RFC 6749 §2.3), not verified yet."""

    method: str
    client_id: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """An authenticated client; `method` is `none` for a public client, which has proven nothing."""

    client: RegisteredClient
    method: str


class ClientAuthentication:
    """Authenticates clients, and slows down guessing."""

    def __init__(
        self, clients: Clients, system_keys: SystemKeys, assertions: Assertions, slowdowns: FailureLimiter
    ) -> None:
        self._clients = clients
        self._system_keys = system_keys
        self._assertions = assertions
        self._slowdowns = slowdowns

    async def authenticate_client(
        self, form: Parameters, authorization: str | None, network: str
    ) -> AuthenticatedClient:
        """The authenticated client; UnauthenticatedError, SlowDownError, InvalidRequestError, StoreUnavailableError.

        1. exactly one method is used; 2. the client exists and is registered for it; 3. not too many recent failures;
        4. the secret or assertion is right. Failures are counted, and the answer does not say which step failed.
        """
        presented = self._presented(form, authorization)  # 1
        client = await self._clients.find(presented.client_id)
        # From here on like an unknown client, so that the answer does not tell that it exists (O6).
        if client is not None and client.authentication != REGISTERED[presented.method]:  # 2
            client = None
        if presented.method == NONE:
            if client is None:
                raise UnauthenticatedError
            return AuthenticatedClient(client, presented.method)
        # Names that somebody made up share a bounded number of counters: they cannot fill the table (G14).
        name = presented.client_id if client is not None else f"?{crc32(presented.client_id.encode()) % STRANGERS}"
        there, everywhere = f"client:{name}:{network}", f"client:{name}"
        rates = {there: OF_CLIENT_THERE, f"network:{network}": OF_NETWORK, everywhere: OF_CLIENT}
        waits = await self._slowdowns.waits(rates)
        if network == UNKNOWN:
            # Clients of unknown address share this counter: five wrong secrets of one must not keep out the others.
            waits[there] = 0
        if waits[there] > 0 or (client is None and waits[f"network:{network}"] > 0):  # 3
            raise SlowDownError(max(waits[there], waits[f"network:{network}"]))
        try:
            return AuthenticatedClient(await self._prove(presented, client), presented.method)  # 4
        except UnauthenticatedError:
            # Only failures count: a busy client with the right secret must never be slowed down.
            await self._slowdowns.count(rates)
            if waits[everywhere] > 0:
                await asyncio.sleep(DELAY)
            raise

    def _presented(self, form: Parameters, authorization: str | None) -> PresentedCredentials:
        """The credentials of the request; InvalidRequestError if there are several, or of two clients."""
        ways: list[PresentedCredentials] = []
        if authorization is not None and authorization.partition(" ")[0].lower() == "basic":
            ways.append(PresentedCredentials(BASIC, *_basic(authorization)))
        named = form.get("client_id")
        if secret := form.get("client_secret"):
            ways.append(PresentedCredentials(POST, named or "", secret))
        if form.get("client_assertion_type") or form.get("client_assertion"):
            assertion = form.get("client_assertion") or ""
            if form.get("client_assertion_type") != TYPE:
                raise InvalidRequestError("Another type of client assertion is not understood here.")
            ways.append(PresentedCredentials(ASSERTION, self._assertions.client_of(assertion) or "", assertion))
        if len(ways) > 1:
            raise InvalidRequestError("A client proves itself in one way, not in several.")
        way = ways[0] if ways else PresentedCredentials(NONE, named or "")
        # Otherwise code and proof could belong to different clients.
        if named is not None and named != way.client_id:
            raise InvalidRequestError("The client_id is another one than the client that proves itself.")
        return way

    async def _prove(self, presented: PresentedCredentials, client: RegisteredClient | None) -> RegisteredClient:
        """The client, if its secret or assertion is right; UnauthenticatedError otherwise."""
        if presented.method == ASSERTION:
            if client is None:
                raise UnauthenticatedError
            try:
                await self._assertions.check(presented.proof, client)
            except InvalidJwtError as error:
                raise UnauthenticatedError(str(error)) from error
            return client
        # Also for an unknown client: the same statement and the same hash, so that time tells nothing.
        hashes = await self._clients.secret_hashes(presented.client_id)
        right = await matches(self._system_keys, presented.proof, hashes)
        if client is None or not right:
            raise UnauthenticatedError(basic=presented.method == BASIC)
        return client


def _basic(authorization: str) -> tuple[str, str]:
    """Client id and secret of a Basic header, each form-encoded (RFC 6749 §2.3.1). UnauthenticatedError."""
    try:
        text = b64decode(authorization.partition(" ")[2].strip(), validate=True).decode()
        name, colon, secret = text.partition(":")
        pair = unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        raise UnauthenticatedError(basic=True) from None
    if not colon or not all(map(str.isprintable, pair)):
        raise UnauthenticatedError(basic=True)
    return pair

"""Which client is asking, and whether it proved it (RFC 6749 §2.3, RFC 7523): judged before anything else."""

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
"""What a client must be registered with for each method."""

OF_CLIENT_THERE = AttemptRate(burst=5, seconds=10)
"""Failures of one client from one network."""
OF_NETWORK = AttemptRate(burst=30, seconds=2)
"""Failures of all clients from one network."""
OF_CLIENT = AttemptRate(burst=60, seconds=2)
"""Failures of one client from everywhere. Beyond them answers to failures wait, but what is right is let in: nobody
can lock a client out from elsewhere."""
STRANGERS = 1_024
"""Counters for clients that there are not."""
DELAY = 1.0
"""Seconds that such an answer waits."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a client says who it is; exactly one way (RFC 6749 §2.3)."""

    method: str
    client_id: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that is what it says; `method` is `none` for a public one, which has proved nothing."""

    client: RegisteredClient
    method: str


class ClientAuthentication:
    """Finds out which client is asking."""

    def __init__(self, clients: Clients, house: SystemKeys, assertions: Assertions, slowdowns: FailureLimiter) -> None:
        self._clients = clients
        self._house = house
        self._assertions = assertions
        self._slowdowns = slowdowns

    async def know(self, form: Parameters, authorization: str | None, network: str) -> AuthenticatedClient:
        """The client; UnauthenticatedError, SlowDownError or InvalidRequestError.

        1. one way to say it; 2. a client that exists, registered for this way; 3. not too many failures lately;
        4. the proof. A failure is counted; which of the steps failed is not told.
        """
        tried = self._tried(form, authorization)  # 1
        client = await self._clients.find(tried.client_id)
        if client is not None and client.authentication != REGISTERED[tried.method]:  # 2
            client = None
        if tried.method == NONE:
            if client is None:
                raise UnauthenticatedError
            return AuthenticatedClient(client, tried.method)
        # Names that somebody made up share a bounded number of counters: they cannot fill the table (G14).
        name = tried.client_id if client is not None else f"?{crc32(tried.client_id.encode()) % STRANGERS}"
        there, everywhere = f"client:{name}:{network}", f"client:{name}"
        paces = {there: OF_CLIENT_THERE, f"network:{network}": OF_NETWORK, everywhere: OF_CLIENT}
        waits = await self._slowdowns.waits(paces)
        if network == UNKNOWN:
            # Nobody can be told from anybody there: five wrong secrets of one must not keep out all the others.
            waits[there] = 0
        if waits[there] > 0 or (client is None and waits[f"network:{network}"] > 0):  # 3
            raise SlowDownError(max(waits[there], waits[f"network:{network}"]))
        try:
            return AuthenticatedClient(await self._prove(tried, client), tried.method)  # 4
        except UnauthenticatedError:
            await self._slowdowns.count(paces)
            if waits[everywhere] > 0:
                await asyncio.sleep(DELAY)
            raise

    def _tried(self, form: Parameters, authorization: str | None) -> Tried:
        """The one way that was used, and for which client."""
        ways: list[Tried] = []
        if authorization is not None and authorization.partition(" ")[0].lower() == "basic":
            ways.append(Tried(BASIC, *_basic(authorization)))
        named = form.get("client_id")
        if secret := form.get("client_secret"):
            ways.append(Tried(POST, named or "", secret))
        if form.get("client_assertion_type") or form.get("client_assertion"):
            assertion = form.get("client_assertion") or ""
            if form.get("client_assertion_type") != TYPE:
                raise InvalidRequestError("Another type of client assertion is not understood here.")
            ways.append(Tried(ASSERTION, self._assertions.client_of(assertion) or "", assertion))
        if len(ways) > 1:
            raise InvalidRequestError("A client proves itself in one way, not in several.")
        way = ways[0] if ways else Tried(NONE, named or "")
        if named is not None and named != way.client_id:
            raise InvalidRequestError("The client_id is another one than the client that proves itself.")
        return way

    async def _prove(self, tried: Tried, client: RegisteredClient | None) -> RegisteredClient:
        """The client, if its proof is right; a wrong secret takes as long as one of a client that is not there."""
        if tried.method == ASSERTION:
            if client is None:
                raise UnauthenticatedError
            try:
                await self._assertions.check(tried.proof, client)
            except InvalidJwtError as error:
                raise UnauthenticatedError(str(error)) from error
            return client
        hashes = await self._clients.secret_hashes(tried.client_id)
        right = await matches(self._house, tried.proof, hashes)
        if client is None or not right:
            raise UnauthenticatedError(basic=tried.method == BASIC)
        return client


def _basic(authorization: str) -> tuple[str, str]:
    """Id and secret of an Authorization header, each form-encoded (RFC 6749 §2.3.1); UnauthenticatedError if none."""
    try:
        text = b64decode(authorization.partition(" ")[2].strip(), validate=True).decode()
        name, colon, secret = text.partition(":")
        pair = unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        raise UnauthenticatedError(basic=True) from None
    if not colon or not all(map(str.isprintable, pair)):
        raise UnauthenticatedError(basic=True)
    return pair

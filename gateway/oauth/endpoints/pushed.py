"""Pushed authorization requests (RFC 9126): asked for by the client itself, so that no browser can change them.

The reference is the request itself, encrypted: anybody may push for a public client, and nothing is written for them
(G14). That it was used once is written when somebody who is signed in is sent back with a code.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from authlib.oauth2.rfc6749 import InvalidRequestError
from sqlalchemy import Connection
from starlette.types import Scope

from gateway.access.oauth_errors import OAuthReply
from gateway.oauth.authentication import NONE, AuthenticatedClient
from gateway.oauth.endpoints.authorization_request import judge
from gateway.oauth.endpoints.endpoint import Endpoint
from gateway.oauth.grants import CodeGrant
from gateway.oauth.parameters import Parameters
from store.crypto import envelopes
from store.crypto.system_keys import SystemKeys
from store.queue.single_use import claim_within

PREFIX = "urn:ietf:params:oauth:request_uri:"
KEY = "pushed-requests"
SECONDS = 600
"""Time to sign in."""
LONGEST = 8_192
"""Characters of a reference: it has to fit into an address."""
KEPT = (
    "response_type", "response_mode", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
    "dpop_jkt", "prompt", "max_age",
)  # fmt: skip
"""What is kept of a request; anything else would travel for no purpose."""


class PushEndpoint(Endpoint):
    """`/oauth/par`."""

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """A reference to the request, which was judged as the authorization endpoint would.

        The proof of a client that has not proven itself is not spent: used again it binds a code to the same key once
        more, which `dpop_jkt` does without any proof.
        """
        if form.get("request_uri") is not None:
            raise InvalidRequestError("A request that is pushed cannot refer to another one.")
        house, client = self.house, known.client
        values = form.values | {"client_id": client.client_id}
        parameters = Parameters(values, form.resources)
        CodeGrant.validate_authorization_redirect_uri(self.asked(scope, parameters), client)
        proven = await house.proven(scope)
        wanted = judge(house, client, parameters, None if proven is None else proven.thumbprint)
        kept = {name: values[name] for name in KEPT if name in values}
        if wanted.jkt is not None:
            kept["dpop_jkt"] = wanted.jkt
        reference = await seal(house.store.keys.system, kept, client.client_id, house.now)
        if len(reference) > LONGEST:
            raise InvalidRequestError("The request is too long.")
        if proven is not None and known.method != NONE:
            await house.proofs.spend(proven)
        return OAuthReply(201, {"request_uri": reference, "expires_in": SECONDS})


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request that was pushed, and the name by which it is used up."""

    name: str
    until: datetime
    parameters: Parameters

    def is_void(self, void_until: datetime | None) -> bool:
        """Whether its client was disabled when it was pushed, or since (`clients.void_until`)."""
        return void_until is not None and self.until - timedelta(seconds=SECONDS) <= void_until

    def spend(self, connection: Connection) -> bool:
        """Use it up in the transaction that makes the code; false if it was used already."""
        return claim_within(connection, KEY, self.name, self.until)


async def seal(house: SystemKeys, parameters: dict[str, str], client_id: str, now: datetime) -> str:
    """The reference to a request of a client, good from now on for some minutes."""
    expires = int((now + timedelta(seconds=SECONDS)).timestamp())
    sealed = envelopes.seal(await house.named(KEY), orjson.dumps([expires, parameters]), client_id.encode())
    return PREFIX + urlsafe_b64encode(sealed).decode().rstrip("=")


async def open_sealed(house: SystemKeys, reference: str, client_id: str, now: datetime) -> Pushed | None:
    """The request, as long as it is waiting, for the client that pushed it; None for anything else."""
    text = reference.removeprefix(PREFIX)
    if text == reference or len(reference) > LONGEST or not text.isascii():
        return None
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    content = envelopes.open_envelope(await house.named(KEY), sealed, client_id.encode())
    if content is None:
        return None
    expires, kept = orjson.loads(content)
    until = datetime.fromtimestamp(expires, UTC)
    parameters = Parameters({**kept, "client_id": client_id})
    return Pushed(envelopes.name_of(sealed), until, parameters) if now < until else None

"""Pushed authorization requests (RFC 9126): sent by the client directly, so that no browser can change them.

The reference is the request itself, encrypted: anybody may push for a public client, and nothing is written for it
(G14). Its single use is recorded when a signed-in customer is sent back with a code.
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
from gateway.oauth.endpoints.authorization_request import validate
from gateway.oauth.endpoints.endpoint import Endpoint
from gateway.oauth.grants import CodeGrant
from gateway.oauth.parameters import Parameters
from store.crypto import envelopes
from store.crypto.system_keys import SystemKeys
from store.queue.single_use import claim_within

PREFIX = "urn:ietf:params:oauth:request_uri:"
KEY = "pushed-requests"
SECONDS = 590
"""Lifetime of a reference: time for the customer to sign in, and less than ten minutes (FAPI 2.0 §5.3.2.2)."""
LONGEST = 8_192
"""Characters of a reference: it must fit into a URL."""
KEPT = (
    "response_type", "response_mode", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
    "dpop_jkt", "prompt", "max_age", "nonce", "id_token_hint", "ui_locales",
)  # fmt: skip
"""The parameters kept in a reference; others, such as client credentials, must not travel through the browser."""


class PushEndpoint(Endpoint):
    """`/oauth/par`."""

    async def answer(self, scope: Scope, form: Parameters, known: AuthenticatedClient) -> OAuthReply:
        """A reference to the request, validated as at the authorization endpoint.

        A public client's DPoP proof is not spent (G14): replayed, it would only bind another code to the same key, as
        `dpop_jkt` does without any proof.
        """
        # RFC 9126 §2.1.
        if form.get("request_uri") is not None:
            raise InvalidRequestError("A request that is pushed cannot refer to another one.")
        server, client = self.server, known.client
        values = form.values | {"client_id": client.client_id}
        parameters = Parameters(values, form.resources)
        CodeGrant.validate_authorization_redirect_uri(self.asked(scope, parameters), client)
        proven = await server.proven(scope)
        requested = validate(server, client, parameters, None if proven is None else proven.thumbprint)
        kept = {name: values[name] for name in KEPT if name in values}
        if requested.jkt is not None:
            kept["dpop_jkt"] = requested.jkt
        reference = await seal(server.store.keys.system, kept, client.client_id, server.now)
        if len(reference) > LONGEST:
            raise InvalidRequestError("The request is too long.")
        if proven is not None and known.method != NONE:
            await server.proofs.spend(proven)
        return OAuthReply(201, {"request_uri": reference, "expires_in": SECONDS})


@dataclass(frozen=True, slots=True)
class Pushed:
    """A pushed request, and the name by which it is marked as used."""

    name: str
    until: datetime
    parameters: Parameters

    def is_void(self, void_until: datetime | None) -> bool:
        """True if its client was disabled at or after the push (`clients.void_until`)."""
        return void_until is not None and self.until - timedelta(seconds=SECONDS) <= void_until

    def spend(self, connection: Connection) -> bool:
        """Mark it as used in the transaction that issues the code; False if it was used before."""
        return claim_within(connection, KEY, self.name, self.until)


async def seal(system_keys: SystemKeys, parameters: dict[str, str], client_id: str, now: datetime) -> str:
    """The reference to a client's request, valid for SECONDS; the client's id is authenticated with it."""
    expires = int((now + timedelta(seconds=SECONDS)).timestamp())
    sealed = envelopes.seal(await system_keys.named(KEY), orjson.dumps([expires, parameters]), client_id.encode())
    return PREFIX + urlsafe_b64encode(sealed).decode().rstrip("=")


async def open_sealed(system_keys: SystemKeys, reference: str, client_id: str, now: datetime) -> Pushed | None:
    """The request of a reference, for the client that pushed it; None if it is not genuine or has expired."""
    text = reference.removeprefix(PREFIX)
    if text == reference or len(reference) > LONGEST or not text.isascii():
        return None
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    content = envelopes.open_envelope(await system_keys.named(KEY), sealed, client_id.encode())
    if content is None:
        return None
    expires, kept = orjson.loads(content)
    until = datetime.fromtimestamp(expires, UTC)
    parameters = Parameters({**kept, "client_id": client_id})
    return Pushed(envelopes.name_of(sealed), until, parameters) if now < until else None

"""Pushed authorization requests (RFC 9126): asked for by the client itself, so that no browser can change them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
from authlib.oauth2.rfc6749 import InvalidRequestError
from sqlalchemy import Connection, bindparam, delete, insert, select
from starlette.types import Scope

from gateway.oauth.authentication import Known
from gateway.oauth.endpoint import Endpoint
from gateway.oauth.errors import Reply
from gateway.oauth.grants import CodeGrant
from gateway.oauth.parameters import Parameters
from gateway.oauth.wanted import judge
from store.metadata import Instant
from store.oauth import oauth_requests
from store.reading import Reader

PREFIX = "urn:ietf:params:oauth:request_uri:"
SECONDS = 600
"""Time to sign in."""
KEPT = (
    "response_type", "response_mode", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
    "dpop_jkt", "prompt", "max_age",
)  # fmt: skip
"""What is kept of a request; anything else would rest here for no purpose."""


class PushEndpoint(Endpoint):
    """`/oauth/par`."""

    async def answer(self, scope: Scope, form: Parameters, known: Known) -> Reply:
        """A reference to the request, which was judged as the authorization endpoint would."""
        if form.get("request_uri") is not None:
            raise InvalidRequestError("A request that is pushed cannot refer to another one.")
        client = known.client
        values = form.values | {"client_id": client.client_id}
        parameters = Parameters(values, form.resources)
        CodeGrant.validate_authorization_redirect_uri(self.asked(scope, parameters), client)
        wanted = judge(self.house, client, parameters, await self.house.proven_key(scope))
        kept = {name: values[name] for name in KEPT if name in values}
        if wanted.jkt is not None:
            kept["dpop_jkt"] = wanted.jkt
        reference = PREFIX + secrets.token_urlsafe(32)
        row = {
            "hash": _hash(reference),
            "client_id": client.client_id,
            "parameters": orjson.dumps(kept).decode(),
            "expires_at": self.house.now + timedelta(seconds=SECONDS),
        }
        async with self.house.store.write() as connection:
            await connection.execute(insert(oauth_requests), row)
        return Reply(201, {"request_uri": reference, "expires_in": SECONDS})


class PushedRequests:
    """Finds what was pushed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._find = reader.prepare(_find)

    async def find(self, reference: str, client_id: str, now: Any) -> Parameters | None:
        """The request, as long as it is waiting, for the client that pushed it."""
        values = {"hash": _hash(reference), "client": client_id, "now": now}
        rows = await self._reader.fetch(self._find, values)
        return Parameters({**orjson.loads(rows[0][0]), "client_id": client_id}) if rows else None


def spend(connection: Connection, reference: str, now: Any) -> bool:
    """Use a reference up; false if it was used already, or has expired."""
    gone = delete(oauth_requests).where(oauth_requests.c.hash == _hash(reference), oauth_requests.c.expires_at > now)
    return connection.execute(gone).rowcount == 1


def _hash(reference: str) -> bytes:
    return sha256(reference.encode()).digest()


_find = select(oauth_requests.c.parameters).where(
    oauth_requests.c.hash == bindparam("hash"),
    oauth_requests.c.client_id == bindparam("client"),
    oauth_requests.c.expires_at > bindparam("now", type_=Instant),
)

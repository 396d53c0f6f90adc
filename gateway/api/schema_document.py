"""`/schema.graphql`: the schema for code generators, or the contract of one of the token's purposes."""

from __future__ import annotations

import asyncio
from hashlib import sha256

from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.access.authenticator import Authenticator, VerifiedGrant
from gateway.api.transparency import Queried, Query
from gateway.http import problems
from gateway.http.credentials import presented
from gateway.http.words import has_tag
from policy.purposes import Purpose
from schema.api.build import sdl
from schema.contracts.contracts import contract_of_grant, semantic_sdl

SCHEMA_READ = "schema:read"
"""The scope that opens this address and nothing else, such as for a build server."""
KEPT = 64
"""Contracts in memory: one for each kind of grant and purpose."""


class SchemaDocument:
    """Serves SDL to tokens of clients that may introspect, and to tokens with the scope `schema:read` (G5)."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._kept: LRUCache[tuple[str, str, bool], str] = LRUCache(KEPT)
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD; TokenError or Problem 401 without a valid token, 403 if it may not see this."""
        grant = await self._authenticator.authenticate(*presented(scope, dict(scope["headers"])))
        if not (grant.introspection or SCHEMA_READ in grant.scopes):
            raise _not_for_this_token()
        seen = dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1")

        async def respond(query: Query) -> Response:
            return _response(await self._text(grant, query), seen)

        await Queried(respond, "purpose", "nullability")(scope, receive, send)

    async def _text(self, grant: VerifiedGrant, query: Query) -> str:
        semantic = query.get("nullability", "") == "semantic"
        if "nullability" in query and not semantic:
            raise problems.malformed("`nullability` is `semantic`, or is left out.")
        name = query.get("purpose")
        if name is None:
            return semantic_sdl() if semantic else sdl()
        purpose = Purpose.__members__.get(name)
        if purpose is None or purpose not in grant.purposes:
            raise problems.ProblemError(403, "PURPOSE_NOT_GRANTED", "The token was not granted this purpose.")
        # One at a time and in a thread: it takes a moment, and the decisions of one model are made by one thread.
        async with self._making:
            key = (grant.fingerprint, purpose.name, semantic)
            if key not in self._kept:
                self._kept[key] = await asyncio.to_thread(contract_of_grant, grant, (purpose,), semantic=semantic)
            return self._kept[key]


def _response(text: str, seen: str) -> Response:
    tag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
    # Private: what a token may see is nobody else's; and asked again each time, since a release may change it.
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "authorization"}
    if has_tag(seen, tag):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/plain", headers=headers)


def _not_for_this_token() -> problems.ProblemError:
    message = "This client is not registered for introspection, and the token lacks the scope schema:read."
    challenge = problems.REALM + b', error="insufficient_scope", scope="schema:read"'
    return problems.ProblemError(403, "INTROSPECTION_DISABLED", message, ((b"www-authenticate", challenge),))

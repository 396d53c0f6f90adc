"""`/oauth/userinfo`: claims about a customer, read as a GraphQL document under a purpose (OpenID Connect Core §5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.graphql_http import GraphQLApi
from gateway.http import problems
from gateway.http.cors import CLIENT_ORIGINS
from gateway.http.credentials import presented
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.tokens.tokens import TokenError, TokenFault
from policy.grant import Grant, Refusal
from policy.openid import CLAIMS, OPENID, OPENID_SCOPES, claims_of, permissions_of
from policy.purposes import Purpose
from schema.documents.requests import Request, RequestOutcome
from store.crypto.pairwise import pairwise_subject
from store.sql.errors import OutageCause, StoreUnavailableError

ADDRESS = "PostalAddress"


class UserInfoEndpoint:
    """Answers with the claims that the token's scopes ask for, and with nothing else.

    The claims are fields of the schema (`policy.openid.CLAIMS`). They are read through the API for the customer's own
    purpose SELF_SERVICE, so that the same function decides each of them as at /graphql, and the ledger has the read.
    """

    def __init__(self, server: AuthorizationServer, api: GraphQLApi) -> None:
        self._server, self._api = server, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or POST: 1. the token; 2. its scope; 3. the `sub`; 4. the claims.

        TokenError, Problem 401, 403 or 405; StoreUnavailableError if the API gives no answer.
        """
        if scope["method"] not in ("GET", "HEAD", "POST"):
            raise problems.method_not_allowed(b"GET, POST")
        grant = await self._server.authenticator.authenticate(*presented(scope, dict(scope["headers"])))  # 1
        scope[CLIENT_ORIGINS] = grant.origins
        if grant.subject is None or OPENID not in grant.scopes:  # 2
            raise problems.insufficient_scope(OPENID)
        (key,) = await self._server.store.keys.subjects([grant.subject])  # 3
        if key is None:
            raise TokenError(TokenFault.REVOKED)
        claims = {"sub": pairwise_subject(key, grant.client_id)} | await self._read(grant)  # 4
        response = Response(orjson.dumps(claims), 200, {"cache-control": "no-store"}, "application/json")
        await response(scope, receive, send)

    async def _read(self, grant: Grant) -> dict[str, Any]:
        names = claims_of(grant.scopes)
        if not names:
            return {}
        outcome = await self._api.execute(Request(query=document(tuple(names)), read_only=True), _reader(grant))
        if outcome.kind is not RequestOutcome.OK:
            raise StoreUnavailableError(OutageCause.DOWN)
        return said(names, (orjson.loads(outcome.body)["data"] or {}).get("me") or {})


def _reader(grant: Grant) -> Grant:
    """The grant that claims are read under: of an app of others no more than the customer allowed by the scopes."""
    scopes = permissions_of(grant.scopes & OPENID_SCOPES) if grant.third_party else frozenset[str]()
    return replace(
        grant,
        purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=scopes,
        # A claim that is refused is left out (OpenID Connect Core §5.3.2), and the document is the gateway's own.
        refusal=Refusal.WITHHOLD,
        documents_only=False,
    )


@cache
def document(names: tuple[str, ...]) -> str:
    """The GraphQL document of these claims; there are as many as there are sets of scopes."""
    coordinates = [each.partition(".") for name in names for each in CLAIMS[name][1]]
    own = [field for of, _, field in coordinates if of != ADDRESS]
    if inner := [field for of, _, field in coordinates if of == ADDRESS]:
        own.append(f"postalAddress {{ {' '.join(inner)} }}")
    return f"query OpenIdClaims {{ me {{ {' '.join(own)} }} }}"


def said(names: Iterable[str], me: Mapping[str, Any]) -> dict[str, Any]:
    """The claims in their form (OpenID Connect Core §5.1); those without a value are left out."""
    address, found = me.get("postalAddress") or {}, dict[str, Any]()
    for name in names:
        outer, _, inner = name.partition(".")
        source = address if inner else me
        if value := _lines(source.get(each.partition(".")[2]) for each in CLAIMS[name][1]):
            if inner:
                found.setdefault(outer, {})[inner] = value
            else:
                found[outer] = value
    return found


def _lines(values: Iterable[str | list[str] | None]) -> str:
    lines = [line for value in values for line in ([value] if isinstance(value, str) else value or [])]
    return "\n".join(lines)

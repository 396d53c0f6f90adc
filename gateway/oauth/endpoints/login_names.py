"""The `username` of an introspection response: which mailbox a token opens, for a mail server (RFC 7662 §2.2)."""

from __future__ import annotations

from dataclasses import replace

import orjson

from gateway.access.authenticator import grant_of
from gateway.api.graphql_http import GraphQLApi
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.oauth.request_context import SentToken
from gateway.tokens.tokens import Claims
from policy.grant import Refusal
from policy.purposes import Purpose
from resolvers.account.mailboxes import OwnMailboxes
from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.clients.scopes import INTROSPECT
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError
from values.mailbox import MailboxError, read_mailbox

LIFE = 60
"""Seconds for which the grant of one read is good."""
QUESTION = """
query IntrospectedLogin($by: CustomerBy!) { customer(by: $by) { credentials { platform loginName } } }
"""


class LoginNames:
    """Tells a service of a platform, such as the IMAP server behind webmail, the login name of a token's customer."""

    def __init__(self, server: AuthorizationServer, api: GraphQLApi) -> None:
        self._server, self._api = server, api

    async def name(self, service: RegisteredClient, token: SentToken) -> str | None:
        """The login name, read for the purpose AUTHENTICATION of the service itself; None if it may not have it.

        1. the service is registered for introspection, for that purpose, and for the platform that the token's client
        signs customers in to: no token of another platform opens a mailbox; 2. the token is no customer's of the same
        sign-in, or is bound to a key, which a mail server cannot check: None; 3. the name is read as everything is, and
        the ledger has it; 4. it is still a mailbox of the customer's. StoreUnavailableError.
        """
        claims = token.claims
        if INTROSPECT not in service.actions or Purpose.AUTHENTICATION not in service.purposes:  # 1
            return None
        client = await self._server.clients.find(claims.client_id)
        if client is None or client.platform != service.platform:
            return None
        if claims.subject is None or claims.basis is None or claims.jkt is not None:  # 2
            return None
        name = await self._read(service, claims.subject)  # 3
        if name is None or not await self._is_own(claims.subject, name):  # 4
            return None
        return name

    async def _read(self, service: RegisteredClient, customer_id: int) -> str | None:
        registration = await self._server.registry.find(service.client_id)
        if registration is None:
            return None
        now = int(self._server.clock())
        scopes = frozenset({Purpose.AUTHENTICATION.scope})
        claims = Claims(f"introspection:{service.client_id}", service.client_id, None, scopes, now + LIFE, "")
        grant = replace(grant_of(claims, registration), refusal=Refusal.REFUSE, documents_only=False)
        by = {"id": self._server.store.keys.system.ids("Customer", customer_id, customer_id)}
        request = Request(query=QUESTION, variables={"by": by}, purpose=Purpose.AUTHENTICATION.name, read_only=True)
        outcome = await self._api.execute(request, grant)
        if outcome.kind is not RequestOutcome.OK:
            raise StoreUnavailableError(OutageCause.DOWN)
        customer = orjson.loads(outcome.body)["data"]["customer"] or {}
        listed = customer.get("credentials") or ()
        return next((each["loginName"] for each in listed if each["platform"] == service.platform), None)

    async def _is_own(self, customer_id: int, name: str) -> bool:
        (key,) = await self._server.store.keys.subjects([customer_id])
        try:
            mailbox = read_mailbox(name)
        except MailboxError:
            return False
        return key is not None and await OwnMailboxes(self._server.store).has(key, mailbox, self._server.now)

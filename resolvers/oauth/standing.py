"""Checks that a customer's grant is still in force when tokens are issued: the session and the consent (O10)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.clients.scopes import spelt
from resolvers.oauth.codes import AuthenticationEvent
from store.tables.access import sessions
from store.tables.oauth import oauth_consents


def remaining_scope(
    connection: Connection, client: RegisteredClient, sign_in: AuthenticationEvent, scope: str
) -> str | None:
    """The granted scopes still in force: all for first-party clients, for others those of the current consent.

    None if there are none: the consent was withdrawn, or the session has ended. The rows stay locked until the
    transaction ends, so that a concurrent withdrawal or sign-out finds the tokens issued here, and revokes them.
    """
    mine = (sessions.c.id == sign_in.session_id, sessions.c.customer_id == sign_in.customer_id)
    # A shared lock suffices: two clients of one session may get tokens at once, but nobody may end it meanwhile.
    alive = select(sessions.c.id).where(*mine, sessions.c.ended_at.is_(None)).with_for_update(read=True)
    if connection.scalar(alive) is None:
        return None
    if client.first_party:
        return scope
    agreed = select(oauth_consents.c.scope).where(
        oauth_consents.c.customer_id == sign_in.customer_id,
        oauth_consents.c.client_id == client.client_id,
        oauth_consents.c.withdrawn_at.is_(None),
    )
    found = connection.scalar(agreed.with_for_update(read=True))
    return spelt(frozenset(scope.split()) & frozenset(found.split())) or None if found is not None else None

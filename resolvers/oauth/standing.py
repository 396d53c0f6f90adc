"""Whether what a customer granted still stands when a client comes for it: the session, and what was allowed (O10)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.clients.scopes import spelt
from resolvers.oauth.codes import AuthenticationEvent
from store.tables.access import sessions
from store.tables.oauth import oauth_consents


def allowed_still(
    connection: Connection, client: RegisteredClient, sign_in: AuthenticationEvent, scope: str
) -> str | None:
    """The rest of the scopes that a customer granted: all for our own clients, for others those that stand allowed now.

    None when nothing is: the consent was taken back, or the session has ended. The rows are held until the transaction
    ends, so that whoever takes back or ends at the same moment finds what was given, and ends it.
    """
    mine = (sessions.c.id == sign_in.session_id, sessions.c.customer_id == sign_in.customer_id)
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

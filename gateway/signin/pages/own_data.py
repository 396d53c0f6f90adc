"""The data of a customer's own pages, read through the API like all else, so that the access is recorded, too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from gateway.signin.frame.request_context import RequestContext
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.clients.client_area import ID as AREA
from resolvers.signin.sessions import Session
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError

CLIENT = "sign-in-pages"
QUESTION = """
query SignInPages {
  me {
    credentials {
      id platform loginName changedAt
      secondFactors { id kind confirmedAt lastUsedAt label remaining }
    }
    sessions(first: 50) { nodes { id platform startedAt lastSeenAt expiresAt endedAt country device ipAddress } }
    signIns(first: 8) { nodes { at platform outcome country device unusual } }
    authorizedApps { id name client scopes signInScopes givenAt withdrawnAt }
  }
  grant { sessionId }
}
"""
APPS = """
query SignInPagesApps($after: String) {
  me {
    appSessions(first: 50, after: $after) {
      nodes { id name client startedAt expiresAt endedAt } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
PAGES = 20
"""Pages of app sessions that are read: a thousand sessions, so that one customer's list cannot grow without bound."""


async def about(context: RequestContext, session: Session) -> dict[str, Any]:
    """The data of the overview page; StoreUnavailableError if the API gives no answer."""
    data = await _asked(context, session, QUESTION)
    if data["me"]:
        data["me"]["appSessions"] = await _app_sessions(context, session)
    return data


async def _app_sessions(context: RequestContext, session: Session) -> list[dict[str, Any]]:
    """The apps with valid tokens; without the client area's own, which end with the session and are listed there."""
    found: list[dict[str, Any]] = []
    at, after = context.now.strftime("%Y-%m-%dT%H:%M:%SZ"), None
    for _ in range(PAGES):
        page = (await _asked(context, session, APPS, after=after))["me"]["appSessions"]
        found += [each for each in page["nodes"] if not each["endedAt"] and each["expiresAt"] > at]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return [each for each in found if each["client"] != AREA]


async def _asked(context: RequestContext, session: Session, query: str, **variables: Any) -> dict[str, Any]:
    question = Request(query=query, variables=variables, read_only=True)
    outcome = await context.services.api.execute(question, grant_of(session, context.now))
    if outcome.kind is not RequestOutcome.OK:
        raise StoreUnavailableError(OutageCause.DOWN)
    data: dict[str, Any] = orjson.loads(outcome.body)["data"]
    return data


def grant_of(session: Session, now: datetime) -> Grant:
    """The grant of the pages: this customer's own data, and nothing else."""
    # A minute of life: it serves the queries of one page, and is made anew for each.
    return Grant(
        token_id=f"{CLIENT}:{session.id}",
        client_id=CLIENT,
        subject=session.customer_id,
        purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=frozenset(),
        expires_at=int(now.timestamp()) + 60,
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=50,
        session_id=session.id,
        authenticated_at=int(session.authenticated_at.timestamp()),
    )

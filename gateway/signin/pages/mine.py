"""What a customer's own pages show: asked of the API like everything else, so that reading it is recorded, too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from gateway.signin.frame.visit import RequestContext
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
    authorizedApps { id name client scopes givenAt withdrawnAt }
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
"""Pages of an app's tokens that are looked through; what is older has ended or was let in a thousand times."""


async def about(visit: RequestContext, session: Session) -> dict[str, Any]:
    """The answer's data; StoreUnavailableError when there is none."""
    data = await _asked(visit, session, QUESTION)
    if data["me"]:
        data["me"]["appSessions"] = await _app_sessions(visit, session)
    return data


async def _app_sessions(visit: RequestContext, session: Session) -> list[dict[str, Any]]:
    """The apps that hold tokens now; those of the client area end with its session and are not told twice."""
    found: list[dict[str, Any]] = []
    at, after = visit.now.strftime("%Y-%m-%dT%H:%M:%SZ"), None
    for _ in range(PAGES):
        page = (await _asked(visit, session, APPS, after=after))["me"]["appSessions"]
        found += [each for each in page["nodes"] if not each["endedAt"] and each["expiresAt"] > at]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return [each for each in found if each["client"] != AREA]


async def _asked(visit: RequestContext, session: Session, query: str, **variables: Any) -> dict[str, Any]:
    question = Request(query=query, variables=variables, read_only=True)
    outcome = await visit.house.api.execute(question, grant_of(session, visit.now))
    if outcome.kind is not RequestOutcome.OK:
        raise StoreUnavailableError(OutageCause.DOWN)
    data: dict[str, Any] = orjson.loads(outcome.body)["data"]
    return data


def grant_of(session: Session, now: datetime) -> Grant:
    """What the pages may read: this customer's own, and nothing else."""
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

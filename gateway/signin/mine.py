"""What a customer's own pages show: asked of the API like everything else, so that reading it is recorded, too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from gateway.signin.visit import Visit
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.sessions import Session
from schema.requests import Kind, Request
from store.faults import Cause, StoreUnavailable

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
  }
  grant { sessionId }
}
"""


async def about(visit: Visit, session: Session) -> dict[str, Any]:
    """The answer's data; StoreUnavailable when there is none."""
    outcome = await visit.house.api.execute(Request(query=QUESTION, read_only=True), grant_of(session, visit.now))
    if outcome.kind is not Kind.OK:
        raise StoreUnavailable(Cause.DOWN)
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

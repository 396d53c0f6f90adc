"""Where a customer's platforms were entered from."""

from __future__ import annotations

import strawberry

from schema.core.scalars import CountryCode, DateTime
from schema.core.words import enumerated
from schema.declare.connections import connection
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import OPEN_SESSIONS, WATCHED
from schema.declare.records import record
from schema.types.credentials import Platform
from store.tables.access import OUTCOMES, sessions, sign_ins

SignInOutcome = enumerated("SignInOutcome", OUTCOMES, "Whether it succeeded.")


@record(sign_ins)
class SignIn(Node):
    """One access to one platform, recorded to notice an unusual place."""

    id: strawberry.ID = identity(sign_ins, WATCHED)
    platform: Platform | None = datum(sign_ins.c.platform, "The platform.", WATCHED)
    at: DateTime | None = datum(sign_ins.c.at, "When.", WATCHED)
    outcome: SignInOutcome | None = datum(sign_ins.c.outcome, "Whether it succeeded.", WATCHED)
    ip_address: str | None = datum(sign_ins.c.ip_address, "From which IP address.", WATCHED)
    country: CountryCode | None = datum(sign_ins.c.country, "The country of that address, worked out here.", WATCHED)
    device: str | None = datum(sign_ins.c.device, "The browser or app, as it named itself.", WATCHED)
    unusual: bool | None = datum(sign_ins.c.unusual, "Whether the place was unusual for the customer.", WATCHED)


@record(sessions)
class Session(Node):
    """A signed-in browser or app."""

    id: strawberry.ID = identity(sessions, OPEN_SESSIONS)
    platform: Platform | None = datum(sessions.c.platform, "The platform.", OPEN_SESSIONS)
    started_at: DateTime | None = datum(sessions.c.started_at, "When it began.", OPEN_SESSIONS)
    last_seen_at: DateTime | None = datum(sessions.c.last_seen_at, "When it was last used.", OPEN_SESSIONS)
    expires_at: DateTime | None = datum(sessions.c.expires_at, "When it ends by itself.", OPEN_SESSIONS)
    ended_at: DateTime | None = datum(sessions.c.ended_at, "When it was signed out.", OPEN_SESSIONS)
    ip_address: str | None = datum(sessions.c.ip_address, "From which IP address.", WATCHED)
    country: CountryCode | None = datum(sessions.c.country, "The country of that address, worked out here.", WATCHED)
    device: str | None = datum(sessions.c.device, "The browser or app, as it named itself.", WATCHED)


SignInConnection = connection(SignIn, "SignIn")
SessionConnection = connection(Session, "Session")

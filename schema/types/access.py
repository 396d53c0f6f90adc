"""Accesses to a customer's platforms, and sessions (R17, R41)."""

from __future__ import annotations

import strawberry

from schema.core.enums import Platform, SignInOutcome
from schema.core.scalars import CountryCode, DateTime
from schema.declare.connections import connection
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import OPEN_SESSIONS, WATCHED
from schema.declare.records import record
from store.tables.access import sessions, sign_ins


@record(sign_ins)
class SignIn(Node):
    """One access to one platform, recorded to detect unusual ones."""

    id: strawberry.ID = identity(sign_ins, WATCHED)
    platform: Platform | None = datum(
        sign_ins.c.platform, "The platform that the customer signed in to, or tried to.", WATCHED
    )
    at: DateTime | None = datum(sign_ins.c.at, "The time of the attempt.", WATCHED)
    outcome: SignInOutcome | None = datum(sign_ins.c.outcome, "Whether the customer was signed in.", WATCHED)
    ip_address: str | None = datum(
        sign_ins.c.ip_address,
        "The IPv4 or IPv6 address from which it was tried, such as `192.0.2.1`; null once it is erased.",
        WATCHED,
    )
    country: CountryCode | None = datum(
        sign_ins.c.country, "The country of that address, looked up by the gateway; null if it is not known.", WATCHED
    )
    device: str | None = datum(
        sign_ins.c.device, "The browser or app, as it named itself, such as `Epiphany on Linux`.", WATCHED
    )
    unusual: bool | None = datum(
        sign_ins.c.unusual, "Whether it came from a country or a device that is new for the customer.", WATCHED
    )


@record(sessions)
class Session(Node):
    """A signed-in browser or app."""

    id: strawberry.ID = identity(sessions, OPEN_SESSIONS)
    platform: Platform | None = datum(
        sessions.c.platform, "The platform that the customer is signed in to.", OPEN_SESSIONS
    )
    started_at: DateTime | None = datum(
        sessions.c.started_at, "The time at which the customer signed in.", OPEN_SESSIONS
    )
    last_seen_at: DateTime | None = datum(
        sessions.c.last_seen_at, "The time at which the session was last used.", OPEN_SESSIONS
    )
    expires_at: DateTime | None = datum(
        sessions.c.expires_at, "The time at which it ends by itself, unless it is used before.", OPEN_SESSIONS
    )
    ended_at: DateTime | None = datum(
        sessions.c.ended_at, "The time at which it ended; null while it is open.", OPEN_SESSIONS
    )
    # Place and device need a purpose that watches over the account; the fact that a session is open does not.
    ip_address: str | None = datum(
        sessions.c.ip_address,
        "The IPv4 or IPv6 address from which the customer signed in, such as `192.0.2.1`; null once it is erased.",
        WATCHED,
    )
    country: CountryCode | None = datum(
        sessions.c.country, "The country of that address, looked up by the gateway; null if it is not known.", WATCHED
    )
    device: str | None = datum(
        sessions.c.device, "The browser or app, as it named itself, such as `Epiphany on Linux`.", WATCHED
    )


SignInConnection = connection(SignIn, "SignIn")
SessionConnection = connection(Session, "Session")

"""The purposes of clients, each with its dates, and purposes that were given in an emergency."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint, text

from policy.grants import GrantEnd
from policy.retention import RetentionRule
from store.sql.metadata import Instant, choice, identity, plain, table

client_grants = table(
    "client_grants",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("client_id", String(64), None, ForeignKey("clients.id")),
    plain("purpose", String(40), None),
    plain("granted_at", Instant, None),
    plain("confirmed_at", Instant, None, nullable=True),
    plain("confirm_by", Instant, None, nullable=True),
    plain("last_used_at", Instant, None, nullable=True),
    plain("warned_at", Instant, None, nullable=True),
    plain("ends_at", Instant, None, nullable=True),
    choice("ends_because", tuple(each.name for each in GrantEnd), None, nullable=True),
    plain("closed_at", Instant, None, nullable=True),
    plain("attempts", Integer, None, default=0, server_default=text("0")),
    plain("leased_until", Instant, None, nullable=True),
    UniqueConstraint("client_id", "purpose"),
)
"""The purposes themselves are in `clients.purposes`; a row here says until when. `confirm_by` null: no date. A warning
sets `ends_at`, at which a worker takes the purpose out of `clients.purposes` and sets `closed_at`. `last_used_at` is
exact to the hour."""

emergency_grants = table(
    "emergency_grants",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("client_id", String(64), None, ForeignKey("clients.id"), index=True),
    plain("purpose", String(40), None),
    plain("reference", String(64), None),
    plain("because", String(200), None),
    plain("opened_at", Instant, None),
    plain("opened_by", String(16), None),
    plain("ends_at", Instant, None),
    plain("ended_at", Instant, None, nullable=True),
    plain("reviewed_at", Instant, None, nullable=True),
    plain("reviewed_by", String(16), None, nullable=True),
    plain("finding", String(200), None, nullable=True),
)
"""A purpose beyond the registration, until `ends_at`: each read of the registration compares it with the clock, so that
it ends without anybody's doing. `opened_by` and `reviewed_by` are codes of staff, of two persons; `because` and
`finding` are sentences without a customer's data. `ended_at` is set when it was ended before."""

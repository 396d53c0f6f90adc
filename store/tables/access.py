"""Sign-ins and sessions."""

from __future__ import annotations

from sqlalchemy import Boolean

from policy.categories import Category
from policy.credentials import OUTCOMES
from policy.platforms import PLATFORMS
from policy.retention import RetentionRule
from store.sql.metadata import Instant, choice, customer_table, plain, sealed

sign_ins = customer_table(
    "sign_ins",
    RetentionRule.SIGN_IN_RECORDS,
    choice("platform", PLATFORMS, Category.ACCESS_HISTORY),
    plain("at", Instant, Category.ACCESS_HISTORY, index=True),
    choice("outcome", OUTCOMES, Category.ACCESS_HISTORY),
    sealed("ip_address", Category.IP_ADDRESS),
    sealed("country", Category.COARSE_LOCATION),
    sealed("device", Category.ACCESS_HISTORY),
    plain("unusual", Boolean, Category.ACCESS_HISTORY),
)
"""`country` is derived from the IP address and is erased with it (R60)."""

sessions = customer_table(
    "sessions",
    RetentionRule.SESSION_RECORDS,
    choice("platform", PLATFORMS, Category.ACCESS_HISTORY),
    plain("started_at", Instant, Category.ACCESS_HISTORY),
    plain("last_seen_at", Instant, Category.ACCESS_HISTORY),
    plain("expires_at", Instant, Category.ACCESS_HISTORY),
    plain("ended_at", Instant, Category.ACCESS_HISTORY, nullable=True),
    sealed("ip_address", Category.IP_ADDRESS),
    sealed("country", Category.COARSE_LOCATION),
    sealed("device", Category.ACCESS_HISTORY),
)

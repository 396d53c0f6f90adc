"""The rules by which the sweeper deletes rows, and the tables that are deleted otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, func, select

from policy.dates import local_day, start_of_day
from policy.periods import Period
from policy.retention import RetentionRule
from store.operations.command_keys import command_keys
from store.operations.refusals import refusal_counts
from store.records.declared import DECLARED, Way
from store.tables.access import sessions, sign_ins
from store.tables.changes import customer_changes
from store.tables.consents import cookie_choices
from store.tables.exports import export_parts, exports
from store.tables.oauth import oauth_families
from store.tables.outbox import outbox
from store.tables.signin import alarm_links, pending_sign_ins, session_proofs


@dataclass(frozen=True, slots=True)
class Sweep:
    """Deletes rows when the period of their rule has passed since the time `since`; null: it has not started yet."""

    table: Table
    since: ColumnElement[Any]
    rule: RetentionRule
    first: tuple[tuple[Table, Column[Any]], ...] = ()
    """Tables whose rows refer to these rows, and are deleted before them."""

    def before(self, now: datetime) -> datetime:
        """Return the time before which rows have expired."""
        return cutoff(self.rule, now)


def cutoff(rule: RetentionRule, now: datetime) -> datetime:
    """Return the start of the first day whose period has not ended yet: rows expire neither early nor a day late."""
    return start_of_day(Period.parse(rule.period or "").first_running(local_day(now, UTC)), UTC)


LAST_APP = (
    select(func.max(oauth_families.c.ends_at))
    .where(
        oauth_families.c.session_id == sessions.c.id,
        oauth_families.c.revoked_at.is_(None),
        oauth_families.c.ends_at > sessions.c.expires_at,
    )
    .scalar_subquery()
)
"""The expiry of the last app authorised in a session: apps refer to the session's row, which is kept for as long."""

SWEEPS: Final = (
    Sweep(sign_ins, sign_ins.c.at, RetentionRule.SIGN_IN_RECORDS, ((alarm_links, alarm_links.c.sign_in_id),)),
    Sweep(
        sessions,
        func.coalesce(sessions.c.ended_at, LAST_APP, sessions.c.expires_at),
        RetentionRule.SESSION_RECORDS,
        ((session_proofs, session_proofs.c.session_id), (pending_sign_ins, pending_sign_ins.c.session_id)),
    ),
    Sweep(customer_changes, customer_changes.c.at, RetentionRule.CHANGE_RECORDS),
    Sweep(command_keys, command_keys.c.at, RetentionRule.COMMAND_KEYS),
    Sweep(refusal_counts, refusal_counts.c.day, RetentionRule.REFUSAL_COUNTS),
    Sweep(cookie_choices, cookie_choices.c.chosen_at, RetentionRule.COOKIE_CHOICE),
    Sweep(outbox, func.coalesce(outbox.c.delivered_at, outbox.c.dead_at), RetentionRule.OUTBOX),
    Sweep(
        exports, func.coalesce(exports.c.ready_at, exports.c.expires_at), RetentionRule.EXPORTS,
        ((export_parts, export_parts.c.export_id),),
    ),
)  # fmt: skip

OTHERWISE: Final[Mapping[str, Way]] = {name: each.way for name, each in DECLARED.items() if each.way is not Way.SWEEPER}
"""Tables without a sweep, with their declaration; a test checks that every table is in one of the two lists."""

"""How the rows of every table go once their time has passed: by the sweeper, or by what ends them otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, unique
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, func, select

from policy.dates import local_day, start_of_day
from policy.periods import Period
from policy.retention import RetentionRule
from store.access import sessions, sign_ins
from store.changes import customer_changes
from store.command_keys import command_keys
from store.consents import cookie_choices
from store.exports import export_parts, exports
from store.oauth import oauth_families
from store.outbox import outbox
from store.refusals import refusal_counts
from store.signin import alarm_links, pending_sign_ins, session_proofs


@unique
class Way(Enum):
    """What removes the rows of a table that the sweeper leaves alone."""

    ERASURE = "the erasure of the customer"
    WITHDRAWAL = "the withdrawal of the consent, at once"
    HOUSEKEEPING = "the housekeeping of signing in and of tokens, once they are over"
    COUNTING = "the counting of reads itself, after a day"
    LEDGER = "the pruning of the ledger, which the sweeper begins"
    OPERATOR = "the operator"
    NEVER = "nothing: they hold no personal data"
    KEPT = "nothing: they say what held, and name no customer"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rows go when the period of their rule has passed since a moment that each holds; null: it has not come yet."""

    table: Table
    since: ColumnElement[Any]
    rule: RetentionRule
    first: tuple[tuple[Table, Column[Any]], ...] = ()
    """Tables whose rows refer to these rows, and go before them."""

    def before(self, now: datetime) -> datetime:
        """Rows whose moment is earlier than this have been kept for the whole period."""
        return cutoff(self.rule, now)


def cutoff(rule: RetentionRule, now: datetime) -> datetime:
    """The start of the first day whose period has not ended yet: nothing goes too early, and no day too late."""
    return start_of_day(Period.parse(rule.period or "").first_running(local_day(now, UTC)), UTC)


O, S, F = outbox.c, sessions.c, oauth_families.c  # noqa: E741

LAST_APP = (
    select(func.max(F.ends_at))
    .where(F.session_id == S.id, F.revoked_at.is_(None), F.ends_at > S.expires_at)
    .scalar_subquery()
)
"""When the last app that was let in from a session ends by itself: apps rest on its row, which stays so long."""

SWEEPS: Final = (
    Sweep(sign_ins, sign_ins.c.at, RetentionRule.SIGN_IN_RECORDS, ((alarm_links, alarm_links.c.sign_in_id),)),
    Sweep(
        sessions,
        func.coalesce(S.ended_at, LAST_APP, S.expires_at),
        RetentionRule.SESSION_RECORDS,
        ((session_proofs, session_proofs.c.session_id), (pending_sign_ins, pending_sign_ins.c.session_id)),
    ),
    Sweep(customer_changes, customer_changes.c.at, RetentionRule.CHANGE_RECORDS),
    Sweep(command_keys, command_keys.c.at, RetentionRule.COMMAND_KEYS),
    Sweep(refusal_counts, refusal_counts.c.day, RetentionRule.REFUSAL_COUNTS),
    Sweep(cookie_choices, cookie_choices.c.chosen_at, RetentionRule.COOKIE_CHOICE),
    Sweep(outbox, func.coalesce(O.delivered_at, O.dead_at), RetentionRule.OUTBOX),
    Sweep(
        exports, func.coalesce(exports.c.ready_at, exports.c.expires_at), RetentionRule.EXPORTS,
        ((export_parts, export_parts.c.export_id),),
    ),
)  # fmt: skip

OTHERWISE: Final[Mapping[str, Way]] = {
    **dict.fromkeys(
        (
            "consents", "credentials", "customers", "disclosures", "domains", "index_changes", "invoices",
            "legal_holds", "legal_requests",
            "oauth_consents", "passkeys", "payment_methods", "second_factors", "services", "subject_keys",
        ),
        Way.ERASURE,
    ),
    "card_vault": Way.WITHDRAWAL,
    **dict.fromkeys(
        (
            "alarm_links", "email_links", "guesses", "known_devices", "oauth_codes", "oauth_families",
            "oauth_secrets", "passkey_challenges", "pending_sign_ins", "reset_links", "revocations",
            "session_proofs", "signing_keys", "slowdowns", "used_values",
        ),
        Way.HOUSEKEEPING,
    ),
    "client_reach": Way.COUNTING,
    **dict.fromkeys(
        ("ledger_checkpoints", "ledger_entries", "ledger_leaves", "ledger_pending", "ledger_subjects"), Way.LEDGER
    ),
    **dict.fromkeys(
        (
            "affiliates", "clients", "documents", "oauth_clients", "partners", "recipient_contacts", "staff",
            "staff_keys", "webhooks",
        ),
        Way.OPERATOR,
    ),
    **dict.fromkeys(("paper_forms", "papers"), Way.KEPT),
    **dict.fromkeys(
        (
            "erasure_count", "erasure_letters", "erasure_recipients", "erasure_steps", "erasures", "index_rebuilds",
            "key_erasure_count", "ledger_heads", "ledger_keys", "ledger_tiles", "ledger_tree", "system_keys",
        ),
        Way.NEVER,
    ),
}  # fmt: skip
"""Tables that no sweep names; a test finds the one that is in neither list."""

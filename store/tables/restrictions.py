"""Restrictions and objections: the log of events, the current state, and the stops for row filters (GDPR Art. 18,
21)."""

from __future__ import annotations

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, text

from policy.categories import Category
from policy.erasing import Method, NotificationState
from policy.restricting import Ground, Notice, ObjectionState, RightsEvent
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, customer_table, of_staff, plain, sealed
from store.tables.erasures import RECIPIENT_KINDS

GROUNDS = tuple(ground.name for ground in Ground)
RIGHTS_EVENTS = tuple(event.name for event in RightsEvent)
OBJECTION_STATES = tuple(state.name for state in ObjectionState)
ACTORS = ("CUSTOMER", "STAFF", "GATEWAY")
"""The actor: the customer, a member of staff, or the gateway itself when a waiting condition was met."""
NOTICES = tuple(notice.name for notice in Notice)

rights_events = customer_table(
    "rights_events",
    RetentionRule.RIGHTS_RECORDS,
    choice("event", RIGHTS_EVENTS, Category.PREFERENCE),
    choice("ground", GROUNDS, Category.PREFERENCE, nullable=True),
    plain("purpose", String(40), Category.PREFERENCE, nullable=True),
    choice("actor", ACTORS, Category.PREFERENCE),
    of_staff("staff", String(16), nullable=True),
    plain("reference", String(64), Category.PREFERENCE, nullable=True),
    sealed("because", Category.PREFERENCE),
    plain("at", Instant, Category.PREFERENCE),
)
"""Append-only; the tables below are derived from it. `because` is the reason that was given to the person; `reference`
is the case of a request that came by letter or by telephone."""

restrictions = customer_table(
    "restrictions",
    RetentionRule.RIGHTS_RECORDS,
    choice("ground", GROUNDS, Category.PREFERENCE),
    choice("asked_by", ACTORS, Category.PREFERENCE),
    plain("reference", String(64), Category.PREFERENCE, nullable=True),
    plain("since", Instant, Category.PREFERENCE),
    plain("lift_announced_at", Instant, Category.PREFERENCE, nullable=True),
    sealed("because", Category.PREFERENCE),
    plain("told_at", Instant, Category.PREFERENCE, nullable=True),
    plain("letter_id", Id, None, nullable=True),
    Index(None, "letter_id"),
    single=True,
)
"""The current restriction. `letter_id` is the message in the outbox that announces the lifting; `told_at` is when it
was delivered, refused permanently, or sent by post (Art. 18(3))."""

objections = customer_table(
    "objections",
    RetentionRule.RIGHTS_RECORDS,
    plain("purpose", String(40), Category.PREFERENCE),
    choice("state", OBJECTION_STATES, Category.PREFERENCE),
    plain("asked_at", Instant, Category.PREFERENCE),
    plain("answer_by", Instant, Category.PREFERENCE),
    plain("decided_at", Instant, Category.PREFERENCE, nullable=True),
    sealed("because", Category.PREFERENCE),
    plain("told_at", Instant, Category.PREFERENCE, nullable=True),
    plain("letter_id", Id, None, nullable=True),
    Index(None, "letter_id"),
    UniqueConstraint("customer_id", "purpose"),
)
"""One for each purpose, until it is withdrawn. `answer_by` is the month of Art. 12(3); `letter_id` and `told_at` are
those of the letter that it was overridden: until it has arrived, the purpose stays stopped (Art. 18(3))."""

# Partial indexes: the workers look for these few rows in every round (F9).
Index(
    "ix_objections_pending",
    objections.c.answer_by,
    sqlite_where=text("state = 'PENDING'"),
    postgresql_where=text("state = 'PENDING'"),
)
Index(
    "ix_objections_lifting",
    objections.c.told_at,
    sqlite_where=text("told_at IS NOT NULL"),
    postgresql_where=text("told_at IS NOT NULL"),
)
Index(
    "ix_restrictions_lifting",
    restrictions.c.told_at,
    sqlite_where=text("told_at IS NOT NULL"),
    postgresql_where=text("told_at IS NOT NULL"),
)

processing_stops = customer_table(
    "processing_stops",
    RetentionRule.RIGHTS_RECORDS,
    plain("subject", String(40), Category.PREFERENCE),
    plain("since", Instant, Category.PREFERENCE),
    UniqueConstraint("customer_id", "subject"),
)
"""The table that row filters read: a row excludes the customer's rows from its subject, RESTRICTION (every purpose that
is not exempt) or a purpose. Few customers have one, and each query is one look-up in the unique index."""

notices = customer_table(
    "notices",
    RetentionRule.RIGHTS_RECORDS,
    choice("about", NOTICES, Category.PREFERENCE),
    plain("fields", Text, Category.PREFERENCE, nullable=True),
    plain("asked_at", Instant, Category.PREFERENCE),
    plain("listed_at", Instant, Category.PREFERENCE, nullable=True),
)
"""Notifications to recipients (Art. 19); `fields` is a JSON list of the coordinates that were corrected."""

Index(
    "ix_notices_waiting",
    notices.c.asked_at,
    sqlite_where=text("listed_at IS NULL"),
    postgresql_where=text("listed_at IS NULL"),
)

notice_recipients = customer_table(
    "notice_recipients",
    RetentionRule.RIGHTS_RECORDS,
    plain("notice_id", Id, None),
    choice("about", NOTICES, Category.PREFERENCE),
    choice("kind", RECIPIENT_KINDS, Category.PREFERENCE),
    plain("name", String(200), Category.PREFERENCE),
    plain("country", String(2), Category.PREFERENCE, nullable=True),
    plain("listed_at", Instant, Category.PREFERENCE),
    choice("state", tuple(state.name for state in NotificationState), Category.PREFERENCE, server_default="LISTED"),
    choice("method", tuple(method.name for method in Method), None, nullable=True),
    plain("tries", Integer, None, default=0, server_default=text("0")),
    plain("sent_at", Instant, Category.PREFERENCE, nullable=True),
    plain("answered_at", Instant, Category.PREFERENCE, nullable=True),
    plain("answer", String(12), Category.PREFERENCE, nullable=True),
    plain("given_up_at", Instant, Category.PREFERENCE, nullable=True),
    plain("trouble", String(40), None, nullable=True),
    plain("outbox_id", Id, None, nullable=True),
    UniqueConstraint("notice_id", "kind", "name"),
    Index(None, "outbox_id"),
)
"""The state of a notification for each recipient and each client that keeps copies: the same states as for an erasure
(`erasure_recipients`)."""

Index(
    "ix_notice_recipients_open",
    notice_recipients.c.listed_at,
    sqlite_where=text("state IN ('LISTED', 'SENT')"),
    postgresql_where=text("state IN ('LISTED', 'SENT')"),
)

LIFTING_LETTER = "restriction.letter"
"""The topic of letters after whose delivery a restriction may be lifted, or an overridden purpose resumed."""

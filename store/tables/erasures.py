"""The erasures asked for or due, how far each has come, whom it tells, and what holds it up (R31-R36)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from policy.categories import Category
from policy.erasing import STANDING, Method, NotificationState, State, Step
from policy.recipients import Recipient
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, customer_table, identity, of_staff, plain, sealed, table

ERASURE_STATES = tuple(state.name for state in State)
ERASURE_CAUSES = ("REQUEST", "RETENTION")
ERASURE_STEPS = tuple(step.name for step in Step)
TOOL = "TOOL"
"""A client of the gateway that read the data by itself: no recipient outside, but it may hold a copy."""
RECIPIENT_KINDS = (*(kind.name for kind in Recipient), TOOL)
RECIPIENT_STATES = tuple(state.name for state in NotificationState)
METHODS = tuple(method.name for method in Method)

STANDING_STATES = tuple(sorted(state.name for state in STANDING))

erasures = customer_table(
    "erasures",
    RetentionRule.ERASURE_RECORDS,
    choice("state", ERASURE_STATES, Category.PREFERENCE),
    choice("cause", ERASURE_CAUSES, Category.PREFERENCE),
    plain("requested_at", Instant, Category.PREFERENCE),
    plain("due_at", Instant, Category.PREFERENCE, nullable=True),
    plain("when_services_end", Boolean, Category.PREFERENCE),
    plain("cancelled_at", Instant, Category.PREFERENCE, nullable=True),
    plain("finished_at", Instant, Category.PREFERENCE, nullable=True),
    plain("not_before", Instant, Category.PREFERENCE, nullable=True),
    plain("not_due_before", Instant, None, nullable=True),
    plain("alarm_at", Instant, None, nullable=True),
    plain("warnings", Integer, None, default=0, server_default=text("0")),
    plain("step", String(12), None, nullable=True),
    plain("attempts", Integer, None, default=0, server_default=text("0")),
    plain("leased_until", Instant, None, nullable=True),
    plain("trouble", String(40), None, nullable=True),
    plain("fingerprint", LargeBinary(16), None, nullable=True, output=False),
    plain("number", BigInteger, None, nullable=True, index=True),
    plain("redone", Boolean, None, default=False, server_default=text("false")),
    plain("certificate", Text, Category.PREFERENCE, nullable=True),
    plain("recipients_statement", Text, Category.PREFERENCE, nullable=True),
    plain("recipients_due_at", Instant, None, nullable=True),
    plain("holds", Text, None, nullable=True, output=False),
    plain("files_at", Instant, Category.PREFERENCE, nullable=True),
    plain("files_statement", Text, Category.PREFERENCE, nullable=True),
    plain("unobserved", Boolean, None, default=False, server_default=text("false")),
    of_staff("requested_by", String(64), nullable=True),
    sealed("requested_because", Category.ACCESS_HISTORY),
    of_staff("cancelled_by", String(64), nullable=True),
    sealed("cancelled_because", Category.ACCESS_HISTORY),
    plain("letter_statement", Text, Category.PREFERENCE, nullable=True),
    plain("erased_now", Text, Category.PREFERENCE, nullable=True),
    bound=False,
)
"""The record outlives the customer's row, which is gone when the state is ERASED (R57).

`not_due_before` leaves a customer who was imported the time for both warnings; `warnings` counts those written.
`step` is the last one that was done; `attempts` is the fence of the lease; `trouble` is a code, and never a text of a
database; `fingerprint` is that of the key that was destroyed, `number` the one that its destruction got in the key
store. `files_at` is when nobody could see any more what was removed, and it was gone from the files; a certificate that
was signed before is `unobserved` until `files_statement` says so, too (D9). `recipients_statement` is the signed
statement on the recipients; `recipients_due_at` is when to look next whether it can be signed, null without any and
once it was; `letter_statement` is the one on the last letter. `erased_now` is a JSON list of the coordinates that the
request erased at once. `holds` is a JSON list of the orders that stood in the
way, as the certificate tells of them. `requested_by` and `cancelled_by` are the operator who wrote it down for the
customer, `requested_because` and `cancelled_because` how they asked, which dies with the key. What is `redone` after a
restore was certified before, and is not certified again."""

erasure_count = table(
    "erasure_count",
    RetentionRule.ERASURE_RECORDS,
    plain("id", Integer, None, primary_key=True, autoincrement=False),
    plain("last", BigInteger, None),
)
"""One row: the number of the last erasure that was carried out here (`store.crypto.erasure_numbers`)."""

Index(
    "uq_erasures_standing",
    erasures.c.customer_id,
    unique=True,
    sqlite_where=erasures.c.state.in_(STANDING_STATES),
    postgresql_where=erasures.c.state.in_(STANDING_STATES),
)
Index("ix_erasures_state_not_before", erasures.c.state, erasures.c.not_before)
Index("ix_erasures_state_id", erasures.c.state, erasures.c.id)
Index(
    "ix_erasures_alarm_at",
    erasures.c.alarm_at,
    sqlite_where=erasures.c.state.in_(STANDING_STATES),
    postgresql_where=erasures.c.state.in_(STANDING_STATES),
)

Index("ix_erasures_recipients_due_at", erasures.c.recipients_due_at)
Index(
    "ix_erasures_unobserved",
    erasures.c.id,
    sqlite_where=text("unobserved"),
    postgresql_where=text("unobserved"),
)

STANDS = erasures.c.state.in_([literal_column(f"'{state}'") for state in STANDING_STATES])
"""Of those that stand, written out: with parameters in its place no database would take the index of them (F9)."""

erasure_recipients = table(
    "erasure_recipients",
    RetentionRule.ERASURE_RECORDS,
    identity(),
    plain("erasure_id", Id, None, ForeignKey("erasures.id")),
    choice("kind", RECIPIENT_KINDS, None),
    plain("name", String(200), None),
    plain("country", String(2), None, nullable=True),
    plain("listed_at", Instant, None),
    choice("state", RECIPIENT_STATES, None, server_default="LISTED"),
    choice("method", METHODS, None, nullable=True),
    plain("tries", Integer, None, default=0, server_default=text("0")),
    plain("sent_at", Instant, None, nullable=True),
    plain("answered_at", Instant, None, nullable=True),
    plain("answer", String(12), None, nullable=True),
    plain("given_up_at", Instant, None, nullable=True),
    plain("trouble", String(40), None, nullable=True),
    plain("outbox_id", Id, None, nullable=True),
    plain("keeps", String(200), None, nullable=True),
    plain("keeps_days", Integer, None, nullable=True),
    plain("earlier", Text, None, nullable=True),
    UniqueConstraint("erasure_id", "kind", "name"),
    Index(None, "outbox_id"),
)
"""Who received something of the customer and has to erase it, too (GDPR Art. 17(2) and 19), and the tools that read it.
It names companies and programs, and no person: the record outlives the customer. Each moment is written when what it
tells of has happened: `sent_at` once the receiver took the message, `answered_at` once it answered. `outbox_id` is the
message; `tries` counts the deliveries whose outcome is known. `keeps` and `keeps_days` are what the tool's
registration said when it was listed. `earlier` is a JSON list of what it was told of before, a restriction, its lifting
or a rectification, and what it answered."""

erasure_steps = table(
    "erasure_steps",
    RetentionRule.ERASURE_RECORDS,
    identity(),
    plain("erasure_id", Id, None, ForeignKey("erasures.id")),
    choice("step", ERASURE_STEPS, None),
    plain("done_at", Instant, None),
    UniqueConstraint("erasure_id", "step"),
)
"""When each step of an erasure was seen to be done."""

LETTER_OUTCOMES = ("DELIVERED", "REFUSED", "GIVEN_UP", "POSTED", "NO_ADDRESS")
"""What became of a letter: the mail server took it, refused it for good, or nobody took it while it was good; the
operator sent it by post; or there is no address to write to."""

WARNED = ("DELIVERED", "REFUSED", "POSTED")
"""Outcomes with which a warning counts: it arrived, or it is known that it never will."""

erasure_letters = table(
    "erasure_letters",
    RetentionRule.ERASURE_RECORDS,
    identity(),
    plain("erasure_id", Id, None, ForeignKey("erasures.id")),
    choice("kind", ("WARNING", "LAST"), None),
    plain("names", Instant, None, nullable=True),
    plain("written_at", Instant, None),
    plain("failed_at", Instant, None, nullable=True),
    plain("settled_at", Instant, None, nullable=True),
    choice("outcome", LETTER_OUTCOMES, None, nullable=True),
    plain("stated", Boolean, None, default=False, server_default=text("false")),
    Index(None, "erasure_id"),
)
"""The warnings of an erasure and its last letter, without address or text: what was written when, the date that it
`names`, and what became of it. The id is that of the message in the outbox, so that whoever delivers it notes it here
in the same transaction; `failed_at` is its first failure. A last letter is `stated` once something that is signed tells
what became of it."""

TO_STATE = "kind = 'LAST' AND outcome IS NOT NULL AND NOT stated"
Index(
    "ix_erasure_letters_to_state",
    erasure_letters.c.id,
    sqlite_where=text(TO_STATE),
    postgresql_where=text(TO_STATE),
)
"""Last letters of which nothing signed tells yet what became of them: found without a look at the others (F9)."""

legal_holds = customer_table(
    "legal_holds",
    RetentionRule.LEGAL_HOLDS,
    plain("reference", String(64), Category.ACCESS_HISTORY),
    plain("placed_at", Instant, Category.ACCESS_HISTORY),
    plain("until", Instant, Category.ACCESS_HISTORY),
    plain("lifted_at", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("fields", Text, Category.ACCESS_HISTORY, nullable=True),
    plain("basis", String(200), Category.ACCESS_HISTORY, nullable=True),
    plain("embargoed_until", Instant, Category.ACCESS_HISTORY, nullable=True),
    embargo="embargoed_until",
)
"""An order to preserve. It always ends: nothing is kept for ever because somebody forgot to lift it. `fields` is a JSON
list of schema coordinates, `basis` the provision of law; orders of older releases name neither. Until
`embargoed_until` the customer is not told."""

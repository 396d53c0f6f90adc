"""Erasures, their progress, the recipients that they notify, and the legal holds against them (R31-R36)."""

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
from policy.dates import ErasureCause
from policy.erasing import STANDING, WAITING, Method, NotificationState, State, Step
from policy.letters import LETTER_OUTCOMES
from policy.recipients import Recipient
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, customer_table, identity, of_staff, plain, sealed, table

ERASURE_STATES = tuple(state.name for state in State)
ERASURE_CAUSES = tuple(cause.name for cause in ErasureCause)
ERASURE_STEPS = tuple(step.name for step in Step)
TOOL = "TOOL"
"""A client of the gateway that read the data: no external recipient, but it may keep a copy."""
RECIPIENT_KINDS = (*(kind.name for kind in Recipient), TOOL)
RECIPIENT_STATES = tuple(state.name for state in NotificationState)
METHODS = tuple(method.name for method in Method)

WAITING_STATES = tuple(sorted(state.name for state in WAITING))
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
"""The record outlives the customer's row, which is deleted when the state is ERASED (R57).

`not_due_before` gives an imported customer the time for both warnings; `warnings` counts those written. `step` is the
last completed step; `attempts` is the fencing number of the lease; `trouble` is an error code, never a text of the
database; `fingerprint` is that of the destroyed key, `number` the one of its destruction in the key store. `files_at`
is when the deleted rows were gone from the files and no snapshot saw them; a certificate that was signed earlier is
`unobserved` until `files_statement` adds it (D9). `recipients_statement` is the signed statement about the recipients;
`recipients_due_at` is when to check next whether it can be signed, null if there are none and once it was signed;
`letter_statement` is the one about the final notice. `erased_now` is a JSON list of the coordinates that the request
erased at once. `holds` is a JSON list of the legal holds that delayed it, for the certificate. `requested_by` and
`cancelled_by` are the operator who recorded it for the customer, `requested_because` and `cancelled_because` how the
customer asked, unreadable once the key is destroyed. An erasure `redone` after a restore was certified before, and is
not certified again."""

erasure_count = table(
    "erasure_count",
    RetentionRule.ERASURE_RECORDS,
    plain("id", Integer, None, primary_key=True, autoincrement=False),
    plain("last", BigInteger, None),
)
"""One row: the number of the last erasure in this database (`store.crypto.erasure_numbers`)."""

# At most one open erasure for each customer (R47), also when two requests race.
Index(
    "uq_erasures_standing",
    erasures.c.customer_id,
    unique=True,
    sqlite_where=erasures.c.state.in_(STANDING_STATES),
    postgresql_where=erasures.c.state.in_(STANDING_STATES),
)
Index("ix_erasures_state_not_before", erasures.c.state, erasures.c.not_before)
Index("ix_erasures_state_id", erasures.c.state, erasures.c.id)
# Partial: records are kept for years, but only open erasures can raise an alarm.
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
"""Condition for open erasures, with literals: with parameters no database would use the partial index (F9)."""

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
"""The recipients of the customer's data, which have to erase it, too (GDPR Art. 17(2) and 19), and the clients that
read it. It names companies and programs, no persons: the record outlives the customer. Each time is written after the
event: `sent_at` once the receiver took the message, `answered_at` once it answered. `outbox_id` is the message; `tries`
counts the deliveries whose outcome is known. `keeps` and `keeps_days` are from the client's registration when it was
listed. `earlier` is a JSON list of earlier notices to it, such as a restriction or a rectification, and its answers."""

erasure_steps = table(
    "erasure_steps",
    RetentionRule.ERASURE_RECORDS,
    identity(),
    plain("erasure_id", Id, None, ForeignKey("erasures.id")),
    choice("step", ERASURE_STEPS, None),
    plain("done_at", Instant, None),
    # A step that is repeated keeps the time of its first observation.
    UniqueConstraint("erasure_id", "step"),
)
"""The time at which each step of an erasure was found to be done."""

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
"""The warnings of an erasure and its final notice, without address or text: the time of writing, the date that it
announces (`names`), and the outcome. The id is that of the message in the outbox, so that the delivery worker records
the outcome here in the same transaction; `failed_at` is the first failure. A final notice is `stated` once a signed
document contains its outcome."""

TO_STATE = "kind = 'LAST' AND outcome IS NOT NULL AND NOT stated"
Index(
    "ix_erasure_letters_to_state",
    erasure_letters.c.id,
    sqlite_where=text(TO_STATE),
    postgresql_where=text(TO_STATE),
)
"""Partial index of final notices whose outcome is in no signed document yet, so that others are not scanned (F9)."""

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
"""Legal holds. A hold always has an end: nothing is kept for ever because somebody forgot to lift it. `fields` is a
JSON list of schema coordinates, `basis` the legal provision; holds of older releases have neither. Until
`embargoed_until` it is not shown to the customer."""

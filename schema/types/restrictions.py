"""What a customer sees of the own restriction, of objections, and of those who were told (GDPR Art. 18, 19, 21)."""

from __future__ import annotations

import strawberry

from policy.restricting import Ground, Notice, ObjectionState
from schema.core.scalars import DateTime
from schema.core.words import enumerated
from schema.declare.connections import connection
from schema.declare.directives import PurposeEnum, mirrored
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import record
from store.tables.erasures import RECIPIENT_KINDS, RECIPIENT_STATES
from store.tables.restrictions import notice_recipients, objections, restrictions

OWN = (SELF,)
B, N, R = objections.c, notice_recipients.c, restrictions.c

GroundEnum = mirrored(Ground, "RestrictionGround", "text", "Why processing is restricted (GDPR Art. 18(1)).")
ObjectionStateEnum = mirrored(ObjectionState, "ObjectionState", "text", "Where an objection stands.")
NoticeEnum = mirrored(Notice, "Notice", "text", "What others who hold a copy are told of (GDPR Art. 19).")
ToldState = enumerated("ToldState", RECIPIENT_STATES, "How far somebody has been told, and what was answered.")
HolderKind = enumerated("HolderKind", RECIPIENT_KINDS, "A recipient outside, or a program of ours that keeps a copy.")


@record(restrictions)
class Restriction(Node):
    """A restriction that stands: the data is stored, and read for nothing but what its exceptions name."""

    id: strawberry.ID = identity(restrictions, OWN)
    ground: GroundEnum | None = datum(R.ground, "Why.", OWN)
    since: DateTime | None = datum(R.since, "Since when.", OWN)
    lift_announced_at: DateTime | None = datum(R.lift_announced_at, "When we wrote that it will be lifted.", OWN)
    because: str | None = datum(R.because, "Why it will be lifted.", OWN)
    told_at: DateTime | None = datum(R.told_at, "When that letter arrived; three days later it is lifted.", OWN)


@record(objections)
class Objection(Node):
    """An objection to one purpose."""

    id: strawberry.ID = identity(objections, OWN)
    purpose: PurposeEnum | None = datum(B.purpose, "To what.", OWN)
    state: ObjectionStateEnum | None = datum(B.state, "How far it has come.", OWN)
    asked_at: DateTime | None = datum(B.asked_at, "Since when.", OWN)
    answer_by: DateTime | None = datum(B.answer_by, "By when it is answered.", OWN)
    decided_at: DateTime | None = datum(B.decided_at, "When it was decided.", OWN)
    because: str | None = datum(B.because, "Why it was decided so.", OWN)


@record(notice_recipients)
class NoticeRecipient(Node):
    """One that has a copy of the data, and how far it has been told of a restriction, its end or a correction."""

    id: strawberry.ID = identity(notice_recipients, OWN)
    about: NoticeEnum | None = datum(N.about, "Of what.", OWN)
    kind: HolderKind | None = datum(N.kind, "What kind of recipient.", OWN)
    name: str | None = datum(N.name, "Who.", OWN)
    state: ToldState | None = datum(N.state, "How far it has been told.", OWN)
    listed_at: DateTime | None = datum(N.listed_at, "When it was found to hold a copy.", OWN)
    sent_at: DateTime | None = datum(N.sent_at, "When the message reached it.", OWN)
    answered_at: DateTime | None = datum(N.answered_at, "When it answered.", OWN)
    answer: str | None = datum(N.answer, "What it answered.", OWN)


NoticeRecipientConnection = connection(NoticeRecipient, "NoticeRecipient")

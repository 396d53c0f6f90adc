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

GroundEnum = mirrored(Ground, "RestrictionGround", "text", "Why processing is restricted (GDPR Art. 18(1)).")
ObjectionStateEnum = mirrored(ObjectionState, "ObjectionState", "text", "Where an objection stands.")
NoticeEnum = mirrored(Notice, "Notice", "text", "What others who hold a copy are told of (GDPR Art. 19).")
ToldState = enumerated("ToldState", RECIPIENT_STATES, "How far somebody has been told, and what was answered.")
HolderKind = enumerated("HolderKind", RECIPIENT_KINDS, "A recipient outside, or a program of ours that keeps a copy.")


@record(restrictions)
class Restriction(Node):
    """A restriction that stands: the data is stored, and read for nothing but what its exceptions name."""

    id: strawberry.ID = identity(restrictions, OWN)
    ground: GroundEnum | None = datum(restrictions.c.ground, "Why.", OWN)
    since: DateTime | None = datum(restrictions.c.since, "Since when.", OWN)
    lift_announced_at: DateTime | None = datum(
        restrictions.c.lift_announced_at, "When we wrote that it will be lifted.", OWN
    )
    because: str | None = datum(restrictions.c.because, "Why it will be lifted.", OWN)
    told_at: DateTime | None = datum(
        restrictions.c.told_at, "When that letter arrived; three days later it is lifted.", OWN
    )


@record(objections)
class Objection(Node):
    """An objection to one purpose."""

    id: strawberry.ID = identity(objections, OWN)
    purpose: PurposeEnum | None = datum(objections.c.purpose, "To what.", OWN)
    state: ObjectionStateEnum | None = datum(objections.c.state, "How far it has come.", OWN)
    asked_at: DateTime | None = datum(objections.c.asked_at, "Since when.", OWN)
    answer_by: DateTime | None = datum(objections.c.answer_by, "By when it is answered.", OWN)
    decided_at: DateTime | None = datum(objections.c.decided_at, "When it was decided.", OWN)
    because: str | None = datum(objections.c.because, "Why it was decided so.", OWN)


@record(notice_recipients)
class NoticeRecipient(Node):
    """One that has a copy of the data, and how far it has been told of a restriction, its end or a correction."""

    id: strawberry.ID = identity(notice_recipients, OWN)
    about: NoticeEnum | None = datum(notice_recipients.c.about, "Of what.", OWN)
    kind: HolderKind | None = datum(notice_recipients.c.kind, "What kind of recipient.", OWN)
    name: str | None = datum(notice_recipients.c.name, "Who.", OWN)
    state: ToldState | None = datum(notice_recipients.c.state, "How far it has been told.", OWN)
    listed_at: DateTime | None = datum(notice_recipients.c.listed_at, "When it was found to hold a copy.", OWN)
    sent_at: DateTime | None = datum(notice_recipients.c.sent_at, "When the message reached it.", OWN)
    answered_at: DateTime | None = datum(notice_recipients.c.answered_at, "When it answered.", OWN)
    answer: str | None = datum(notice_recipients.c.answer, "What it answered.", OWN)


NoticeRecipientConnection = connection(NoticeRecipient, "NoticeRecipient")

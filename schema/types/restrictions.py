"""Restrictions, objections, and the recipients informed of them (GDPR Art. 18, 19, 21)."""

from __future__ import annotations

import strawberry

from policy.restricting import Ground, Notice, ObjectionState
from schema.core.enums import HolderKind, ToldState
from schema.core.scalars import DateTime
from schema.declare.connections import connection
from schema.declare.directives import PurposeEnum, mirrored
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import record
from store.tables.restrictions import notice_recipients, objections, restrictions

OWN = (SELF,)

GroundEnum = mirrored(Ground, "RestrictionGround", "text", "A ground for restricting processing (GDPR Art. 18(1)).")
ObjectionStateEnum = mirrored(ObjectionState, "ObjectionState", "text", "The state of an objection.")
NoticeEnum = mirrored(Notice, "Notice", "text", "An event that recipients are informed of (GDPR Art. 19).")


@record(restrictions)
class Restriction(Node):
    """A restriction in force: the data is stored, and read only for the exceptions of GDPR Art. 18(2)."""

    id: strawberry.ID = identity(restrictions, OWN)
    ground: GroundEnum | None = datum(restrictions.c.ground, "The ground.", OWN)
    since: DateTime | None = datum(restrictions.c.since, "The start.", OWN)
    lift_announced_at: DateTime | None = datum(
        restrictions.c.lift_announced_at, "The time at which we announced that it will be lifted.", OWN
    )
    because: str | None = datum(restrictions.c.because, "The reason for lifting it.", OWN)
    told_at: DateTime | None = datum(
        restrictions.c.told_at, "The delivery of that e-mail; the restriction is lifted three days later.", OWN
    )


@record(objections)
class Objection(Node):
    """An objection to one purpose."""

    id: strawberry.ID = identity(objections, OWN)
    purpose: PurposeEnum | None = datum(objections.c.purpose, "The purpose.", OWN)
    state: ObjectionStateEnum | None = datum(objections.c.state, "The state.", OWN)
    asked_at: DateTime | None = datum(objections.c.asked_at, "The start.", OWN)
    answer_by: DateTime | None = datum(objections.c.answer_by, "The deadline of the decision.", OWN)
    decided_at: DateTime | None = datum(objections.c.decided_at, "The time of the decision.", OWN)
    because: str | None = datum(objections.c.because, "The reason for the decision.", OWN)


@record(notice_recipients)
class NoticeRecipient(Node):
    """A recipient with a copy of the data, and the state of informing it (GDPR Art. 19)."""

    id: strawberry.ID = identity(notice_recipients, OWN)
    about: NoticeEnum | None = datum(notice_recipients.c.about, "The event.", OWN)
    kind: HolderKind | None = datum(notice_recipients.c.kind, "The kind of recipient.", OWN)
    name: str | None = datum(notice_recipients.c.name, "The recipient.", OWN)
    state: ToldState | None = datum(notice_recipients.c.state, "The state of informing it.", OWN)
    listed_at: DateTime | None = datum(
        notice_recipients.c.listed_at, "The time at which it was listed as having a copy.", OWN
    )
    sent_at: DateTime | None = datum(notice_recipients.c.sent_at, "The time of delivery.", OWN)
    answered_at: DateTime | None = datum(notice_recipients.c.answered_at, "The time of its answer.", OWN)
    answer: str | None = datum(notice_recipients.c.answer, "Its answer.", OWN)


NoticeRecipientConnection = connection(NoticeRecipient, "NoticeRecipient")

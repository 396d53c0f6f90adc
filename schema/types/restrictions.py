"""Requests about one's data, restrictions, objections, and recipients informed of them (GDPR Art. 12, 18, 19, 21)."""

from __future__ import annotations

import strawberry

from policy.requests import RequestKind, RequestState, RequestWay
from policy.restricting import Ground, Notice, ObjectionState
from schema.core.enums import HolderKind, ToldState
from schema.core.scalars import BigInt, DateTime
from schema.declare.connections import connection
from schema.declare.directives import PurposeEnum, mirrored
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import record
from store.tables.requests import rights_requests
from store.tables.restrictions import notice_recipients, objections, restrictions

OWN = (SELF,)
R = rights_requests.c

GroundEnum = mirrored(Ground, "RestrictionGround", "text", "A ground for restricting processing (GDPR Art. 18(1)).")
ObjectionStateEnum = mirrored(ObjectionState, "ObjectionState", "text", "Whether an objection is decided, and how.")
NoticeEnum = mirrored(Notice, "Notice", "text", "An event that recipients are informed of (GDPR Art. 19).")


@record(restrictions)
class Restriction(Node):
    """A restriction in force: the data is stored, and read only for the exceptions of GDPR Art. 18(2)."""

    id: strawberry.ID = identity(restrictions, OWN)
    ground: GroundEnum | None = datum(
        restrictions.c.ground, "The ground on which processing is restricted (GDPR Art. 18(1)).", OWN
    )
    since: DateTime | None = datum(restrictions.c.since, "The time from which processing is restricted.", OWN)
    lift_announced_at: DateTime | None = datum(
        restrictions.c.lift_announced_at,
        "The time at which the customer was told that it will be lifted; null while it is not to be.",
        OWN,
    )
    because: str | None = datum(
        restrictions.c.because, "The reason for which it will be lifted; null while it is not to be.", OWN
    )
    told_at: DateTime | None = datum(
        restrictions.c.told_at,
        "The time at which that e-mail was delivered, three days before the restriction is lifted; null until then.",
        OWN,
    )


@record(objections)
class Objection(Node):
    """An objection to one purpose."""

    id: strawberry.ID = identity(objections, OWN)
    purpose: PurposeEnum | None = datum(objections.c.purpose, "The purpose that the customer objects to.", OWN)
    state: ObjectionStateEnum | None = datum(objections.c.state, "Whether the objection is decided, and how.", OWN)
    asked_at: DateTime | None = datum(objections.c.asked_at, "The time at which the customer objected.", OWN)
    answer_by: DateTime | None = datum(objections.c.answer_by, "The time by which the objection is to be decided.", OWN)
    decided_at: DateTime | None = datum(
        objections.c.decided_at, "The time at which it was decided; null until then.", OWN
    )
    because: str | None = datum(
        objections.c.because, "The reason of the decision; null if it is not decided, or was granted without one.", OWN
    )


@record(notice_recipients)
class NoticeRecipient(Node):
    """A recipient with a copy of the data, and the state of informing it (GDPR Art. 19)."""

    id: strawberry.ID = identity(notice_recipients, OWN)
    about: NoticeEnum | None = datum(notice_recipients.c.about, "The event that the recipient is informed of.", OWN)
    kind: HolderKind | None = datum(notice_recipients.c.kind, "The kind of the holder of a copy.", OWN)
    name: str | None = datum(
        notice_recipients.c.name, "The holder of a copy by its name, such as `Example Acquirer`.", OWN
    )
    state: ToldState | None = datum(notice_recipients.c.state, "How far informing it has come, with its answer.", OWN)
    listed_at: DateTime | None = datum(
        notice_recipients.c.listed_at, "The time at which it was listed as a holder of a copy.", OWN
    )
    sent_at: DateTime | None = datum(
        notice_recipients.c.sent_at, "The time at which the message reached it; null until then.", OWN
    )
    answered_at: DateTime | None = datum(
        notice_recipients.c.answered_at, "The time at which it answered; null until then.", OWN
    )
    answer: str | None = datum(notice_recipients.c.answer, "Its answer about its copy; null until there is one.", OWN)


NoticeRecipientConnection = connection(NoticeRecipient, "NoticeRecipient")


RequestKindEnum = mirrored(RequestKind, "RightsRequestKind", "text", "The right that a person uses.")
RequestStateEnum = mirrored(RequestState, "RightsRequestState", "text", "How far a request has come.")
RequestWayEnum = mirrored(RequestWay, "RightsRequestWay", "text", "The way in which a request came.")


@record(rights_requests)
class RightsRequest(Node):
    """A request about one's data: by oneself in the client area, or recorded by staff who were written to or called."""

    id: strawberry.ID = identity(rights_requests, OWN)
    kind: RequestKindEnum | None = datum(R.kind, "The right that is used.", OWN)
    state: RequestStateEnum | None = datum(R.state, "How far the request has come.", OWN)
    way: RequestWayEnum | None = datum(R.way, "The way in which it came.", OWN)
    reference: str | None = datum(
        R.reference, "The number of the case, of a request that staff recorded; else null.", OWN
    )
    purpose: PurposeEnum | None = datum(R.purpose, "The purpose of an objection; null for every other kind.", OWN)
    entry: BigInt | None = datum(
        R.entry, "The index of the reading that a question is about (`DataAccess.index`); null for other kinds.", OWN
    )
    said: str | None = datum(R.said, "The question, in the customer's own words; null for other kinds.", OWN)
    asked_at: DateTime | None = datum(R.asked_at, "The time at which the request came.", OWN)
    answer_by: DateTime | None = datum(
        R.answer_by, "The time by which it is answered: a month, longer if it was extended or paused.", OWN
    )
    extended_at: DateTime | None = datum(
        R.extended_at, "The time at which two further months were taken (GDPR Art. 12(3)); null if they were not.", OWN
    )
    paused_at: DateTime | None = datum(
        R.paused_at, "The time since which something of the customer is waited for; null while nothing is.", OWN
    )
    verified_at: DateTime | None = datum(
        R.verified_at, "The time at which it was verified who asks; null until then.", OWN
    )
    answered_at: DateTime | None = datum(
        R.answered_at, "The time at which it was carried out, refused or taken back; null while it is open.", OWN
    )
    because: str | None = datum(
        R.because, "The answer, or the reason of a refusal, an extension or a pause; null where there is none.", OWN
    )


RightsRequestConnection = connection(RightsRequest, "RightsRequest")

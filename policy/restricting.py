"""Restriction of processing and objection: grounds, states, and the purposes that each stops (GDPR Art. 18, 21)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from enum import Enum, unique
from typing import Final

from policy.bases import LegalBasis
from policy.dates import period_end
from policy.erasing import NotificationState
from policy.periods import Period
from policy.purposes import Purpose
from policy.rows import Row

RESTRICTION: Final = "RESTRICTION"
"""The name of a stop for every purpose that is not exempt; the name of any other stop is its purpose's."""

ONE_MONTH: Final = Period.parse("P1M")
NOTICE_PERIOD: Final = timedelta(days=3)
"""Minimum time between informing the person and lifting a restriction, so that they can complain (Art. 18(3))."""


@unique
class Ground(Row):
    """The ground for a restriction of processing (Art. 18(1))."""

    ACCURACY_CONTESTED = ("The data may be wrong, and it is verified.", "Art. 18(1)(a)")
    UNLAWFUL = ("The processing is unlawful, and the person does not want the data erased.", "Art. 18(1)(b)")
    LEGAL_CLAIMS = ("The person needs the data for a legal claim; we would not keep it.", "Art. 18(1)(c)")
    OBJECTION_PENDING = ("The person has objected, and it is not decided yet.", "Art. 18(1)(d)")

    def __init__(self, _text: str, article: str) -> None:
        self.article = article
        """The letter, as a lawyer cites it."""


@unique
class RightsEvent(Row):
    """An event of a restriction or an objection; the log of events is append-only."""

    RESTRICTED = ("Processing was restricted.",)
    LIFT_ANNOUNCED = ("The person was written to that it will be lifted, and why.",)
    LIFTED = ("The restriction ended.",)
    TOLD = ("The letter about a lifting, or about an objection that is overridden, went by post.",)
    OBJECTED = ("The person objected to a purpose.",)
    WITHDRAWN = ("The person took the objection back.",)
    UPHELD = ("The objection holds: the purpose reads nothing of the person any more.",)
    OVERRIDDEN = ("Compelling grounds, which the person was told, override it (Art. 21(1)).",)


@unique
class ObjectionOutcome(Enum):
    """The legal effect of an objection to a purpose."""

    AT_ONCE = "Direct marketing: it holds always, at once and without a reason (Art. 21(2), (3))."
    JUDGED = "It stops the purpose at once, unless it is exempt, and is decided within a month (Art. 21(1), 18(1)(d))."
    NONE = "There is no right to object to it."


@unique
class ObjectionState(Row):
    """The state of an objection."""

    PENDING = ("It is not decided yet; until then the purpose stands still, unless it is exempt.",)
    UPHELD = ("The objection holds.",)
    OVERRIDDEN = ("Compelling grounds override it.",)


def objection_to(purpose: Purpose) -> ObjectionOutcome:
    """Return the effect of an objection; it follows from the purpose's legal bases, so that none can claim another."""
    if purpose.promotional:
        return ObjectionOutcome.AT_ONCE
    judged = {LegalBasis.A6_1_E, LegalBasis.A6_1_F}.intersection(purpose.bases)
    return ObjectionOutcome.JUDGED if judged else ObjectionOutcome.NONE


def stops(purpose: Purpose) -> tuple[str, ...]:
    """Return the names of the stops that exclude a person's rows from this purpose; empty: no stop does."""
    if purpose.exempt is not None:
        return ()
    # An objection has no effect on a purpose that allows none, so that only a restriction stops it.
    return (RESTRICTION,) if objection_to(purpose) is ObjectionOutcome.NONE else (RESTRICTION, purpose.name)


INSTEAD: Final[Mapping[LegalBasis, str]] = {
    LegalBasis.A6_1_A: "It rests on your consent, which you can withdraw at any time instead.",
    LegalBasis.A6_1_B: "It rests on the contract with you: end the service, or have processing restricted instead.",
    LegalBasis.A6_1_C: "The law obliges us to it: have processing restricted, or complain to the authority, instead.",
}
"""The explanation why there is no right to object, and the alternative, by legal basis (Art. 21(1); 12(4))."""


def instead(purpose: Purpose) -> str:
    """Return the explanation for a person who has no right to object to this purpose."""
    return INSTEAD[purpose.bases[0]]


def answer_by(asked: datetime, zone: tzinfo) -> datetime:
    """Return the deadline for answering a request: one month, to the end of that day in the controller's zone (Art.
    12(3))."""
    return period_end(asked, ONE_MONTH, zone)


def may_lift(told_at: datetime | None, now: datetime) -> bool:
    """Return whether the person was informed long enough before the lifting (Art. 18(3))."""
    return told_at is not None and told_at + NOTICE_PERIOD <= now


@unique
class Notice(Row):
    """A notification to recipients of the data, other than its erasure (Art. 19)."""

    RESTRICTION = ("The person has processing restricted.", "customer.restrict")
    LIFTING = ("The restriction ended.", "customer.restriction.lift")
    RECTIFICATION = ("Data of the person were corrected.", "customer.rectify")

    def __init__(self, _text: str, wire: str) -> None:
        self.wire = wire
        """The event type of the message to a recipient."""


@unique
class NoticeReply(Enum):
    """The answer of a recipient about its copy, in the header `Notice-Answer` or given to an operator."""

    DONE = "It did what it was told of."
    UNKNOWN = "It holds nothing of this person."
    REFUSED = "It goes on as before."

    @property
    def state(self) -> NotificationState:
        """The state of the recipient after this answer."""
        return NotificationState.REFUSED if self is NoticeReply.REFUSED else NotificationState.ACKNOWLEDGED

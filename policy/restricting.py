"""Restriction of processing and objection to it: grounds, states, and what each keeps from being read (Art. 18, 21)."""

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
"""The subject of a stop that concerns every purpose which is not exempt; of any other it is the purpose's name."""

ONE_MONTH: Final = Period.parse("P1M")
TOLD_AHEAD: Final = timedelta(days=3)
"""How long before a restriction is lifted the person has been told: time to complain (Art. 18(3))."""


@unique
class Ground(Row):
    """Why a person has processing restricted (Art. 18(1))."""

    ACCURACY_CONTESTED = ("The data may be wrong, and it is verified.", "Art. 18(1)(a)")
    UNLAWFUL = ("The processing is unlawful, and the person does not want the data erased.", "Art. 18(1)(b)")
    LEGAL_CLAIMS = ("The person needs the data for a legal claim; we would not keep it.", "Art. 18(1)(c)")
    OBJECTION_PENDING = ("The person has objected, and it is not decided yet.", "Art. 18(1)(d)")

    def __init__(self, _text: str, article: str) -> None:
        self.article = article
        """The letter, as a lawyer cites it."""


@unique
class RightsEvent(Row):
    """What happens to a restriction or an objection; events are only ever added."""

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
    """What becomes of an objection to a purpose."""

    AT_ONCE = "Direct marketing: it holds always, at once and without a reason (Art. 21(2), (3))."
    JUDGED = "It stops the purpose at once, unless it is exempt, and is decided within a month (Art. 21(1), 18(1)(d))."
    NONE = "There is no right to object to it."


@unique
class ObjectionState(Row):
    """Where an objection stands."""

    PENDING = ("It is not decided yet; until then the purpose stands still, unless it is exempt.",)
    UPHELD = ("It holds.",)
    OVERRIDDEN = ("Compelling grounds override it.",)


def objection_to(purpose: Purpose) -> ObjectionOutcome:
    """What an objection does, by the purpose's legal bases: none may say otherwise of itself."""
    if purpose.promotional:
        return ObjectionOutcome.AT_ONCE
    judged = {LegalBasis.A6_1_E, LegalBasis.A6_1_F}.intersection(purpose.bases)
    return ObjectionOutcome.JUDGED if judged else ObjectionOutcome.NONE


def stops(purpose: Purpose) -> tuple[str, ...]:
    """The subjects of stops that keep a person's rows from this purpose; none: nothing does."""
    if purpose.exempt is not None:
        return ()
    return (RESTRICTION,) if objection_to(purpose) is ObjectionOutcome.NONE else (RESTRICTION, purpose.name)


INSTEAD: Final[Mapping[LegalBasis, str]] = {
    LegalBasis.A6_1_A: "It rests on your consent, which you can withdraw at any time instead.",
    LegalBasis.A6_1_B: "It rests on the contract with you: end the service, or have processing restricted instead.",
    LegalBasis.A6_1_C: "The law obliges us to it: have processing restricted, or complain to the authority, instead.",
}
"""Why one cannot object to a purpose, and what to do, by its first legal basis (Art. 21(1); 12(4))."""


def instead(purpose: Purpose) -> str:
    """What a person who cannot object to this purpose is told."""
    return INSTEAD[purpose.bases[0]]


def answer_by(asked: datetime, zone: tzinfo) -> datetime:
    """By when a request is answered: one month, to the end of that day where the controller is (Art. 12(3))."""
    return period_end(asked, ONE_MONTH, zone)


def may_lift(told_at: datetime | None, now: datetime) -> bool:
    """Whether the person has been told long enough ahead of the lifting (Art. 18(3))."""
    return told_at is not None and told_at + TOLD_AHEAD <= now


@unique
class Notice(Row):
    """What those who have a copy of the data are told of beside its erasure (Art. 19)."""

    RESTRICTION = ("The person has processing restricted.", "customer.restrict")
    LIFTING = ("The restriction ended.", "customer.restriction.lift")
    RECTIFICATION = ("Data of the person were corrected.", "customer.rectify")

    def __init__(self, _text: str, wire: str) -> None:
        self.wire = wire
        """The type of the message that a recipient gets."""


@unique
class NoticeReply(Enum):
    """What a recipient says of its copy, in the header `Notice-Answer` or to an operator."""

    DONE = "It did what it was told of."
    UNKNOWN = "It holds nothing of this person."
    REFUSED = "It goes on as before."

    @property
    def state(self) -> NotificationState:
        """What it makes of the recipient's state."""
        return NotificationState.REFUSED if self is NoticeReply.REFUSED else NotificationState.ACKNOWLEDGED

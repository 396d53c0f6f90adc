"""The state machine of an erasure (R31-R36, R42-R47)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, unique
from typing import Final


@unique
class State(Enum):
    """The state of an erasure."""

    ARMED = "Asked for; begins by itself when the last service ends."
    BLOCKED = "Suspended: a service runs again."
    SCHEDULED = "Has its dates, and begins by itself."
    HELD = "Suspended by a legal hold, or by a restriction of processing."
    ERASING = "Being carried out; cannot be called off any more."
    ERASED = "Done, with a certificate."
    CANCELLED = "Called off by the customer, or overtaken by a new service."
    REFUSED = "Refused while services ran; what rests on consent was erased at once."


WAITING_FOR: Final = frozenset({State.ARMED, State.BLOCKED, State.SCHEDULED, State.HELD})
"""The states that end by something that takes days: of services, of the dates, of an order."""

HELD_BY_ORDER: Final = "Suspended by a legal hold."
HELD_BY_RESTRICTION: Final = (
    "Suspended by a restriction of processing: nobody asked for it, and the data may be needed for a claim "
    "(GDPR Art. 18(1)(b), (c))."
)


def meaning(state: State, ordered: bool) -> str:
    """Explain a state; for HELD, `ordered` says that a legal hold is the cause, else it is a restriction."""
    if state is not State.HELD:
        return str(state.value)
    return HELD_BY_ORDER if ordered else HELD_BY_RESTRICTION


def seconds_until_worth_asking(state: str) -> int | None:
    """The seconds after which the state may have changed; None if it changes no more."""
    # What is being carried out takes minutes; what waits for services, dates or orders takes days.
    if state == State.ERASING.name:
        return 60
    return 6 * 3600 if State[state] in WAITING_FOR else None


@unique
class ErasureEvent(Enum):
    """An event that changes the state of an erasure."""

    SERVICES_ENDED = "the last service ended"
    SERVICE_BEGAN = "a service began"
    HOLD_PLACED = "a legal hold was placed, or processing restricted"
    HOLD_LIFTED = "the last legal hold, or the restriction, ended"
    BEGUN = "its time came"
    DONE = "every step was done"
    CANCELLED = "the customer called it off"
    OVERTAKEN = "nobody asked for it, and a service began"


TRANSITIONS: Final[Mapping[tuple[State, ErasureEvent], State]] = {
    (State.ARMED, ErasureEvent.SERVICES_ENDED): State.SCHEDULED,
    (State.ARMED, ErasureEvent.CANCELLED): State.CANCELLED,
    (State.BLOCKED, ErasureEvent.SERVICES_ENDED): State.SCHEDULED,
    (State.BLOCKED, ErasureEvent.CANCELLED): State.CANCELLED,
    (State.SCHEDULED, ErasureEvent.SERVICE_BEGAN): State.BLOCKED,
    (State.SCHEDULED, ErasureEvent.OVERTAKEN): State.CANCELLED,
    (State.SCHEDULED, ErasureEvent.HOLD_PLACED): State.HELD,
    (State.SCHEDULED, ErasureEvent.CANCELLED): State.CANCELLED,
    (State.SCHEDULED, ErasureEvent.BEGUN): State.ERASING,
    (State.HELD, ErasureEvent.HOLD_LIFTED): State.SCHEDULED,
    (State.HELD, ErasureEvent.SERVICE_BEGAN): State.BLOCKED,
    (State.HELD, ErasureEvent.OVERTAKEN): State.CANCELLED,
    (State.HELD, ErasureEvent.CANCELLED): State.CANCELLED,
    # before.
    (State.ERASING, ErasureEvent.DONE): State.ERASED,
}
"""Every allowed transition. None leads back out of ERASING: its first steps destroy what a return would need."""

WAITING: Final = frozenset({State.ARMED, State.BLOCKED, State.SCHEDULED, State.HELD})
"""States in which nothing has been erased yet."""
STANDING: Final = WAITING | {State.ERASING}
"""States of an erasure that is not over; a customer has one at most (R47)."""


class TransitionError(Exception):
    """The event is not allowed in this state."""

    def __init__(self, state: State, event: ErasureEvent) -> None:
        super().__init__(f"{event.name} does nothing to an erasure that is {state.name}")


def after(state: State, event: ErasureEvent) -> State:
    """Return the state after an event; TransitionError where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(state, event) from None


@unique
class Step(Enum):
    """The steps of an erasure, in their order; each is idempotent."""

    # Tokens first, so that nobody reads meanwhile; recipients before the key, without which the ledger cannot be
    # searched; the final notice before the key, too, which decrypts the address; files after the rows that they still
    # contain.
    TOKENS = "Every token and session ended."
    RECIPIENTS = "Everybody who ever received the data, and every tool that read it, was listed."
    FAREWELL = "The last message was written and put aside."
    KEY = "The customer's data key was destroyed."
    ROWS = "Every row about the customer was removed, with the fingerprints it could be found by."
    FILES = "What the removal left behind in the database's files was overwritten."
    CERTIFICATE = "The certificate was signed, and its hash written to the ledger."


STEPS: Final = tuple(Step)


@unique
class NotificationState(Enum):
    """Progress of the notification of a recipient of erased data (GDPR Art. 17(2), 19)."""

    LISTED = "Known to have received the data; nothing has reached it yet."
    SENT = "A message reached it, or a letter was posted; it has not answered."
    ACKNOWLEDGED = "It answered that it holds nothing any more."
    REFUSED = "It answered that it goes on holding what it received."
    GIVEN_UP = "It could not be reached, or never answered."


SETTLED: Final = frozenset({NotificationState.ACKNOWLEDGED, NotificationState.REFUSED, NotificationState.GIVEN_UP})
"""Final states: no answer of the recipient is expected any more."""


@unique
class Method(Enum):
    """The channel by which a recipient was notified."""

    WEBHOOK = "A signed message over HTTPS."
    EMAIL = "An e-mail to its registered contact."
    LETTER = "A letter that an operator posted."


@unique
class RecipientAnswer(Enum):
    """The answer of a recipient about its copy of the data."""

    ERASED = "It erased what it held."
    UNKNOWN = "It holds nothing of this person."
    REFUSED = "It goes on holding something."

    @property
    def state(self) -> NotificationState:
        """The state of the recipient after this answer."""
        return NotificationState.REFUSED if self is RecipientAnswer.REFUSED else NotificationState.ACKNOWLEDGED


ANSWER_WITHIN: Final = timedelta(days=30)
"""Time after which a recipient that was listed and has not answered is given up."""
DELIVER_WITHIN: Final = timedelta(days=14)
"""Time during which delivery of a message to a recipient is retried."""

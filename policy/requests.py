"""Requests of persons about their data: kinds, states, ways, deadlines, and when two persons are needed (Art. 12)."""

from datetime import datetime, timedelta, tzinfo
from enum import unique
from typing import Final

from policy.dates import period_end
from policy.periods import Period
from policy.rows import Row

ANSWERED_WITHIN: Final = Period.parse("P1M")
EXTENDED_TO: Final = Period.parse("P3M")
"""One month, and two further ones where a request is complex; the person is told why within the first (Art. 12(3))."""


@unique
class RequestKind(Row):
    """The right that a person uses."""

    COPY = ("A copy of the data (Art. 15, 20).",)
    CORRECTION = ("A correction of the data (Art. 16).",)
    ERASURE = ("The erasure of all data (Art. 17).",)
    RESTRICTION = ("The restriction of processing (Art. 18).",)
    OBJECTION = ("An objection to a purpose (Art. 21).",)
    OPT_OUT = ("The end of product news (Art. 21(2), (3)).",)
    SIGN_OUT = ("The end of all sessions.",)
    QUESTION = ("A question about a reading of the data (Art. 15).",)

    @property
    def needs_two(self) -> bool:
        """True if two persons of the staff have to sign: what is handed over or erased by mistake is gone."""
        return self in (RequestKind.COPY, RequestKind.ERASURE)


@unique
class RequestState(Row):
    """The state of a request."""

    RECEIVED = ("It was received, and who asks is not verified yet.",)
    PAUSED = ("Something of the person is waited for, such as a proof of who they are (Art. 12(6)).",)
    VERIFIED = ("Who asks was verified; it is to be carried out.",)
    ACCEPTED = ("It was carried out, or goes on by its own dates, as an erasure does.",)
    REFUSED = ("It was refused, and the person was told why (Art. 12(4)).",)
    WITHDRAWN = ("The person took it back.",)


OPEN: Final = (RequestState.RECEIVED, RequestState.PAUSED, RequestState.VERIFIED)


@unique
class RequestWay(Row):
    """The way in which a request came."""

    CLIENT_AREA = ("By the person themselves, signed in.",)
    LETTER = ("It came by letter.",)
    TELEPHONE = ("It came by telephone.",)
    EMAIL = ("It came by e-mail.",)
    IN_PERSON = ("It was made in person.",)
    OTHER = ("Recorded by an operator, in another way.",)


def request_due(asked: datetime, zone: tzinfo, *, extended: bool = False, paused: timedelta = timedelta()) -> datetime:
    """Return the deadline of the answer: the end of a day in the controller's zone (Art. 12(3)).

    Time in which something of the person was waited for does not count.
    """
    return period_end(asked, EXTENDED_TO if extended else ANSWERED_WITHIN, zone) + paused

"""For how long a client has a purpose: confirmed again by a date, closed when unused, or given in an emergency."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import unique
from typing import Final

from policy.purposes import Purpose
from policy.rows import Row

NOTICE: Final = timedelta(days=30)
"""Time between the warning and the closing of a grant."""
LONGEST_EMERGENCY: Final = timedelta(hours=72)
REVIEW_WITHIN: Final = timedelta(days=7)
"""Time after the end of an emergency grant within which somebody else reviews it."""


@unique
class GrantEnd(Row):
    """The reason for which a grant ends by itself."""

    UNCONFIRMED = ("Nobody confirmed by the date that the client still needs the purpose.",)
    UNUSED = ("The client has not used the purpose for a long time.",)


def may_close(purpose: str) -> bool:
    """Whether a grant of this purpose ends by itself, by its name.

    Purposes for one's own data never do: they are the customers' ways to their rights, which end with no date that
    somebody missed. A purpose that this release does not know allows nothing, and is left alone.
    """
    return purpose in Purpose.__members__ and not Purpose[purpose].own_data_only


def ending(confirm_by: datetime | None, used_at: datetime, unused: timedelta, now: datetime) -> GrantEnd | None:
    """The reason to warn now that a grant ends, or None; `used_at` is the last use, or else when it was granted.

    A `confirm_by` of None and an `unused` of zero end nothing.
    """
    if confirm_by is not None and confirm_by - NOTICE <= now:
        return GrantEnd.UNCONFIRMED
    if unused and used_at + unused <= now:
        return GrantEnd.UNUSED
    return None


def ends_at(reason: GrantEnd, confirm_by: datetime | None, now: datetime) -> datetime:
    """The moment at which a grant ends whose client is warned now: never before `NOTICE` is over."""
    if reason is GrantEnd.UNCONFIRMED and confirm_by is not None:
        return max(confirm_by, now + NOTICE)
    return now + NOTICE

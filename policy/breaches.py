"""When a personal data breach is notified to the authority: within 72 hours after becoming aware of it (Art. 33(1))."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

NOTIFIED_WITHIN: Final = timedelta(hours=72)
"""GDPR Art. 33(1). Counted to the second from the moment of awareness: Regulation 1182/71 would leave out the hour that
has begun, and move an end on a holiday, and neither should be relied on."""


@dataclass(frozen=True, slots=True)
class NotificationClock:
    """The deadline of a notification, from the moment at which the controller became aware of the breach."""

    aware: datetime

    @property
    def due(self) -> datetime:
        """The last moment of a notification without reasons for its delay."""
        return self.aware + NOTIFIED_WITHIN

    def left(self, now: datetime) -> timedelta:
        """The time until it is due; negative once it is over, and then the reasons accompany it (Art. 33(1))."""
        return self.due - now

    def hours_left(self, now: datetime) -> int:
        """Whole hours that are left; negative once it is over."""
        return int(self.left(now) / timedelta(hours=1))

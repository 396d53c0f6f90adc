"""How much each client may read: a budget of objects that refills with time (G4)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

CLIENTS = 10_000
"""Clients remembered; the one not seen for longest is forgotten, and then has its whole budget again."""


class Budgets:
    """A token bucket for each client, counted in objects that operations may read (`schema.costs`).

    It holds `per_minute` objects and refills evenly. Counted in this process: with n replicas a client has n budgets.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._most = float(per_minute)
        self._rate = per_minute / 60
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, client_id: str, cost: int) -> float:
        """Take the cost; seconds to wait until there is enough when there is not, else 0.

        An operation that costs more than a whole budget waits for a full one and then takes all of it.
        """
        now = self._clock()
        left, since = self._left.get(client_id, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        needed = min(float(cost), self._most)
        if needed > left:
            self._keep(client_id, left, now)
            return (needed - left) / self._rate
        self._keep(client_id, left - needed, now)
        return 0.0

    def _keep(self, client_id: str, left: float, now: float) -> None:
        self._left[client_id] = (left, now)
        self._left.move_to_end(client_id)
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)

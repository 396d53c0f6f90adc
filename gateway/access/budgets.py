"""How much may be read in a minute: a budget of objects for each client, and one for each customer of it (G4, G13)."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from cachetools import LRUCache

CLIENTS = 10_000
"""Clients remembered; the one not seen for longest is forgotten, and then has its whole budget again."""
CUSTOMERS = 100_000
"""Customers remembered, in the same way."""


class BudgetBuckets:
    """Token buckets of one size, each found by whose it is. They hold `per_minute` objects and refill evenly."""

    def __init__(self, per_minute: int, remembered: int) -> None:
        self.most = float(per_minute)
        self.rate = per_minute / 60
        self._left: LRUCache[Hashable, tuple[float, float]] = LRUCache(remembered)

    def left(self, whose: Hashable, now: float) -> float:
        """What is in it; less than nothing when more was taken than there was."""
        left, since = self._left.get(whose, (self.most, now))
        return min(self.most, left + (now - since) * self.rate)

    def keep(self, whose: Hashable, left: float, now: float) -> None:
        """Have so much in it now."""
        self._left[whose] = (left, now)


class Budgets:
    """A budget for each client, counted in objects that operations may read (`schema.execution.costs`).

    Each customer whom a client speaks for has one besides, so a loop of one throttles nobody else. While the client's
    own is spent, a customer who has more than half of theirs left goes on all the same: the many who ask a little are
    not stopped by the few who ask for much. Counted in this process: with n replicas everybody has n budgets.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float], per_customer: int | None = None) -> None:
        self._clients = BudgetBuckets(per_minute, CLIENTS)
        self._customers = BudgetBuckets(
            per_minute if per_customer is None else min(per_customer, per_minute), CUSTOMERS
        )
        self._clock = clock

    def spend(self, client_id: str, cost: int, customer: int | None = None) -> float:
        """Take the cost; seconds to wait until there is enough when there is not, else 0.

        An operation that costs more than a whole budget waits for a full one and then takes all of it.
        """
        now = self._clock()
        wait = _wait(self._clients, client_id, cost, now)
        if customer is not None:
            whose = client_id, customer
            if own := _wait(self._customers, whose, cost, now):
                return own
            if wait and self._customers.left(whose, now) * 2 <= self._customers.most:
                return wait
            _take(self._customers, whose, cost, now)
        elif wait:
            return wait
        _take(self._clients, client_id, cost, now)
        return 0.0


def _wait(bucket: BudgetBuckets, whose: Hashable, cost: int, now: float) -> float:
    missing = min(float(cost), bucket.most) - bucket.left(whose, now)
    return missing / bucket.rate if missing > 0 else 0.0


def _take(bucket: BudgetBuckets, whose: Hashable, cost: int, now: float) -> None:
    left = bucket.left(whose, now) - min(float(cost), bucket.most)
    bucket.keep(whose, max(left, 0.0), now)

"""Query cost budgets per minute, in objects: one for each client, and one for each customer of a client (G4, G13)."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from cachetools import LRUCache

CLIENTS = 10_000
"""Clients in memory; the least recently seen is evicted, and then starts with a whole budget."""
CUSTOMERS = 100_000
"""Customers in memory, evicted in the same way."""


class BudgetBuckets:
    """Token buckets of one size, one for each owner. A bucket holds `per_minute` objects and refills evenly."""

    def __init__(self, per_minute: int, remembered: int) -> None:
        self.most = float(per_minute)
        self.rate = per_minute / 60
        self._left: LRUCache[Hashable, tuple[float, float]] = LRUCache(remembered)

    def left(self, whose: Hashable, now: float) -> float:
        """The objects left in the owner's bucket at `now`, in seconds; a bucket that is not in memory is full."""
        left, since = self._left.get(whose, (self.most, now))
        return min(self.most, left + (now - since) * self.rate)

    def keep(self, whose: Hashable, left: float, now: float) -> None:
        """Set what is left in the owner's bucket at `now`."""
        self._left[whose] = (left, now)


class Budgets:
    """A budget for each client, counted in objects that operations may read (`schema.execution.costs`).

    Each customer for whom a client acts has a budget as well, so that one customer's loop throttles nobody else. While
    the client's own budget is spent, a customer who has more than half of theirs left is still served: many light
    users are not stopped by a few heavy ones. Counted in this process: with n replicas everybody has n budgets.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float], per_customer: int | None = None) -> None:
        self._clients = BudgetBuckets(per_minute, CLIENTS)
        self._customers = BudgetBuckets(
            per_minute if per_customer is None else min(per_customer, per_minute), CUSTOMERS
        )
        self._clock = clock

    def spend(self, client_id: str, cost: int, customer: int | None = None) -> float:
        """Take the cost and return 0, or take nothing and return the seconds until the budget suffices.

        An operation that costs more than a whole budget waits for a full one and then takes all of it.
        """
        # Both waits are worked out before anything is taken: a refused operation costs neither of the two.
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
    # Below zero when a customer was let through on a spent client budget: that is no debt of the next request.
    bucket.keep(whose, max(left, 0.0), now)

"""Query cost budgets per minute, in objects: one for each client, and one for each customer of a client (G4, G13)."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from cachetools import LRUCache

CLIENTS = 10_000
"""Clients in memory; the least recently seen is evicted, and then starts with a whole budget."""
CUSTOMERS = 100_000
"""Customers in memory, evicted in the same way."""


class Bucket:
    """The objects left of one budget at a moment; below zero after an operation that read more than it reserved."""

    __slots__ = ("left", "since")

    def __init__(self, left: float, since: float) -> None:
        self.left, self.since = left, since


class BudgetBuckets:
    """Token buckets of one size, one for each owner. A bucket holds `per_minute` objects and refills evenly."""

    def __init__(self, per_minute: int, remembered: int) -> None:
        self.most = float(per_minute)
        self.rate = per_minute / 60
        self._buckets: LRUCache[Hashable, Bucket] = LRUCache(remembered)

    def of(self, whose: Hashable, now: float) -> Bucket:
        """The owner's bucket, refilled up to `now`, in seconds; a bucket that is not in memory is full."""
        bucket = self._buckets.get(whose)
        if bucket is None:
            bucket = self._buckets[whose] = Bucket(self.most, now)
        else:
            bucket.left = min(self.most, bucket.left + (now - bucket.since) * self.rate)
            bucket.since = now
        return bucket

    def wait(self, bucket: Bucket, cost: int) -> float:
        """Seconds until the bucket holds the cost, or is full if the cost is more than that."""
        missing = min(float(cost), self.most) - bucket.left
        return missing / self.rate if missing > 0 else 0.0

    def take(self, bucket: Bucket, cost: int) -> Share:
        """Take the cost, or what there is of it."""
        asked = min(float(cost), self.most)
        # No more than there is, when a customer is let through on a spent client budget: no debt of the next request.
        taken = min(asked, max(bucket.left, 0.0))
        bucket.left -= taken
        return Share(bucket, self.most, taken, let_through=taken < asked)


class Share:
    """The objects that one operation took of one bucket."""

    __slots__ = ("_bucket", "_let_through", "_most", "_taken")

    def __init__(self, bucket: Bucket, most: float, taken: float, let_through: bool) -> None:
        self._bucket, self._most, self._taken, self._let_through = bucket, most, taken, let_through

    def settle(self, read: int) -> None:
        """Give back what was not read, or take what was read beyond."""
        owed = min(float(read), self._taken) if self._let_through else float(read)
        # Debt ends at one whole budget, which refills within a minute.
        self._bucket.left = max(-self._most, min(self._most, self._bucket.left + self._taken - owed))


class BudgetReservation:
    """The objects that an operation may read, taken before it runs; `wait` is 0, or nothing was taken."""

    __slots__ = ("_shares", "wait")

    def __init__(self, wait: float, *shares: Share) -> None:
        self.wait, self._shares = wait, shares

    def settle(self, read: int) -> None:
        """Charge the objects that were read, instead of those that were reserved; once, when they are known."""
        for share in self._shares:
            share.settle(read)


class Budgets:
    """A budget for each client, counted in objects that operations read (`schema.execution.costs`).

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

    def reserve(self, client_id: str, cost: int, customer: int | None = None) -> BudgetReservation:
        """Take the cost; or take nothing, and say in how many seconds the budget suffices.

        An operation that costs more than a whole budget waits for a full one and then takes all of it.
        """
        # Both waits are worked out before anything is taken: a refused operation costs neither of the two.
        now = self._clock()
        clients, customers = self._clients, self._customers
        whole = clients.of(client_id, now)
        wait = clients.wait(whole, cost)
        if customer is None:
            return BudgetReservation(wait) if wait else BudgetReservation(0.0, clients.take(whole, cost))
        own = customers.of((client_id, customer), now)
        if own_wait := customers.wait(own, cost):
            return BudgetReservation(own_wait)
        if wait and own.left * 2 <= customers.most:
            return BudgetReservation(wait)
        return BudgetReservation(0.0, customers.take(own, cost), clients.take(whole, cost))

    def quota(self, customer: int | None = None) -> int:
        """The objects a minute of each customer, or else of each client."""
        return int((self._clients if customer is None else self._customers).most)

    def remaining(self, client_id: str, customer: int | None = None) -> tuple[int, float]:
        """The objects that are left of the customer's budget, or else the client's; seconds until it is whole again."""
        now = self._clock()
        buckets = self._clients if customer is None else self._customers
        left = buckets.of(client_id if customer is None else (client_id, customer), now).left
        return max(0, int(left)), (buckets.most - left) / buckets.rate

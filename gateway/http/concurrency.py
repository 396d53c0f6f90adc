"""Concurrency limits: requests answered at once in all, per client and per customer; excess load is shed (G11)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from gateway.http import problems

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """The most requests that may be in progress at once."""

    all: int
    of_client: int
    of_customer: int


class ConcurrencyLimiter:
    """Counts the requests in progress in this process. Use `acquire()`, then `try: ... finally: release()`.

    A client that acts for customers shares its limit among them: while the limit is reached, a customer who has no
    request in progress is admitted all the same, so that neither one customer nor a few keep out the others (G13). In
    this way a client gets three quarters of all slots at most, so that other clients find some.
    """

    def __init__(self, limits: ConcurrencyLimits) -> None:
        self._limits = limits
        self._active = 0
        self._of_client: Counter[str] = Counter()
        self._of_customer: Counter[tuple[str, int]] = Counter()

    @property
    def active(self) -> int:
        """Requests in progress."""
        return self._active

    def acquire(self) -> None:
        """Take a slot; Problem 503 if all are taken."""
        # Refused at once instead of queued: a queue adds latency for all, and its clients have often left (G11).
        if self._active >= self._limits.all:
            raise problems.unavailable("The gateway is answering as many requests as it can.", retry_after=1)
        self._active += 1

    def release(self) -> None:
        """Give a slot back."""
        self._active -= 1

    def acquire_for(self, client_id: str, customer: int | None = None) -> None:
        """Take a slot of this client and, if one is given, this customer; Problem 429 if either limit is reached."""
        active = self._of_client[client_id]
        full = active >= self._limits.of_client
        if customer is None:
            if full:
                raise problems.client_too_busy()
        else:
            own = self._of_customer[client_id, customer]
            if own >= self._limits.of_customer:
                raise problems.customer_too_busy()
            if full and (own or active >= self._limits.all * 3 // 4):
                raise problems.client_too_busy()
            self._of_customer[client_id, customer] = own + 1
        self._of_client[client_id] += 1

    def release_for(self, client_id: str, customer: int | None = None) -> None:
        """Give back what `acquire_for` took."""
        _decrement(self._of_client, client_id)
        if customer is not None:
            _decrement(self._of_customer, (client_id, customer))


def _decrement(counter: Counter[Key], key: Key) -> None:
    counter[key] -= 1
    if not counter[key]:  # Zeroes are removed, or the counter would keep every customer ever seen.
        del counter[key]

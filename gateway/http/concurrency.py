"""How many requests are answered at once: in all, of a client, of a customer; load is refused before it hurts (G11)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from gateway.http import problems

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Room:
    """The most that may be inside."""

    all: int
    of_client: int
    of_customer: int


class ConcurrencyLimiter:
    """Counts who is inside, in this process. Who enters must leave: `enter()`, then `try: ... finally: leave()`.

    A client that speaks for customers shares its room among them: while it is full, a customer who has nothing under
    way is let in all the same, so neither one customer nor a few keep out the others (G13). Three quarters of the house
    are the most that any client gets in this way: the others find room.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._inside = 0
        self._of_client: Counter[str] = Counter()
        self._of_customer: Counter[tuple[str, int]] = Counter()

    @property
    def inside(self) -> int:
        """Requests that are being answered."""
        return self._inside

    def enter(self) -> None:
        """One more request is inside; Problem 503 when the house is full."""
        if self._inside >= self._room.all:
            raise problems.unavailable("The gateway is answering as many requests as it can.", retry_after=1)
        self._inside += 1

    def leave(self) -> None:
        """One less."""
        self._inside -= 1

    def enter_as(self, client_id: str, customer: int | None = None) -> None:
        """One more request of this client, about this customer, is inside; Problem 429 when a share is used up."""
        inside = self._of_client[client_id]
        full = inside >= self._room.of_client
        if customer is None:
            if full:
                raise problems.client_too_busy()
        else:
            own = self._of_customer[client_id, customer]
            if own >= self._room.of_customer:
                raise problems.customer_too_busy()
            if full and (own or inside >= self._room.all * 3 // 4):
                raise problems.client_too_busy()
            self._of_customer[client_id, customer] = own + 1
        self._of_client[client_id] += 1

    def leave_as(self, client_id: str, customer: int | None = None) -> None:
        """One less; who has none is forgotten."""
        _less(self._of_client, client_id)
        if customer is not None:
            _less(self._of_customer, (client_id, customer))


def _less(counter: Counter[Key], key: Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]

"""How many requests are answered at once, in all and of one client, so that load is refused before it hurts (G11)."""

from __future__ import annotations

from collections import Counter

from gateway import problems


class Crowd:
    """Counts who is inside, in this process. Who enters must leave: `enter()`, then `try: ... finally: leave()`."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._inside = 0
        self._of_client: Counter[str] = Counter()

    def enter(self) -> None:
        """One more request is inside; Problem 503 when the house is full."""
        if self._inside >= self._most:
            raise problems.unavailable("The gateway is answering as many requests as it can.", retry_after=1)
        self._inside += 1

    def leave(self) -> None:
        """One less."""
        self._inside -= 1

    def enter_as(self, client_id: str) -> None:
        """One more request of this client is inside; Problem 429 when its share is used up."""
        if self._of_client[client_id] >= self._most_of_one:
            raise problems.client_too_busy()
        self._of_client[client_id] += 1

    def leave_as(self, client_id: str) -> None:
        """One less; a client with none is forgotten."""
        self._of_client[client_id] -= 1
        if not self._of_client[client_id]:
            del self._of_client[client_id]

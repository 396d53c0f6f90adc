"""How many requests are answered at once, in all and of one client, so that load is refused before it hurts (G11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway import problems


class Crowd:
    """Counts who is inside, in this process."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._inside = 0
        self._of_client: Counter[str] = Counter()

    @contextmanager
    def one(self) -> Iterator[None]:
        """A request is inside for the length of the block; Problem 503 when the house is full."""
        if self._inside >= self._most:
            raise problems.unavailable("The gateway is answering as many requests as it can.", retry_after=1)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    @contextmanager
    def one_of(self, client_id: str) -> Iterator[None]:
        """The same for a client's share; Problem 429 when it is used up."""
        if self._of_client[client_id] >= self._most_of_one:
            raise problems.client_too_busy()
        self._of_client[client_id] += 1
        try:
            yield
        finally:
            self._of_client[client_id] -= 1
            if not self._of_client[client_id]:
                del self._of_client[client_id]

"""Incomplete request bodies, bounded per network, in number and in bytes, so that slow clients block nobody (G13).

They hold no slot of the concurrency limiter. If there are too many, the oldest is dropped for a new one: bodies of
honest clients arrive within moments, so the oldest is the slowest.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.types import Message, Receive

from gateway.http import problems
from gateway.http.problems import ProblemError


@dataclass(eq=False, slots=True)
class Body:
    """A request body that is not complete yet."""

    network: str
    size: int = 0
    """Bytes received so far."""
    task: asyncio.Task[object] | None = None
    given_up: ProblemError | None = field(default=None)


class UnfinishedBodies:
    """The incomplete bodies of this process, by the network they come from."""

    def __init__(self, most: int, most_of_one: int, most_bytes: int) -> None:
        self._most, self._most_of_one, self._most_bytes = most, most_of_one, most_bytes
        self._count = self._bytes = 0
        self._of: OrderedDict[str, OrderedDict[Body, None]] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def begin(self, network: str) -> Body:
        """Add a body; if its network, or the process, has too many, the oldest of a network is dropped."""
        body = Body(network, task=asyncio.current_task())
        of_network = self._of.setdefault(network, OrderedDict())
        of_network[body] = None
        self._count += 1
        # The new one is kept: refusing it would let old, slow bodies hold the place for ever.
        if len(of_network) > self._most_of_one:
            self._drop(next(iter(of_network)), problems.too_many_bodies())
        elif self._count > self._most:
            # From the network with the most: an attacker with one network displaces its own bodies first.
            largest = max(self._of.values(), key=len)
            self._drop(next(iter(largest)), problems.no_room_for_body())
        return body

    def grow(self, body: Body, size: int) -> None:
        """Count `size` more bytes of a body; if all together have too many, the largest is dropped."""
        body.size += size
        self._bytes += size
        if self._bytes > self._most_bytes:
            largest = max((each for of_one in self._of.values() for each in of_one), key=lambda each: each.size)
            self._drop(largest, problems.no_room_for_body())

    def end(self, body: Body) -> None:
        """Remove a body that is complete or was dropped; removing it twice does nothing."""
        of_network = self._of.get(body.network)
        if of_network is None or body not in of_network:
            return
        del of_network[body]
        if not of_network:
            del self._of[body.network]
        self._count -= 1
        self._bytes -= body.size

    def _drop(self, body: Body, problem: ProblemError) -> None:
        self.end(body)
        body.given_up = problem
        if body.task is not None:
            body.task.cancel()


async def more_of(body: Body, receive: Receive) -> Message:
    """The next message of a body; ProblemError if the body was dropped meanwhile."""
    try:
        return await receive()
    except asyncio.CancelledError:
        if body.given_up is None or body.task is None:
            raise  # Not our cancellation: a timeout, or the server is stopping.
        # The task goes on, to send the error: without this it would count as being cancelled.
        body.task.uncancel()
        raise body.given_up from None

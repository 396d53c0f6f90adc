"""Request bodies on their way, bounded per network, in number and in bytes, so that slow ones stop nobody (G13).

They hold no slot of those who are answered. Where there are too many, an old one gives way to a new one: bodies of
honest clients are there within moments, so the oldest is the slowest.
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
    """One that is not complete yet."""

    network: str
    size: int = 0
    """Bytes that are here."""
    task: asyncio.Task[object] | None = None
    given_up: ProblemError | None = field(default=None)


class UnfinishedBodies:
    """Those of this process, by the network they come from."""

    def __init__(self, most: int, most_of_one: int, most_bytes: int) -> None:
        self._most, self._most_of_one, self._most_bytes = most, most_of_one, most_bytes
        self._count = self._bytes = 0
        self._of: OrderedDict[str, OrderedDict[Body, None]] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def begin(self, network: str) -> Body:
        """One more; where a network or the house has too many, an old one is given up."""
        body = Body(network, task=asyncio.current_task())
        of_network = self._of.setdefault(network, OrderedDict())
        of_network[body] = None
        self._count += 1
        if len(of_network) > self._most_of_one:
            self._give_up(next(iter(of_network)), problems.too_many_bodies())
        elif self._count > self._most:
            largest = max(self._of.values(), key=len)
            self._give_up(next(iter(largest)), problems.no_room_for_body())
        return body

    def grow(self, body: Body, size: int) -> None:
        """More of it is here; where all together are too large, the largest is given up."""
        body.size += size
        self._bytes += size
        if self._bytes > self._most_bytes:
            largest = max((each for of_one in self._of.values() for each in of_one), key=lambda each: each.size)
            self._give_up(largest, problems.no_room_for_body())

    def end(self, body: Body) -> None:
        """It is complete, or given up."""
        of_network = self._of.get(body.network)
        if of_network is None or body not in of_network:
            return
        del of_network[body]
        if not of_network:
            del self._of[body.network]
        self._count -= 1
        self._bytes -= body.size

    def _give_up(self, body: Body, problem: ProblemError) -> None:
        self.end(body)
        body.given_up = problem
        if body.task is not None:
            body.task.cancel()


async def more_of(body: Body, receive: Receive) -> Message:
    """What comes next of it; the Problem that tells why it was given up."""
    try:
        return await receive()
    except asyncio.CancelledError:
        if body.given_up is None or body.task is None:
            raise  # somebody else's cancellation: it took too long, or the server is stopping
        body.task.uncancel()
        raise body.given_up from None

"""Asks at a fixed rate, whether answers come or not: so a pause of the server delays everybody who comes meanwhile.

A closed loop, where each connection waits for its answer, hides such pauses (coordinated omission): latency is counted
from the moment at which the question was due.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter
from typing import Any

import uvloop

from benchmarks.load import Target
from benchmarks.questions import read

CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Tail:
    """Latencies in milliseconds; `errors` are answers other than 200, and questions without an answer."""

    asked: int
    p50: float
    p99: float
    most: float
    errors: int


class _Connection(asyncio.Protocol):
    """One connection: at most one question at a time; answers tell their length."""

    def __init__(self, free: deque[_Connection], took: list[float]) -> None:
        self._free, self._took = free, took
        self._begun, self._left, self._head = 0.0, -1, b""
        self.errors = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to be free."""
        self._transport: Any = transport  # uvloop's is none of asyncio's class, and writes as one.
        self._free.append(self)

    def ask(self, question: bytes, due: float) -> None:
        """Send a question that was due at this time."""
        self._begun, self._left, self._head = due, -1, b""
        self._transport.write(question)

    def data_received(self, data: bytes) -> None:
        """Count until the answer is whole."""
        if self._left < 0:
            self._head += data
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._left = int(length) - len(body)
            self.errors += not head.startswith(b"HTTP/1.1 200")
        else:
            self._left -= len(data)
        if self._left == 0:
            self._took.append(perf_counter() - self._begun)
            self._free.append(self)


def tail(target: Target, rate: float, seconds: float, offset: int = 0) -> Tail:
    """Ask so often a second, for so long."""
    assert target.requests is not None
    questions = list(read(target.requests))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_tail(target.port, islice(cycle(questions), offset, None), rate, seconds))


async def _tail(port: int, questions: Iterator[bytes], rate: float, seconds: float) -> Tail:
    loop, free, took = asyncio.get_running_loop(), deque[_Connection](), list[float]()
    made = [
        await loop.create_connection(lambda: _Connection(free, took), "127.0.0.1", port) for _ in range(CONNECTIONS)
    ]
    count, began = int(rate * seconds), perf_counter()
    waiting: deque[float] = deque()
    for number in range(count):
        due = began + number / rate
        while (left := due - perf_counter()) > 0:
            await asyncio.sleep(left if left > 0.002 else 0)
            _send(free, waiting, questions)
        waiting.append(due)
        _send(free, waiting, questions)
    until = perf_counter() + 5
    while len(took) < count and perf_counter() < until:
        await asyncio.sleep(0.005)
        _send(free, waiting, questions)
    errors = sum(protocol.errors for _, protocol in made) + count - len(took)
    for transport, _ in made:
        transport.close()
    return Tail(count, *_figures(took), errors)


def _send(free: deque[_Connection], waiting: deque[float], questions: Iterator[bytes]) -> None:
    while waiting and free:
        free.popleft().ask(next(questions), waiting.popleft())


def _figures(took: Sequence[float]) -> tuple[float, float, float]:
    ordered = sorted(took) or [float("nan")]
    return ordered[len(ordered) // 2] * 1e3, ordered[int(len(ordered) * 0.99)] * 1e3, ordered[-1] * 1e3

"""A small load generator for machines without wrk; slower than wrk, so good for ratios and not for records."""

from __future__ import annotations

import argparse
import asyncio
import json
from itertools import chain, cycle, islice
from pathlib import Path
from time import perf_counter_ns
from typing import cast

import httptools

from benchmarks.questions import read

MOST = 5_000_000
"""Requests of one run, however long it is told to last."""


class Tally:
    """What all connections did."""

    def __init__(self, requests: list[bytes], offset: int) -> None:
        first = islice(requests, offset % len(requests), None)
        self.next_request = chain(first, cycle(requests)).__next__
        self.times: list[int] = []
        self.bytes = 0
        self.unexpected = 0
        self.broken = 0
        self.over = False


class Connection(asyncio.Protocol):
    """One that asks, waits for the answer, and asks again."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._transport: asyncio.Transport | None = None
        self._began = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first question."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, and does not inherit from it
        self._ask()

    def _ask(self) -> None:
        if self._tally.over or len(self._tally.times) >= MOST:
            return
        self._parser = httptools.HttpResponseParser(self)
        self._began = perf_counter_ns()
        assert self._transport is not None
        self._transport.write(self._tally.next_request())

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._tally.bytes += len(data)
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Note the answer, and ask again."""
        self._tally.times.append(perf_counter_ns() - self._began)
        if self._parser.get_status_code() // 100 != 2:
            self._tally.unexpected += 1
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Too early, unless it is over."""
        self._tally.broken += not self._tally.over


async def run(path: Path, port: int, connections: int, seconds: float, offset: int) -> dict[str, int]:
    """Load for so long; the figures in the form that the wrk script prints."""
    tally = Tally(list(read(path)), offset)
    loop = asyncio.get_running_loop()
    began = perf_counter_ns()
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(tally), "127.0.0.1", port)
    await asyncio.sleep(seconds)
    tally.over = True
    took = (perf_counter_ns() - began) // 1000
    times = sorted(tally.times) or [0]
    return {
        "requests": len(tally.times),
        "us": took,
        "bytes": tally.bytes,
        "non2xx": tally.unexpected,
        "sock": tally.broken,
        "p50": times[len(times) // 2] // 1000,
        "p99": times[len(times) * 99 // 100] // 1000,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--offset", type=int, default=0)
    given = parser.parse_args()
    try:
        import uvloop  # not on every platform
    except ImportError:
        new_loop = asyncio.new_event_loop
    else:
        new_loop = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=new_loop) as runner:
        found = runner.run(run(given.requests, given.port, given.connections, given.seconds, given.offset))
    print("RESULT", json.dumps(found))


if __name__ == "__main__":
    main()

"""Identifiers: 63-bit numbers that sort by time, made without coordination."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from threading import Lock
from time import time_ns

EPOCH_MS = 1_577_836_800_000
"""1 January 2020 UTC: 41 bits of milliseconds from there last until 2089."""

LANE_BITS = 10
COUNTER_BITS = 12


def _now_ms() -> int:
    return time_ns() // 1_000_000


class IdMaker:
    """Generates identifiers: 41 bits of milliseconds, 10 of lane, 12 of counter.

    The lane is random for each process, so that two processes collide only if they share it and have the same counter
    in the same millisecond; the primary key then refuses the second row. Numbers of one process never repeat and always
    increase, also when its clock is set back or more than 4096 are made in a millisecond: the counter then overflows
    into the time.
    """

    def __init__(self, clock: Callable[[], int] = _now_ms, lane: int | None = None) -> None:
        self._clock = clock
        self._tick = 0
        self._lane = lane or 0
        self._lock = Lock()
        if lane is None:
            self.renew()

    def renew(self) -> None:
        """Choose another lane; a child process must do so after a fork."""
        self._lane = secrets.randbits(LANE_BITS)
        self._lock = Lock()  # Another thread may have held it at the fork.

    def __call__(self) -> int:
        """Return the next identifier."""
        # In the lower half of the counter, so that a millisecond has room; random, for processes that share a lane.
        fresh = (self._clock() - EPOCH_MS << COUNTER_BITS) | secrets.randbits(COUNTER_BITS - 1)
        with self._lock:
            started = fresh >> COUNTER_BITS > self._tick >> COUNTER_BITS
            tick = self._tick = fresh if started else self._tick + 1
        counter = tick & (1 << COUNTER_BITS) - 1
        return (tick >> COUNTER_BITS) << LANE_BITS + COUNTER_BITS | self._lane << COUNTER_BITS | counter


new_id = IdMaker()
"""Make an identifier; safe to call from any thread."""


def first_id(ms: int) -> int:
    """Return the smallest identifier made at or after a time in Unix milliseconds."""
    return (ms - EPOCH_MS) << LANE_BITS + COUNTER_BITS


# A forked child would go on with the lane and the counter of its parent.
os.register_at_fork(after_in_child=new_id.renew)

"""How the time of something grows with its input: in CPU time, which a busy machine does not lengthen."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from types import FrameType

QUICK = 0.02
"""Seconds below which nothing is compared: the clock and the collector are the larger part."""
PATIENCE = 1.0
"""Seconds of CPU after which something is taken never to end: fifty times what is not looked at."""
MOST = 2.5
LARGE = 65_536
SIZES = (8, 16, 24, 32, 64, 256, 1_024, 4_096, 16_384, LARGE)


class EndlessError(Exception):
    """It takes far more time than its input is worth."""


def seconds_of(work: Callable[[], object]) -> float:
    """CPU seconds of one run; PATIENCE when it is given up."""
    with _uncollected():
        began = time.process_time()
        try:
            with _patience():
                work()
        except EndlessError:
            return PATIENCE
        return time.process_time() - began


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector: what the tests before have left behind can take it longer than PATIENCE to clear away.

    An exception that the clock raises inside one of its callbacks would be ignored, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _patience() -> Iterator[None]:
    def give_up(_: int, __: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def fault(work: Callable[[int], Callable[[], object]]) -> str | None:
    """How it grows too fast; None when twice the input takes at most 2.5 times the time. `work` gets the size."""
    for size in SIZES:
        run = work(size)
        spent = seconds_of(run)
        if spent >= PATIENCE and all(seconds_of(run) >= PATIENCE for _ in range(2)):
            return f"{size} characters take more than {PATIENCE:g} s"
    if spent < QUICK:  # The last size is the largest. Whatever disturbs a measurement makes it longer.
        return None
    half, whole = work(LARGE // 2), work(LARGE)
    for _ in range(3):  # A busy machine disturbs one measurement, hardly three.
        long = median(seconds_of(whole) for _ in range(3))
        if long < QUICK:
            return None
        short = median(seconds_of(half) for _ in range(3))
        if long <= MOST * short:
            return None
    return f"{LARGE} characters take {long:.3f} s, half of them {short:.3f} s"

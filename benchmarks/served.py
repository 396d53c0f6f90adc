"""The gateway as `gateway serve` runs it, on a port that several processes share, and under cProfile if asked.

`python -m benchmarks.served --functions functions.json`, with the gateway's settings in the environment.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import thread_time_ns
from typing import Any

import orjson

from benchmarks.sockets import shared_socket
from gateway.commands import serving
from gateway.commands.common import read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.serving import Services

BEGIN, END = signal.SIGUSR1, signal.SIGUSR2
"""Sent when the process is warm, and when the load is over: requests before and after do not count."""


async def _opened(profiler: cProfile.Profile | None, services: Services, settings: Settings) -> Callable[[], None]:
    def begin() -> None:
        if profiler is not None:
            profiler.clear()
            profiler.enable()

    def end() -> None:
        if profiler is not None:
            profiler.disable()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(BEGIN, begin)
    loop.add_signal_handler(END, end)
    return lambda: None


def functions(profiler: cProfile.Profile) -> list[dict[str, Any]]:
    """Every function with its calls and its own time in seconds, the most expensive first."""
    stats: Any = pstats.Stats(profiler)
    rows = [
        {"file": file, "line": line, "name": name, "calls": calls, "own": own}
        for (file, line, name), (_, calls, own, _, _) in stats.stats.items()
    ]
    return sorted(rows, key=lambda row: -float(row["own"]))


def main() -> None:
    """Serve until SIGTERM, then write the profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=Path)
    given = parser.parse_args()
    # The thread's own clock: neither waiting for a socket nor what else the machine does counts.
    profiler = cProfile.Profile(thread_time_ns, 1e-9) if given.functions else None
    settings = read_settings(to_serve=True)
    opened = partial(_opened, profiler)
    server.run(serving.answer_until_stopped(settings, shared_socket(settings.port), opened))
    if profiler is not None:
        given.functions.write_bytes(orjson.dumps(functions(profiler)))


if __name__ == "__main__":
    main()

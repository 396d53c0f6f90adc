"""The gateway as `gateway serve` runs it, on a port that is shared, with parts switched off, or watched.

`python -m benchmarks.served --without ledger --spans spans.json`, with the gateway's settings in the environment.
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
from typing import Any

import orjson

from benchmarks.sockets import shared_socket
from benchmarks.spans import Spans, shaping
from benchmarks.without import PARTS, switch_off, switch_off_in
from gateway.commands import serving
from gateway.commands.common import read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.serving import Services

BEGIN, END = signal.SIGUSR1, signal.SIGUSR2
"""Tell the process that it is warm, and that the load is over: what is before and after does not count."""


async def _opened(
    without: list[str], spans: Spans | None, profiler: cProfile.Profile | None, works: Services, settings: Settings
) -> Callable[[], None]:
    switch_off_in(works, without)

    def begin() -> None:
        if spans is not None:
            spans.begin()
        if profiler is not None:
            profiler.clear()
            profiler.enable()

    def end() -> None:
        if spans is not None:
            spans.end()
        if profiler is not None:
            profiler.disable()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(BEGIN, begin)
    loop.add_signal_handler(END, end)
    return lambda: None


def functions(profiler: cProfile.Profile) -> list[dict[str, Any]]:
    """Every function with its calls and its own time, the most expensive first."""
    stats: Any = pstats.Stats(profiler)
    rows = [
        {"file": file, "line": line, "name": name, "calls": calls, "own": own, "whole": whole}
        for (file, line, name), (_, calls, own, whole, _) in stats.stats.items()
    ]
    return sorted(rows, key=lambda row: -float(row["own"]))


def main() -> None:
    """Serve until SIGTERM, then write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="append", default=[], choices=PARTS)
    parser.add_argument("--spans", type=Path)
    parser.add_argument("--functions", type=Path)
    given = parser.parse_args()
    spans = Spans() if given.spans else None
    profiler = cProfile.Profile() if given.functions else None
    switch_off(given.without)
    if spans is not None:
        spans.install()
        from schema.api import api

        api.compiled_or_none = shaping(spans, api.compiled_or_none)  # type: ignore[attr-defined]
    settings = read_settings(to_serve=True)
    opened = partial(_opened, given.without, spans, profiler)
    server.run(serving.answer_until_stopped(settings, shared_socket(settings.port), opened))
    if spans is not None:
        given.spans.write_bytes(orjson.dumps(spans.report()))
    if profiler is not None:
        given.functions.write_bytes(orjson.dumps(functions(profiler)))


if __name__ == "__main__":
    main()

"""Interleaved rounds: everybody is measured in turn, again and again, so that a busy minute hits all alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

from benchmarks.contestants import Running
from benchmarks.load import LoadError, send
from benchmarks.processes import Machine, cpu_seconds
from benchmarks.questions import read

CONNECTIONS, MANY = 16, 64
LONGEST_WARMING = 30.0
"""Seconds after which a server is warm enough, however few questions it has answered."""
STEP = 4_500
"""How many requests of the file each round passes over, so that the next one asks for other customers."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how often; seconds. `warm` comes before each measurement and does not count."""

    rounds: int
    seconds: float
    warm: float
    first: float
    """Warm-up before the first round, at least: tokens are verified, plans compiled, the rivals' code optimised."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One contestant in one round; times in milliseconds, CPU in microseconds for each request."""

    rps: float
    p50: float
    p99: float
    cpu: float
    database: float
    kilobytes: float
    errors: int
    others: float
    """The share of the machine that neither server, database nor load generator used, and was not idle."""


def last_core() -> int:
    """The core for the load generator and the database while servers are kept on core 0."""
    return (os.cpu_count() or 1) - 1


def warm_up(server: Running, workload: str, pinned: bool, seconds: float = 1) -> None:
    """Ask for so long, and go on until each question was asked once: tokens are verified then, and keys in memory."""
    target = server.target(workload)
    assert target is not None
    wanted = 0 if target.requests is None else sum(1 for _ in read(target.requests))
    asked, began = 0, monotonic()
    while asked < max(wanted, 1) and monotonic() - began < LONGEST_WARMING:
        with suppress(LoadError):  # Not even one was answered in that time: the next round measures the same server.
            asked += send(target, max(1.0, seconds), CONNECTIONS, last_core() if pinned else None, asked).requests


def measure(
    server: Running, workload: str, seconds: float, pinned: bool, offset: int = 0, connections: int = CONNECTIONS
) -> Sample:
    """Load a server for so long, and see what it took."""
    target = server.target(workload)
    assert target is not None
    database = server.contestant.database_pids
    core = last_core() if pinned else None
    before = Machine.now(), cpu_seconds(server.pids), cpu_seconds(database)
    load = send(target, seconds, connections, core, offset)
    after = Machine.now(), cpu_seconds(server.pids), cpu_seconds(database)
    served, stored = after[1] - before[1], after[2] - before[2]
    busy = (after[0].whole - after[0].idle) - (before[0].whole - before[0].idle)
    others = (busy - served - stored - load.own_cpu) / max(after[0].whole - before[0].whole, 1e-9)
    count = max(load.requests, 1)
    return Sample(
        load.requests / load.seconds, load.p50, load.p99, served / count * 1e6, stored / count * 1e6, load.kilobytes,
        load.errors, max(0.0, others),
    )  # fmt: skip


Measured = dict[str, dict[str, list[dict[str, Any]]]]
"""By workload and contestant: one sample for each round."""


def in_rounds(
    servers: Sequence[Running],
    workloads: Sequence[str],
    pace: Pace,
    tell: Tell,
    pinned: bool = True,
    connections: int = CONNECTIONS,
) -> Measured:
    """Measure every server at every workload it can be asked, in rounds that change direction."""
    found: Measured = {}
    for workload in workloads:
        able = [server for server in servers if server.target(workload) is not None]
        for server in able if pace.first else ():
            warm_up(server, workload, pinned, pace.first)
        samples: dict[str, list[Any]] = {server.name: [] for server in able}
        for number in range(pace.rounds):
            for server in able if number % 2 == 0 else able[::-1]:
                if pace.warm:
                    measure(server, workload, pace.warm, pinned, connections=connections)
                one = measure(server, workload, pace.seconds, pinned, (number + 1) * STEP, connections)
                samples[server.name].append(asdict(one))
            shown = ", ".join(f"{name} {each[-1]['rps']:.0f}/s" for name, each in samples.items())
            tell(f"{workload} round {number + 1}: {shown}")
        found[workload] = samples
    return found

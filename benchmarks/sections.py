"""The sections of the measurement that load servers: each gives what it found as plain values."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, replace
from random import Random
from typing import Any

from benchmarks import equal
from benchmarks.contestants import Contestant, Running, shared_gateway
from benchmarks.load import Target, send
from benchmarks.open_loop import tail
from benchmarks.processes import memory_mb
from benchmarks.questions import read, write
from benchmarks.rig import COLD, WARM, Rig
from benchmarks.rounds import CONNECTIONS, MANY, in_rounds, warm_up

Found = dict[str, Any]

RATES = {"W1": (100, 300, 1_000), "W2": (100, 300), "W4": (100,)}
"""Requests a second at which latency is measured, by workload."""


def compare(rig: Rig) -> Found:
    """Everybody beside one another, one process each."""
    contestants = rig.stage().four(WARM) + rig.stage().dutiful(WARM)
    contestants += rig.rivals.contestants(1) if rig.rivals else []
    with rig.up(contestants) as servers:
        _alike(servers, tuple(WARM))
        found = in_rounds(servers, tuple(WARM), rig.effort.one, rig.tell)
        many = in_rounds(servers, ("W1", "W2", "W3", "W4"), rig.effort.many, rig.tell, connections=MANY)
    return {"size": rig.stage().size, "rounds": found, "many": many}


def tails(rig: Rig) -> Found:
    """Latencies of the gateway at fixed rates."""
    contestants = [each for each in rig.stage().four(WARM) if each.group == "gateway"]
    found = []
    with rig.up(contestants) as servers:
        for server in servers:
            for workload, rates in RATES.items():
                target = server.target(workload)
                assert target is not None
                warm_up(server, workload, pinned=True)
                for rate in rates:
                    one = tail(target, rate, rig.effort.tails)
                    rig.tell(f"{server.name}, {workload} at {rate}/s: p99 {one.p99:.1f} ms")
                    found.append({"who": server.name, "workload": workload, "rate": rate} | asdict(one))
    return {"size": rig.stage().size, "tails": found, "errors": sum(each["errors"] for each in found)}


def two(rig: Rig) -> Found:
    """The same with two processes each, and nobody kept on a core."""
    contestants = [_doubled(each) for each in rig.stage().four(WARM)]
    contestants += rig.rivals.contestants(2) if rig.rivals else []
    with rig.up(contestants, pinned=False) as servers:
        found = in_rounds(servers, tuple(WARM), rig.effort.two, rig.tell, pinned=False)
    return {"size": rig.stage().size, "rounds": found}


def _doubled(contestant: Contestant) -> Contestant:
    if contestant.group == "gateway":
        return shared_gateway(contestant, processes=2)
    return replace(contestant, processes=2)


def _alike(servers: list[Running], workloads: tuple[str, ...]) -> None:
    ours = [server for server in servers if server.contestant.group != "rival"]
    equal.check(ours[1:], ours[0], workloads)


def growth(rig: Rig) -> Found:
    """Endpoint and gateway on stores of different sizes, asked for any of their customers."""
    contestants = [
        replace(each, name=f"{each.name}, {size}") for size in rig.effort.sizes for each in rig.stage(size).four(COLD)
    ]
    with rig.up(contestants) as servers:
        found = in_rounds(servers, tuple(COLD) if rig.effort.thorough else ("T1", "W3"), rig.effort.growing, rig.tell)
    return {"sizes": list(rig.effort.sizes), "rounds": found}


def start(rig: Rig) -> Found:
    """Seconds from starting the process to its first answer to a query."""
    ours, _ = rig.stage().write_requests({"W1": 100})
    took = []
    for number in range(rig.effort.starts):
        one = rig.stage().gateway_on_sqlite(ours)
        began = time.perf_counter()
        with rig.up([one], pinned=False) as (server,):
            target = server.target("W1")
            assert target is not None and target.requests is not None
            equal.ask(target, next(iter(read(target.requests))))
            took.append(time.perf_counter() - began)
        rig.tell(f"start {number + 1}: {took[-1]:.2f} s")
    return {"seconds": took}


def memory(rig: Rig) -> Found:
    """Memory of one process under a mixed load for a long time."""
    stage, seconds = rig.stage(), rig.effort.memory
    ours, _ = stage.write_requests(WARM)
    mixed = _mixed(rig, ours)
    with rig.up([replace(stage.gateway_on_sqlite(ours), targets={"mixed": mixed})]) as (server,):
        target = server.target("mixed")
        assert target is not None
        readings: list[tuple[float, float]] = []
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(server, readings, over, max(0.5, seconds / 120)))
        watcher.start()
        load = send(target, seconds, CONNECTIONS, None)
        over.set()
        watcher.join()
    rig.tell(f"memory: {readings[0][1]:.0f} MiB at first, {readings[-1][1]:.0f} MiB at the end")
    return {"seconds": seconds, "requests": load.requests, "errors": load.errors, "readings": readings}


def _mixed(rig: Rig, targets: dict[str, Target]) -> Target:
    requests = []
    for name, share in (("W1", 2_000), ("W2", 200), ("W3", 50), ("W5", 200)):
        path = targets[name].requests
        assert path is not None
        requests += list(read(path))[:share]
    Random(1).shuffle(requests)  # noqa: S311  (nothing here is secret)
    return Target(requests=write(rig.work.requests("mixed"), requests))


def _watch(server: Running, readings: list[tuple[float, float]], over: threading.Event, every: float) -> None:
    began = time.monotonic()
    while True:
        readings.append((time.monotonic() - began, memory_mb(server.pids)))
        if over.wait(every):
            return

"""The sections of the measurement that load servers: each gives what it found as plain values."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from random import Random
from typing import Any

from benchmarks import equal
from benchmarks.contestants import Contestant, Running, watched_gateway
from benchmarks.load import Target, send
from benchmarks.processes import memory_mb
from benchmarks.questions import read, write
from benchmarks.rig import COLD, WARM, Rig
from benchmarks.rounds import CONNECTIONS, in_rounds
from benchmarks.without import PARTS

Found = dict[str, Any]

TOGETHER = "without all three"
EVERYTHING = "everything on"
TRUSTED = "everything on, registered document"
COLD_START = "everything on, token and customer never seen before"
STRANGERS = 20_000
"""Customers who each ask once: more than there are tokens in the gateway's memory."""


def compare(rig: Rig) -> Found:
    """Everybody beside one another, one process each."""
    contestants = rig.stage().four(WARM)
    contestants += rig.rivals.contestants(1) if rig.rivals else []
    with rig.up(contestants) as servers:
        _alike(servers, tuple(WARM))
        return {"size": rig.stage().size, "rounds": in_rounds(servers, tuple(WARM), rig.effort.one, rig.tell)}


def two(rig: Rig) -> Found:
    """The same with two processes each, and nobody kept on a core."""
    contestants = [_doubled(each) for each in rig.stage().four(WARM)]
    contestants += rig.rivals.contestants(2) if rig.rivals else []
    with rig.up(contestants, pinned=False) as servers:
        found = in_rounds(servers, tuple(WARM), rig.effort.two, rig.tell, pinned=False)
    return {"size": rig.stage().size, "rounds": found}


def _doubled(contestant: Contestant) -> Contestant:
    if contestant.group == "gateway":
        return watched_gateway(contestant, processes=2)
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


def costs(rig: Rig) -> Found:
    """What purposes, ledger and sealing cost a point read: the gateway with each of them switched off."""
    stage = rig.stage()
    ours, _ = stage.write_requests({"W1": WARM["W1"]})
    contestants = [watched_gateway(_with_own_ledger(rig, ours, EVERYTHING))]
    contestants += [_without(rig, ours, (part,), f"without {part}") for part in PARTS]
    contestants.append(_without(rig, ours, PARTS, TOGETHER))
    contestants.append(watched_gateway(_with_own_ledger(rig, {"W1": stage.write_trusted("W1")}, TRUSTED)))
    if stage.size >= STRANGERS:
        strangers, _ = stage.write_requests({"W1": STRANGERS}, "strangers")
        contestants.append(watched_gateway(_with_own_ledger(rig, strangers, COLD_START)))
    with rig.up(contestants) as servers:
        return {"size": stage.size, "rounds": in_rounds(servers, ("W1",), rig.effort.costs, rig.tell)}


def _without(rig: Rig, targets: dict[str, Target], parts: tuple[str, ...], name: str) -> Contestant:
    options = [word for part in parts for word in ("--without", part)]
    if "sealing" in parts:
        return watched_gateway(_with_own_ledger(rig, targets, name, opened=True), *options)
    return watched_gateway(_with_own_ledger(rig, targets, name), *options)


def _with_own_ledger(rig: Rig, targets: dict[str, Target], name: str, opened: bool = False) -> Contestant:
    stage = rig.stage()
    make = stage.gateway_on_open_data if opened else stage.gateway_on_sqlite
    one = make(targets, name)
    ledger = stage.new_ledger(f"ledger-{name.replace(' ', '-')}")
    return replace(one, environment={**one.environment, "GATEWAY_LEDGER_URL": f"sqlite:///{ledger}"})


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

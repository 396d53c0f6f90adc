"""The cost of one request by room of the house and by function: cProfile in the real process under load."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks.contestants import shared_gateway
from benchmarks.load import LoadError, send
from benchmarks.questions import WORKLOADS, Asker
from benchmarks.rig import WARM, Rig
from benchmarks.rounds import CONNECTIONS, last_core
from benchmarks.served import BEGIN, END
from benchmarks.workspace import REPOSITORY, on_sqlite
from gateway.config import settings
from gateway.run.serving import now, open_works
from schema.api.api import Api
from schema.documents.requests import Request

ASKED = ("W1", "W2", "W3", "W4")
FUNCTIONS = 10
ROOMS = 12


def profile(rig: Rig) -> dict[str, Any]:
    """Rooms and functions on SQLite, and the number of statements of each operation."""
    found: dict[str, Any] = {"size": rig.stage().size, "rooms": {}, "functions": {}}
    for name in ASKED:
        requests, rows = _profiled(rig, name)
        found["rooms"][name] = _rooms(rows, requests)
        found["functions"][name] = _functions(rows, requests)
        rig.tell(f"profile: {name}")
    found["statements"] = asyncio.run(statements(rig))
    return found


def _profiled(rig: Rig, workload: str) -> tuple[int, list[dict[str, Any]]]:
    """Requests that were answered meanwhile, and the profiler's rows."""
    output = rig.work.folder / "run" / f"functions-{workload}.json"
    output.unlink(missing_ok=True)
    ours, _ = rig.stage().write_requests({workload: WARM[workload]})
    one = shared_gateway(rig.stage().gateway_on_sqlite(ours), "--functions", str(output))
    with rig.up([replace(one, name=f"profile {workload}")]) as (server,):
        target = server.target(workload)
        assert target is not None
        send(target, max(1.0, rig.effort.profile), CONNECTIONS, last_core())
        os.kill(server.pids[0], BEGIN)
        load = send(target, rig.effort.profile, CONNECTIONS, last_core())
        os.kill(server.pids[0], END)
        time.sleep(0.2)  # The signal is noticed between two turns of the server's loop.
        if load.errors:
            raise LoadError(f"{workload} was answered with {load.errors} errors while it was profiled")
    return load.requests, orjson.loads(output.read_bytes())


def _rooms(rows: list[dict[str, Any]], requests: int) -> dict[str, float]:
    """Microseconds a request by room or library, the largest first."""
    spent: Counter[str] = Counter()
    for row in rows:
        spent[room(row["file"], row["name"])] += row["own"] / requests * 1e6
    return dict(spent.most_common(ROOMS))


def _functions(rows: list[dict[str, Any]], requests: int) -> list[dict[str, Any]]:
    """The functions with the most time of their own, in microseconds a request."""
    return [
        {
            "where": place(row["file"], row["line"]),
            "name": row["name"],
            "calls": row["calls"] / requests,
            "us": row["own"] / requests * 1e6,
        }
        for row in rows[:FUNCTIONS]
    ]


def room(file: str, name: str) -> str:
    """Where a function belongs: a room of ours, a library, a compiled plan, or the interpreter's own."""
    path = Path(file)
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1].removesuffix(".py")
    if path.is_relative_to(REPOSITORY):
        return str(path.relative_to(REPOSITORY).parent)
    if file == "~":  # A function in C: its name tells whose it is.
        owner = next((word for word in ("sqlite3", "orjson", "openssl", "greenlet") if word in name), "")
        return f"{owner or 'built in'} (C)"
    return "compiled plan" if file.startswith("<plan") else "standard library"


def place(file: str, line: int) -> str:
    """A place without the machine's folders: in the repository, or in a library."""
    if file.startswith(("<", "~")):
        return "built in" if file == "~" else file
    path = Path(file)
    if path.is_relative_to(REPOSITORY) and "site-packages" not in path.parts:
        return f"{path.relative_to(REPOSITORY)}:{line}"
    return f"{'/'.join(path.parts[-2:])}:{line}"


async def statements(rig: Rig) -> dict[str, int]:
    """Statements that each operation runs against the customers' data, once it was planned."""
    stage = rig.stage()
    ledger = stage.new_ledger("ledger-statements")
    counts: dict[str, int] = {}
    async with open_works(settings.read(on_sqlite(stage.files, ledger))) as services:
        api = Api(services.store, clock=now)
        asker = Asker(services.tokens, stage.size)
        seen: list[str] = []
        for name in ("W1", "W2", "W3", "W5"):
            (wire, *_) = await asker.of_gateway(WORKLOADS[name], 1)
            grant = await services.door.admit(_bearer(wire))
            question = orjson.loads(wire.partition(b"\r\n\r\n")[2])
            for _ in range(2):
                services.store.reader.listeners[:] = [seen.append]
                seen.clear()
                await api.execute(Request(query=question["query"], variables=question["variables"]), grant)
            counts[name] = len(seen)
    return counts


def _bearer(wire: bytes) -> bytes:
    return wire.partition(b"Bearer ")[2].partition(b"\r\n")[0]

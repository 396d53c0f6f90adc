"""What one request costs, part by part and function by function, in the real process under load."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks.contestants import Contestant, watched_gateway
from benchmarks.load import LoadError, send
from benchmarks.people import person
from benchmarks.questions import WORKLOADS, Asker, numbers
from benchmarks.rig import WARM, Rig
from benchmarks.rounds import CONNECTIONS, last_core
from benchmarks.served import BEGIN, END
from benchmarks.workspace import REPOSITORY, on_sqlite
from gateway.config import settings
from gateway.run.serving import now, open_works
from schema.api.api import Api
from schema.documents.requests import Request

ASKED = ("W1", "W2", "W3")
WATCHED = (*ASKED, "W4")
FUNCTIONS = 30


def profile(rig: Rig) -> dict[str, Any]:
    """Parts on both stores, functions on SQLite, statements, and how many sealed values are opened."""
    stage = rig.stage()
    ours, _ = stage.write_requests(WARM)
    found: dict[str, Any] = {"size": stage.size, "parts": {}, "functions": {}}
    stores = ["SQLite"] + ["PostgreSQL"] * (rig.postgres is not None and rig.effort.thorough)
    for store in stores:
        for name in WATCHED:
            one = stage.gateway_on_sqlite(ours) if store == "SQLite" else stage.gateway_on_postgresql(ours)
            found["parts"].setdefault(store, {})[name] = _watched(rig, one, name, "--spans")
            if store == "SQLite":
                found["functions"][name] = _functions(_watched(rig, one, name, "--functions"))
            rig.tell(f"profile: {name} on {store}")
    found["statements"] = asyncio.run(statements(rig))
    found["opened"] = {name: opened(rig, name) for name in ASKED}
    return found


def _watched(rig: Rig, one: Contestant, workload: str, option: str) -> Any:
    output = rig.work.folder / "run" / f"{option.strip('-')}-{workload}.json"
    output.unlink(missing_ok=True)
    with rig.up([watched_gateway(replace(one, name=f"profile {workload}"), option, str(output))]) as (server,):
        target = server.target(workload)
        assert target is not None
        send(target, max(1.0, rig.effort.profile), CONNECTIONS, last_core())
        os.kill(server.pids[0], BEGIN)
        load = send(target, rig.effort.profile, CONNECTIONS, last_core())
        os.kill(server.pids[0], END)
        time.sleep(0.2)  # it is noticed between two turns of the server's loop
        if load.errors:
            raise LoadError(f"{workload} was answered with {load.errors} errors while it was watched")
    found = orjson.loads(output.read_bytes())
    if option == "--spans":
        return found
    return {"requests": load.requests, "rows": found}


def _functions(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The functions with the most time of their own, in microseconds for each request; times are the profiler's."""
    count = max(found["requests"], 1)
    return [
        {
            "where": _where(row["file"], row["line"]),
            "name": row["name"],
            "calls": row["calls"] / count,
            "us": row["own"] / count * 1e6,
        }
        for row in found["rows"][:FUNCTIONS]
    ]


def _where(file: str, line: int) -> str:
    """A place without the machine's folders: in the repository, or in a library."""
    if file.startswith(("<", "~")):
        return "built in" if file == "~" else file
    path = Path(file)
    if path.is_relative_to(REPOSITORY) and "site-packages" not in path.parts:
        return f"{path.relative_to(REPOSITORY)}:{line}"
    return f"{'/'.join(path.parts[-2:])}:{line}"


async def statements(rig: Rig) -> dict[str, int]:
    """How many statements each operation runs against the customers' data, once it was planned."""
    stage = rig.stage()
    ledger = stage.new_ledger("ledger-statements")
    counts: dict[str, int] = {}
    async with open_works(settings.read(on_sqlite(stage.files, ledger))) as works:
        api = Api(works.store, clock=now)
        asker = Asker(works.tokens, stage.size)
        seen: list[str] = []
        for name in (*ASKED, "W5"):
            (wire, *_) = await asker.of_gateway(WORKLOADS[name], 1)
            grant = await works.authenticator.authenticate(_bearer(wire))
            question = orjson.loads(wire.partition(b"\r\n\r\n")[2])
            for _ in range(2):
                works.store.reader.listeners[:] = [seen.append]
                seen.clear()
                await api.execute(Request(query=question["query"], variables=question["variables"]), grant)
            counts[name] = len(seen)
    return counts


def _bearer(wire: bytes) -> bytes:
    return wire.partition(b"Bearer ")[2].partition(b"\r\n")[0]


def opened(rig: Rig, workload: str) -> float:
    """Sealed values that one request opens, on average."""
    asked = numbers(WORKLOADS[workload], rig.stage().size, 200)
    if workload == "W1":
        people = [person(number) for number in asked]
        return sum(
            5 + len(each.services) + sum(3 if pay.kind == "CARD" else 1 for pay in each.payments) for each in people
        ) / len(people)
    if workload == "W2":
        people = [person(number + place) for number in asked[:20] for place in range(1, 51)]
        return sum(4 + len(each.services) for each in people) / 20
    return 3.0 * 500

"""How many due erasures a minute real `gateway worker` processes carry out, every step and certificate included."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.copying import gateway_settings
from benchmarks.processes import end
from benchmarks.rig import Rig
from benchmarks.stage import POSTGRESQL, SQLITE, empty_ledger, forget_heads
from benchmarks.workspace import REPOSITORY, Files, bare_environment, on_sqlite

PATIENCE = 1_800
"""Seconds after which workers that are not done are given up."""

ENDED = "UPDATE services SET status = 'TERMINATED', terminated_at = {at} WHERE customer_id IN ({chosen})"
DORMANT = "UPDATE customers SET last_service_ended_at = {at} WHERE id IN ({chosen})"
ASKED = (
    "INSERT INTO erasures "
    "(id, customer_id, state, cause, requested_at, due_at, when_services_end, not_before, alarm_at) "
    "SELECT id, id, 'SCHEDULED', 'REQUEST', {at}, {due}, {no}, {at}, {due} FROM customers WHERE id IN ({chosen})"
)
CHOSEN = "SELECT id FROM customers ORDER BY id LIMIT {count}"
DONE = "SELECT count(*) FROM erasures WHERE state = 'ERASED'"


@dataclass(frozen=True, slots=True)
class Place:
    """A copy of a store in which customers may be erased."""

    settings: Mapping[str, str]
    run: Callable[[str], Any]
    """Runs a statement, and gives its one value where it has one."""


def erasure(rig: Rig) -> dict[str, Any]:
    """Erasures a minute on each store, with one worker and with two."""
    size, count = rig.stage().size, rig.effort.erasures
    found = []
    for store, processes in ((SQLITE, 1), (POSTGRESQL, 1), (POSTGRESQL, 2)):
        if store == POSTGRESQL and rig.postgres is None:
            continue
        with _copied(rig, store) as place:
            _make_due(place, count)
            seconds = _work(place, count, processes, rig.work.log(f"worker-{store}-{processes}"))
        rate = count / seconds * 60
        rig.tell(f"{store}, {processes} worker(s): {count:,} erased in {seconds:.1f} s, {rate:,.0f} a minute")
        found.append({"store": store, "workers": processes, "seconds": seconds, "per_minute": rate})
    return {"size": size, "count": count, "runs": found}


def _work(place: Place, count: int, processes: int, log: Path) -> float:
    """Seconds from starting the workers until the last certificate is written; TimeoutError when it takes too long."""
    command = [sys.executable, "-m", "gateway", "worker"]
    with ExitStack() as ending, log.open("wb") as written:
        began = time.perf_counter()
        for _ in range(processes):
            process = subprocess.Popen(  # noqa: S603  (a command of this package)
                command,
                env={**bare_environment(), **place.settings},
                cwd=REPOSITORY,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            ending.callback(end, process)
        while place.run(DONE) < count:
            took = time.perf_counter() - began
            if took > PATIENCE or process.poll() is not None:
                raise TimeoutError(f"the workers are not done after {took:.0f} s; {log} may say why")
            time.sleep(0.1)
        return time.perf_counter() - began


def _make_due(place: Place, count: int) -> None:
    """So many customers whose services have ended, and who asked to be erased a week ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    postgresql = place.settings["GATEWAY_DATABASE_URL"].startswith("postgresql")

    def moment(value: datetime) -> str:
        return f"'{value.strftime('%Y-%m-%dT%H:%M:%SZ')}'"

    words = {
        "chosen": CHOSEN.format(count=count),
        "at": moment(now - timedelta(days=7)),
        "due": moment(now + timedelta(days=20)),
        "no": "false" if postgresql else "0",
    }
    for statement in (ENDED, DORMANT, ASKED):
        place.run(statement.format(**words))


@contextmanager
def _copied(rig: Rig, store: str) -> Iterator[Place]:
    """A copy of the stage's store, data and keys; it is gone after the block."""
    make = _on_sqlite if store == SQLITE else _on_postgresql
    with ExitStack() as leaving:
        yield make(rig, leaving)


def _on_sqlite(rig: Rig, leaving: ExitStack) -> Place:
    source, copy = rig.stage().files, Files(rig.work.folder / "run" / "erasing")
    shutil.rmtree(copy.folder, ignore_errors=True)
    copy.folder.mkdir(mode=0o700)
    leaving.callback(shutil.rmtree, copy.folder)
    for name in ("data", "keys", "ledger", "root"):
        shutil.copy(getattr(source, name), getattr(copy, name))
    forget_heads(copy.keys)

    def run(statement: str) -> Any:
        with closing(sqlite3.connect(copy.data, timeout=60)) as connection, connection:
            row = connection.execute(statement).fetchone()
            return None if row is None else row[0]

    return Place(on_sqlite(copy, copy.ledger), run)


def _on_postgresql(rig: Rig, leaving: ExitStack) -> Place:
    server, stage = rig.postgres, rig.stage()
    assert server is not None and stage.databases is not None
    names = {"gateway": "erasing_data", "keys": "erasing_keys"}

    def drop() -> None:
        statements = [f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in names.values()]
        asyncio.run(server.run("postgres", *statements))

    drop()
    leaving.callback(drop)
    for kind, name in names.items():
        asyncio.run(server.run("postgres", f"CREATE DATABASE {name} TEMPLATE {getattr(stage.databases, kind)}"))
    asyncio.run(empty_ledger(server, names["gateway"], names["keys"]))
    address = {"GATEWAY_DATABASE_URL": server.url(names["gateway"]), "GATEWAY_KEY_STORE_URL": server.url(names["keys"])}

    async def ask(statement: str) -> Any:
        connection = await asyncpg.connect(server.url(names["gateway"]))
        try:
            return await connection.fetchval(statement, timeout=600)
        finally:
            await connection.close()

    settings = gateway_settings(server, stage.files, stage.databases) | address
    return Place(settings, lambda statement: asyncio.run(ask(statement)))

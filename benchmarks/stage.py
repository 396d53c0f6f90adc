"""The stores of one size with everything to ask of them: made once, used by every measurement of that size."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.contestants import Contestant, dutiful, endpoint, gateway, mercurius, prepared_node
from benchmarks.copying import gateway_settings, make_databases
from benchmarks.duties import READ
from benchmarks.load import Target
from benchmarks.loading import Tell, make_files
from benchmarks.postgres import Postgres
from benchmarks.questions import WORKLOADS, Asker, write
from benchmarks.workspace import Workspace, on_sqlite
from gateway.config import settings
from gateway.run.serving import open_services

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
Counts = Mapping[str, int]
"""How many different requests to write, by workload."""


class Stage:
    """Stores, requests and contestants of one size."""

    def __init__(self, work: Workspace, size: int, postgres: Postgres | None, tell: Tell) -> None:
        self.work, self.size, self.postgres, self._tell = work, size, postgres, tell
        self.files = make_files(work, size, tell)
        self.databases = None if postgres is None else make_databases(postgres, self.files, size, tell)

    def write_requests(self, counts: Counts, label: str = "") -> tuple[dict[str, Target], dict[str, Target]]:
        """The files of requests to the gateway and to the endpoint, by workload."""
        return asyncio.run(self._write(counts, label))

    async def _write(self, counts: Counts, label: str) -> tuple[dict[str, Target], dict[str, Target]]:
        ours: dict[str, Target] = {}
        theirs: dict[str, Target] = {}
        forget_heads(self.files.keys)
        async with open_services(settings.read(on_sqlite(self.files, self.files.ledger))) as works:
            asker = Asker(works.tokens, self.size)
            for name, count in counts.items():
                workload = WORKLOADS[name]
                theirs[name] = self._kept(f"endpoint-{name}{label}", asker.of_endpoint(workload, count))
                ours[name] = self._kept(f"gateway-{name}{label}", await asker.of_gateway(workload, count))
        return ours, theirs

    def _kept(self, name: str, requests: Sequence[bytes]) -> Target:
        return Target(requests=write(self.work.requests(f"{self.size}-{name}"), requests))

    def new_ledger(self, name: str) -> Path:
        """An empty ledger of that name, in place of the one before."""
        path = self.work.folder / "run" / f"{name}.db"
        for old in path.parent.glob(f"{path.name}*"):
            old.unlink()
        shutil.copy(self.files.ledger, path)
        forget_heads(self.files.keys)
        return path

    def gateway_on_sqlite(self, targets: Mapping[str, Target], name: str = "gateway, SQLite") -> Contestant:
        """The gateway on files, with an empty ledger."""
        ledger = self.new_ledger(f"ledger-{self.size}")
        return gateway(name, SQLITE, on_sqlite(self.files, ledger), targets, "endpoint, SQLite")

    def endpoint_on_sqlite(self, targets: Mapping[str, Target]) -> Contestant:
        """The hand-written endpoint on its file."""
        return endpoint("endpoint, SQLite", SQLITE, f"sqlite:///{self.files.plain}", targets)

    def gateway_on_postgresql(self, targets: Mapping[str, Target]) -> Contestant:
        """The gateway on a server, with an empty ledger."""
        assert self.postgres is not None and self.databases is not None
        asyncio.run(empty_ledger(self.postgres, self.databases.gateway, self.databases.keys))
        found = gateway_settings(self.postgres, self.files, self.databases)
        return self._stored(gateway("gateway, PostgreSQL", POSTGRESQL, found, targets, "endpoint, PostgreSQL"))

    def endpoint_on_postgresql(self, targets: Mapping[str, Target]) -> Contestant:
        """The hand-written endpoint on a server."""
        assert self.postgres is not None and self.databases is not None
        address = self.postgres.url(self.databases.plain)
        return self._stored(endpoint("endpoint, PostgreSQL", POSTGRESQL, address, targets))

    def _stored(self, contestant: Contestant) -> Contestant:
        assert self.postgres is not None
        return replace(contestant, database_pids=(self.postgres.pid,))

    def dutiful(self, counts: Counts) -> list[Contestant]:
        """Those with the same duties: the hand-written endpoint on each store, and a GraphQL server of Node.js."""
        asked = {name: count for name, count in counts.items() if name in READ}
        asker = Asker(None, self.size)
        made = {name: asker.of_dutiful(WORKLOADS[name], count) for name, count in asked.items()}
        targets = {name: self._kept(f"dutiful-{name}", requests) for name, requests in made.items()}
        # A copy: what it writes must not change the gateway's file under it.
        copied = self.work.folder / "run" / "dutiful.db"
        for each in copied.parent.glob("dutiful*"):
            each.unlink()
        with closing(sqlite3.connect(self.files.data)) as connection:
            connection.execute("VACUUM INTO ?", (str(copied),))
        audit = copied.with_name("dutiful-audit.db")
        stores = f"sqlite:///{copied}", f"sqlite:///{self.files.keys}"
        found = [dutiful("endpoint with duties, SQLite", SQLITE, *stores, self.files.root, audit, targets)]
        if self.postgres is None or self.databases is None:
            return found
        stores = self.postgres.url(self.databases.gateway), self.postgres.url(self.databases.keys)
        on_server = dutiful("endpoint with duties, PostgreSQL", POSTGRESQL, *stores, self.files.root, audit, targets)
        found.append(self._stored(on_server))
        if (folder := prepared_node(self.work.folder / "node", self._tell)) is not None:
            made = {name: asker.of_node(WORKLOADS[name], count) for name, count in asked.items()}
            targets = {name: self._kept(f"node-{name}", requests) for name, requests in made.items()}
            found.append(self._stored(mercurius(folder, *stores, self.files.root, targets)))
        return found

    def four(self, counts: Counts) -> list[Contestant]:
        """Endpoint and gateway on each store."""
        ours, theirs = self.write_requests(counts)
        found = [self.endpoint_on_sqlite(theirs), self.gateway_on_sqlite(ours)]
        if self.postgres is not None:
            found += [self.endpoint_on_postgresql(theirs), self.gateway_on_postgresql(ours)]
        return found


def forget_heads(keys: Path) -> None:
    """Make a key store fit for an empty ledger, which it would otherwise take for one that was rolled back (D13)."""
    with closing(sqlite3.connect(keys, isolation_level=None)) as connection:
        connection.execute("DELETE FROM ledger_heads")


async def empty_ledger(server: Postgres, data: str, keys: str) -> None:
    """The same on a server: an empty ledger, and a key store that remembers no head of it."""
    # The table refuses to lose entries; this setting is a superuser's, which the gateway is not.
    await server.run(data, "SET session_replication_role = replica", "TRUNCATE ledger_entries")
    await server.run(keys, "DELETE FROM ledger_heads")

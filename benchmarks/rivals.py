"""Other GraphQL servers, from a folder outside the repository that knows how to install, fill and check them.

The folder has a `run.sh` (which is asked to `check`), a wrk script with the questions, and the servers. They answer
from their own PostgreSQL, on their own data of 100,000 customers.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import RIVAL, Contestant
from benchmarks.load import INSTALL_WRK, Target, has_wrk
from benchmarks.postgres import Postgres, free_port
from benchmarks.rounds import Tell

WORKLOADS = ("W1", "W2", "W3", "W4", "W5")
MINUTES = 15


class RivalError(Exception):
    """The rivals cannot be run here; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Server:
    """One of the folder's servers: its name there, its file, and the spelling of its questions."""

    name: str
    checked_as: str
    file: str
    dialect: str = "graphql"
    role: str = "postgres"


SERVERS = (
    Server("mercurius", "a mercurius jit+auth", "mercurius.mjs"),
    Server("Apollo Server", "b apollo5 shield", "apollo.mjs"),
    Server("GraphQL Yoga", "c yoga jit+generic-auth", "yoga.mjs"),
    Server("PostGraphile", "d postgraphile roles", "postgraphile.mjs", "postgraphile", "peers_app"),
)


class Rivals:
    """Prepared when made, which the first time takes minutes; ended by `stop`."""

    def __init__(self, folder: Path, scratch: Path, postgres: Postgres, tell: Tell) -> None:
        self._folder, self._scratch = folder.resolve(), scratch
        self._require()
        scratch.mkdir(parents=True, exist_ok=True)
        self._port = _kept_port(scratch / "port")
        # The same PostgreSQL programs as ours, and on the same kind of connection.
        self._environment = {
            **os.environ,
            "PEERS_WORK": str(scratch),
            "PEERS_PGPORT": str(self._port),
            "PEERS_PGBIN": str(postgres.binaries),
        }
        tell("preparing the rivals (the first time: installing them and filling their database)")
        self._checked()

    def _require(self) -> None:
        missing = []
        if not (self._folder / "run.sh").exists():
            missing.append(f"{self._folder} has no run.sh: give the folder that holds it.")
        if not has_wrk():
            missing.append(INSTALL_WRK)
        if shutil.which("npm") is None:
            missing.append("npm is not installed: `apt-get install nodejs npm`, or Node.js 22 from nodejs.org.")
        if missing:
            raise RivalError("\n".join(missing))

    def _checked(self) -> None:
        names = ",".join(server.checked_as for server in SERVERS)
        done = self._run("check", "--only", names)
        failed = [line for line in done.splitlines() if line.startswith("FAIL")]
        if failed:
            raise RivalError("Rivals that do not answer as they should: " + "; ".join(failed))

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603  (the script that the caller pointed at)
            [str(self._folder / "run.sh"), *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=MINUTES * 60,
        )
        if done.returncode:
            raise RivalError(f"run.sh {arguments[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")
        return done.stdout

    def contestants(self, processes: int) -> list[Contestant]:
        """All of them, each with so many processes."""
        return [self._contestant(server, processes) for server in SERVERS]

    def _contestant(self, server: Server, processes: int) -> Contestant:
        address = f"postgres://{server.role}@127.0.0.1:{self._port}/peers"
        environment = {
            "PORT": "{port}",
            "WORKERS": str(processes),
            "NODE_ENV": "production",
            "DATABASE_URL": address,
            "JWT_SECRET": (self._scratch / "secret").read_text(),
            "LOAD_DIR": str(self._folder / "load"),
            "POOL": "10",
        }
        return Contestant(
            server.name,
            RIVAL,
            "PostgreSQL",
            (self._node(), server.file),
            environment,
            {name: self._target(name, server.dialect) for name in WORKLOADS},
            "/W1/1",
            folder=self._scratch / "src" / "node",
            database_pids=(self._postmaster(),),
            reference="endpoint, PostgreSQL",
        )

    def _target(self, workload: str, dialect: str) -> Target:
        tokens = self._scratch / ("tokens.billing" if workload == "W5" else "tokens.full")
        settings: Mapping[str, str] = {
            "WORKLOAD": workload,
            "DIALECT": dialect,
            "LOAD_DIR": str(self._folder / "load"),
            "TOKENS": str(tokens),
        }
        return Target(script=self._folder / "load" / "load.lua", settings=settings)

    def _node(self) -> str:
        own = sorted(self._scratch.glob("nodebin/node_modules/*/bin/node"))
        return str(own[0]) if own else str(shutil.which("node"))

    def versions(self) -> dict[str, str]:
        """The versions of Node.js and of the servers."""
        node = subprocess.run([self._node(), "--version"], capture_output=True, text=True, check=True)  # noqa: S603  (found above)
        package = (self._folder / "node" / "package.json").read_text()
        wanted = ("mercurius", "@apollo/server", "graphql-yoga", "postgraphile", "graphql-jit")
        found = {name: match[1] for name in wanted if (match := re.search(rf'"{name}": "([^"]+)"', package))}
        return {"Node.js": node.stdout.strip().lstrip("v"), **found}

    def _postmaster(self) -> int:
        return int((self._scratch / "pg" / "data" / "postmaster.pid").read_text().splitlines()[0])

    @property
    def postmaster(self) -> int:
        """The process of their PostgreSQL."""
        return self._postmaster()

    def stop(self) -> None:
        """End their PostgreSQL; the servers end with each section."""
        self._run("stop")


@contextmanager
def prepared(folder: Path | None, scratch: Path, postgres: Postgres | None, tell: Tell) -> Iterator[Rivals | None]:
    """The rivals for the length of a block, or None where none were asked for."""
    if folder is None:
        yield None
        return
    if postgres is None:
        raise RivalError("The rivals need PostgreSQL: leave out --no-postgresql.")
    rivals = Rivals(folder, scratch, postgres, tell)
    try:
        yield rivals
    finally:
        rivals.stop()


def _kept_port(file: Path) -> int:
    """The same port each time, since their PostgreSQL is configured with it."""
    if not file.exists():
        file.write_text(str(free_port()))
    return int(file.read_text())

"""Who is measured: how each is started, asked, and ended."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.duties import SECRET
from benchmarks.load import Target
from benchmarks.postgres import free_port
from benchmarks.processes import end, pin
from benchmarks.workspace import REPOSITORY, Workspace

ENDPOINT, GATEWAY, RIVAL, DUTIFUL = "endpoint", "gateway", "rival", "dutiful"
NODE = Path(__file__).with_name("node")
START_SECONDS = 60


class StartError(Exception):
    """A server did not answer in time; the text says where it tells why."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server and what it can be asked; `{port}` in the command and the environment stands for its port."""

    name: str
    group: str
    store: str
    command: Sequence[str]
    environment: Mapping[str, str]
    targets: Mapping[str, Target]
    """What to send, by the name of the workload."""
    probe: str = "/"
    """An address that it answers, however, once it is up."""
    processes: int = 1
    folder: Path = REPOSITORY
    database_pids: tuple[int, ...] = ()
    """The database server's process, whose time on the CPU counts too."""
    reference: str = ""
    """The name of the contestant that this one is compared with."""


@dataclass
class Running:
    """A contestant that answers."""

    contestant: Contestant
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The contestant's."""
        return self.contestant.name

    @property
    def pids(self) -> list[int]:
        """The processes that were started; they may have children."""
        return [each.pid for each in self.processes]

    def target(self, workload: str) -> Target | None:
        """What to send for a workload; None when it cannot be asked that."""
        found = self.contestant.targets.get(workload)
        return None if found is None else replace(found, port=self.port)


def gateway(
    name: str, store: str, settings: Mapping[str, str], targets: Mapping[str, Target], reference: str = ""
) -> Contestant:
    """The real `gateway serve`."""
    command = (sys.executable, "-m", "gateway", "serve")
    return Contestant(
        name, GATEWAY, store, command, {**settings, "PORT": "{port}"}, targets, "/healthz", reference=reference
    )


def shared_gateway(one: Contestant, *options: str, processes: int = 1) -> Contestant:
    """The same, started by `benchmarks.served`: on a shared port, or under the profiler."""
    return replace(one, command=(sys.executable, "-m", "benchmarks.served", *options), processes=processes)


def endpoint(name: str, store: str, address: str, targets: Mapping[str, Target]) -> Contestant:
    """The hand-written endpoint."""
    command = (sys.executable, "-m", "benchmarks.rest", "--store", address, "--port", "{port}")
    return Contestant(name, ENDPOINT, store, command, {}, targets, "/W1/1")


def dutiful(
    name: str, store: str, data: str, keys: str, root: Path, audit: Path, targets: Mapping[str, Target]
) -> Contestant:
    """The hand-written endpoint with duties, on sealed columns."""
    options = ("--store", data, "--keys", keys, "--root", str(root), "--audit", str(audit), "--port", "{port}")
    command = (sys.executable, "-m", "benchmarks.duties", *options)
    return Contestant(name, DUTIFUL, store, command, {}, targets, "/W1/1", reference=f"endpoint, {store}")


def mercurius(folder: Path, data: str, keys: str, root: Path, targets: Mapping[str, Target]) -> Contestant:
    """The GraphQL server of Node.js with duties, on the same sealed columns."""
    environment = {
        "PORT": "{port}", "NODE_ENV": "production", "DATA_URL": data, "KEYS_URL": keys, "ROOT_KEY": str(root),
        "SECRET": SECRET.decode(),
    }  # fmt: skip
    return Contestant(
        "mercurius with duties", DUTIFUL, "PostgreSQL", ("node", "duties.mjs"), environment, targets, "/",
        folder=folder, reference="endpoint, PostgreSQL",
    )  # fmt: skip


def prepared_node(folder: Path, tell: Callable[[str], None]) -> Path | None:
    """The folder with that server and its packages, installed when they are not there; None without Node.js."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        tell("mercurius with duties is left out: it needs Node.js and npm")
        return None
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (NODE / "package.json").read_bytes()
    done = folder / "installed.json"
    for name in ("duties.mjs", "package.json"):
        shutil.copy(NODE / name, folder / name)
    if not done.exists() or done.read_bytes() != wanted:
        tell("installing mercurius")
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)  # noqa: S603  (the list above)
        done.write_bytes(wanted)
    return folder


@contextmanager
def running(
    contestants: Sequence[Contestant], work: Workspace, environment: Mapping[str, str], core: int | None
) -> Iterator[list[Running]]:
    """All of them, up and answering, kept on a core if one is given; ended after the block."""
    with ExitStack() as ending:
        started = [start(each, work, environment, ending) for each in contestants]
        for each in started:
            wait(each, work)
            for pid in each.pids:
                pin(pid, core)
        yield started


def start(contestant: Contestant, work: Workspace, environment: Mapping[str, str], ending: ExitStack) -> Running:
    """Start its processes; `ending` ends them."""
    server = Running(contestant, free_port())
    here = {"{port}": str(server.port)}
    command = [here.get(word, word) for word in contestant.command]
    settings = {name: here.get(value, value) for name, value in contestant.environment.items()}
    with work.log(_plain(contestant.name)).open("wb") as log:
        for _ in range(contestant.processes):
            process = subprocess.Popen(  # noqa: S603  (a command of this package)
                command,
                env={**environment, **settings},
                cwd=contestant.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            ending.callback(end, process)
            server.processes.append(process)
    return server


def wait(server: Running, work: Workspace) -> None:
    """Until it answers anything; StartError when it ended, or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and all(each.poll() is None for each in server.processes):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{server.contestant.probe}", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    raise StartError(f"{server.name} did not start; it says why in {work.log(_plain(server.name))}")


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)

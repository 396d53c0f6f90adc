"""The whole company of the story: the product, a mail server, an affiliate and a partner, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.gateway.servers import ROOT, Running, environment, free_port, running
from tests.journeys.customer import Customer
from tests.journeys.estates import Estate
from tests.journeys.shared_clock import Clock
from tests.journeys.terminal import Terminal, terminal
from tests.journeys.tool import ISSUER

HERE = Path(__file__).parent
Found = TypeVar("Found")
PATIENCE = 240.0
"""Real seconds in which a process does what is due, on a busy machine."""


def until(what: str, look: Callable[[], Found | None], seconds: float = PATIENCE) -> Found:
    """What a look finds in the end."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.1)
    return found


class Outsider:
    """A program that is not ours, on one port whenever it runs, and the lines that it wrote."""

    def __init__(self, clock: Clock, file: Path, script: str, *more: str) -> None:
        self.port, self.file = free_port(), file
        self._command = [sys.executable, *clock.running(script, str(self.port))]
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> None:
        """And wait until it listens."""
        command = [*self._command, *more, str(self.file), *self._more]
        self._process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT)
        until(f"port {self.port}", lambda: _listens(self.port))

    def stop(self) -> None:
        """As a machine that loses its power."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def lines(self) -> list[dict[str, Any]]:
        """What it wrote, each with its time."""
        text = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        return [line | {"at": datetime.fromisoformat(line["at"])} for line in map(json.loads, text.splitlines())]


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Company(Outsider):
    """An affiliate or a partner."""

    def __init__(self, clock: Clock, folder: Path, name: str) -> None:
        self._mood = folder / f"{name}.mood"
        self.mood({})
        super().__init__(clock, folder / f"{name}.jsonl", "tests.journeys.company", str(self._mood))

    @property
    def url(self) -> str:
        """Where it takes messages."""
        return f"http://127.0.0.1:{self.port}/hook"

    def mood(self, mood: dict[str, Any]) -> None:
        """What it answers from now on, by event."""
        new = self._mood.with_suffix(".new")
        new.write_text(json.dumps(mood))
        os.replace(new, self._mood)

    def told(self, event: str) -> list[dict[str, Any]]:
        """Every message of a kind, and each repetition."""
        return [line for line in self.lines() if line["event"].get("type") == event]


class Works:
    """All of them, and the clock."""

    def __init__(self, folder: Path, estate: Estate, stores: Path, stack: ExitStack) -> None:
        self.folder, self.stores, self.estate, self._stack = folder, stores, estate, stack
        self.clock = Clock(folder / "clock")
        self.mail = Outsider(self.clock, folder / "mail.jsonl", "tests.journeys.postmaster")
        self.affiliate, self.partner = (Company(self.clock, folder, each) for each in ("affiliate", "partner"))
        for each in (self.mail, self.affiliate, self.partner):
            stack.callback(each.stop)
        self.settings = estate.settings | {
            "GATEWAY_ISSUER": ISSUER,
            "GATEWAY_ROOT_KEY_PATH": str(stores / "root.key"),
            "GATEWAY_LEDGER_HEAD": str(stores / "ledger.heads"),
            "GATEWAY_CHECKPOINT_SECONDS": "1",
            "GATEWAY_BACKUP_DAYS": "30",
            "GATEWAY_PROXIES": "127.0.0.1",
            "GATEWAY_ACCESS_LOG": "yes",
            "GATEWAY_SMTP_HOST": "127.0.0.1",
            "GATEWAY_SMTP_PORT": str(self.mail.port),
            "GATEWAY_SMTP_SECURITY": "none",
            "GATEWAY_SMTP_FROM": "no-reply@quarkwerke.example",
            "GATEWAY_SITE_NAME": "Quarkwerke",
        }
        self._server: Running | None = None
        self._serving = ExitStack()
        self._worker: subprocess.Popen[bytes] | None = None
        stack.callback(self.close)
        self.terminal: Terminal = stack.enter_context(terminal(stores, self.clock, self.settings))

    def url(self) -> str:
        """Where the gateway answers."""
        assert self._server is not None
        return self._server.url

    def serve(self) -> None:
        """Start `gateway serve`, which leaves the work to others."""
        arguments = self.clock.running("gateway", "serve")
        settings = self.settings | {"GATEWAY_WORK": "no"}
        self._server = self._serving.enter_context(running(arguments, self.stores, own_interpreter=True, **settings))

    def work(self) -> None:
        """Start `gateway worker`."""
        with (self.stores / "worker.txt").open("ab") as output:
            command = [sys.executable, *self.clock.running("gateway", "worker")]
            self._worker = subprocess.Popen(
                command, env=environment(self.stores, **self.settings), cwd=self.stores, stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

    def stop_work(self) -> None:
        """End the worker, as an operator does."""
        if self._worker is not None:
            self._worker.send_signal(signal.SIGTERM)
            assert self._worker.wait(30) == 0
            self._worker = None

    def close(self) -> None:
        """End both."""
        self.stop_work()
        self._serving.close()

    def get(self, path: str) -> httpx.Response:
        """A public address of the gateway."""
        return httpx.get(self.url() + path, headers={"host": "data.example"}, timeout=120)

    def letters(self, to: str, subject: str = "") -> list[dict[str, Any]]:
        """What the mail server took for somebody."""
        return [each for each in self.mail.lines() if each["to"] == [to] and subject in each["subject"]]

    def look(self) -> None:
        """Let a minute pass, after which a worker looks at everybody."""
        self.clock.turn(seconds=61)

    def customer(self) -> Customer:
        """Somebody with a browser."""
        return Customer(self.url, self.clock)


@contextmanager
def opened_works(folder: Path, estate: Estate, stores: Path) -> Iterator[Works]:
    """For the length of the block; nothing is served yet."""
    with ExitStack() as stack:
        yield Works(folder, estate, stores, stack)

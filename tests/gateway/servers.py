"""Real gateways in processes of their own, on free ports, ended by their process number."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from gateway.cli import gateway
from tests.fork_server import ForkedPopen

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180


@dataclass
class Running:
    """A gateway that answers at `url`."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """Everything it has written so far."""
        return self.output.read_text(encoding="utf-8")

    def stop(self, sign: signal.Signals = signal.SIGTERM, seconds: float = 120) -> int:
        """Ask it to stop, and wait; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(seconds)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """A nearly empty environment with the settings of a gateway in a folder."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SSL_CERT_FILE") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "GATEWAY_DATA_DIR": str(folder), "PYTHONWARNINGS": "error"} | settings


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(
    arguments: Sequence[str], folder: Path, *, own_interpreter: bool = False, **settings: str
) -> Iterator[Running]:
    """Start a gateway (`-m gateway serve`), wait until it is alive, and end it after the block."""
    port = int(settings.get("PORT") or free_port())
    output = folder / f"output-{port}.txt"
    with output.open("wb") as file:
        process = started(
            arguments,
            own_interpreter,
            env=environment(folder, **settings | {"PORT": str(port)}),
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    server = Running(process, port, output)
    try:
        _await_life(server)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _await_life(server: Running) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            httpx.get(f"{server.url}/healthz", timeout=1)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    server.process.kill()
    raise AssertionError(f"it did not start:\n{server.log()}")


def typed(arguments: Sequence[str], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a `gateway` command to its end in this process, which starts in no time: where the process is no matter."""
    done = CliRunner(env=environment(folder, **settings)).invoke(gateway, list(arguments))
    stderr = done.stderr
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        stderr += "".join(traceback.format_exception(done.exception))
    return subprocess.CompletedProcess(list(arguments), done.exit_code, done.stdout, stderr)


def command(
    arguments: Sequence[str], folder: Path, *, own_interpreter: bool = False, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a `gateway` command to its end, in a process of its own."""
    with started(
        ["-m", "gateway", *arguments],
        own_interpreter,
        env=environment(folder, **settings),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=300)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(list(arguments), process.returncode, stdout, stderr)


def started(arguments: Sequence[str], own_interpreter: bool, **options: Any) -> subprocess.Popen[Any]:
    """A module, after `-m`, in a process of its own: a fork, or an interpreter where starting is what is tested."""
    option, *module = arguments
    assert option == "-m", arguments
    if own_interpreter:
        return subprocess.Popen([sys.executable, *arguments], **options)
    return ForkedPopen(module, **options)

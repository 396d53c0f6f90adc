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

import httpx
from click.testing import CliRunner

from gateway.cli import gateway

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
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "GATEWAY_DATA_DIR": str(folder), "PYTHONWARNINGS": "error"} | settings


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(arguments: Sequence[str], folder: Path, **settings: str) -> Iterator[Running]:
    """Start a gateway, wait until it is alive, and end it after the block."""
    port = free_port()
    output = folder / f"output-{port}.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment(folder, PORT=str(port), **settings),
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


def command(arguments: Sequence[str], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a `gateway` command to its end, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        env=environment(folder, **settings),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

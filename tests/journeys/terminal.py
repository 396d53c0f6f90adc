"""An operator's terminal: `gateway` commands, one after another, in a process of its own that imports them once.

Run as a program it reads a command a line, as a JSON list, and writes what became of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.gateway.servers import environment
from tests.journeys.shared_clock import Clock


class CommandFailedError(Exception):
    """A command ended with another exit code than 0."""


class Terminal:
    """Gives commands."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tried(self, *command: str) -> tuple[int, str, str]:
        """The exit code of a command, what it printed, and what it said beside it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        code, out, err = json.loads(self._process.stdout.readline())
        return code, out, err

    def __call__(self, *command: str) -> str:
        """What a command printed; CommandFailedError."""
        code, out, err = self.tried(*command)
        if code:
            raise CommandFailedError(f"gateway {' '.join(command)}: {code}\n{out}{err}")
        return out


@contextmanager
def terminal(folder: Path, clock: Clock, settings: dict[str, str]) -> Iterator[Terminal]:
    """Open for the length of the block."""
    command = [sys.executable, *clock.running(__name__)]
    process = subprocess.Popen(
        command, env=environment(folder, **settings), cwd=folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Terminal(process)
    finally:
        process.communicate(timeout=120)


def main() -> None:
    """Carry out what is typed."""
    from click.testing import CliRunner

    from gateway.cli import gateway

    for line in sys.stdin:
        done = CliRunner().invoke(gateway, json.loads(line))
        err = done.stderr + ("" if done.exception is None else repr(done.exception))
        print(json.dumps([done.exit_code, done.stdout, err]), flush=True)


if __name__ == "__main__":
    main()

"""Sends requests over and over from many connections for some seconds, with wrk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

SCRIPT = Path(__file__).with_name("replay.lua")
INSTALL_WRK = "wrk is not installed: `apt-get install wrk` (Debian, Ubuntu) or `brew install wrk`."


class LoadError(Exception):
    """The load could not be made; the text says what the generator said."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to load, and with what: a file of requests, or another script with its settings."""

    port: int = 0
    requests: Path | None = None
    script: Path | None = None
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    kilobytes: float
    errors: int
    """Answers that are neither 2xx nor expected, and broken connections."""
    own_cpu: float
    """Seconds that the generator itself was busy."""


def has_wrk() -> bool:
    """Whether wrk is there."""
    return shutil.which("wrk") is not None


def send(target: Target, seconds: float, connections: int, core: int | None, offset: int = 0) -> Load:
    """Load the target; every connection asks its next question when it has the answer to the last.

    `core` is where the generator is kept, `offset` how many requests of the file are passed over at first.
    """
    if not has_wrk():
        raise LoadError(INSTALL_WRK)
    command = list(_wrk(target, seconds, connections))
    if core is not None and shutil.which("taskset"):
        command = ["taskset", "-c", str(core), *command]
    settings = {"REQUESTS": str(target.requests), "OFFSET": str(offset)}
    settings |= target.settings or {}
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603  (the command is made above)
        command, env=os.environ | settings, capture_output=True, text=True, check=False, timeout=seconds + 60
    )
    after = getrusage(RUSAGE_CHILDREN)
    found = re.search(r"RESULT (\{.*\})", done.stdout)
    if done.returncode or found is None:
        raise LoadError(f"{command[0]}: {done.stdout[-500:]} {done.stderr[-500:]}")
    said = json.loads(found[1])
    if not said["requests"]:
        raise LoadError(f"nothing was answered in {seconds} seconds: {done.stderr[-500:]}")
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    count = max(said["requests"], 1)
    return Load(
        said["requests"], said["us"] / 1e6, said["p50"] / 1e3, said["p99"] / 1e3, said["bytes"] / count / 1024,
        said["non2xx"] + said["sock"], busy,
    )  # fmt: skip


def _wrk(target: Target, seconds: float, connections: int) -> Sequence[str]:
    script = target.script or SCRIPT
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(script)]
    return ["wrk", *options, f"http://127.0.0.1:{target.port}"]

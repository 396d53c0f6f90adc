"""What the kernel says of processes: time on the CPU, memory, and who else was busy."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError)


def family(pid: int) -> list[int]:
    """A process and everything that descends from it."""
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        with suppress(*GONE):
            for task in os.listdir(f"/proc/{each}/task"):
                waiting += map(int, Path(f"/proc/{each}/task/{task}/children").read_text().split())
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these families so far; children that ended count through their parent."""
    total = 0
    for pid in pids:
        for each in family(pid):
            with suppress(*GONE):
                fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, fields[11:15]))
    return total / TICK


def memory_mb(pids: Iterable[int]) -> float:
    """Memory of these processes that no file backs and nobody shares (RssAnon), in MiB.

    Pages of a database file that SQLite has mapped are the kernel's to take back, so they are not counted.
    """
    total = 0
    for pid in pids:
        for each in family(pid):
            with suppress(*GONE):
                lines = Path(f"/proc/{each}/status").read_text().splitlines()
                total += next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)
    return total / 1024


@dataclass(frozen=True, slots=True)
class Machine:
    """Seconds of all cores together since the start."""

    whole: float
    idle: float
    stolen: float

    @classmethod
    def now(cls) -> Machine:
        """This moment."""
        with open("/proc/stat") as file:
            ticks = [int(each) / TICK for each in file.readline().split()[1:9]]
        return cls(sum(ticks), ticks[3] + ticks[4], ticks[7])


def pin(pid: int, core: int | None) -> None:
    """Keep a family on one core, or let it go where it likes."""
    cores = range(os.cpu_count() or 1) if core is None else (core,)
    for each in family(pid):
        with suppress(*GONE, PermissionError):
            for task in os.listdir(f"/proc/{each}/task"):
                os.sched_setaffinity(int(task), cores)


def end(process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    """Ask a process of ours to stop, and those it started; then insist."""
    with suppress(*GONE):
        members = family(process.pid)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for each in reversed(members):
                with suppress(*GONE):
                    os.kill(each, sign)
            try:
                process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                continue

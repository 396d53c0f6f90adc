"""How much processor time each test file takes, whatever else the machine does: `make test T=--cpu-seconds`.

Counted are the process that runs the tests and all that descend from it: gateways, commands, PostgreSQL. A process that
outlives a test, such as a server of several tests, is counted at the test during which it worked.
"""

from __future__ import annotations

import ctypes
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): what a child leaves behind when it ends, as a daemon does, becomes a child of this process."""


class CpuSeconds:
    """Measures in each process that runs tests, and adds up in the one that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._reports = not hasattr(config, "workerinput")
        self._last = 0.0
        self._files: Counter[str] = Counter()
        self._tests: Counter[str] = Counter()
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> object:
        """A test has ended: what was used since the one before is its own."""
        report: pytest.TestReport = yield
        if call.when == "teardown":
            used = max(_of_tree(os.getpid()), self._last)
            report.cpu_seconds = used - self._last  # type: ignore[attr-defined]
            self._last = used
        return report

    def pytest_collection_finish(self) -> None:
        """Importing and collecting belong to no test."""
        self._last = _of_tree(os.getpid())
        self._files["(importing and collecting)"] += self._last

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """What a process has used that belongs to no test goes to the one that reports."""
        if not self._reports:
            session.config.workeroutput["cpu_seconds"] = dict(self._files)  # type: ignore[attr-defined]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """One of several processes has ended."""
        self._files.update(getattr(node, "workeroutput", {}).get("cpu_seconds", {}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a test to its file."""
        if self._reports and hasattr(report, "cpu_seconds"):
            self._files[report.nodeid.partition("::")[0]] += report.cpu_seconds
            self._tests[report.nodeid] += report.cpu_seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The dearest first."""
        terminalreporter.section(f"{sum(self._files.values()):.0f} CPU seconds")
        for heading, found, most in (("files", self._files, 40), ("tests", self._tests, 40)):
            terminalreporter.write_line(f"{heading}:")
            for name, seconds in found.most_common(most):
                terminalreporter.write_line(f"{seconds:8.1f}  {name}")


def _of_tree(root: int) -> float:
    """CPU seconds of a process, its living descendants, and those that were waited for."""
    ticks, seen, waiting = 0, set[int](), [root]
    while waiting:
        process = waiting.pop()
        if process in seen:  # proc(5): while processes come and go, the lists of children are not exact.
            continue
        seen.add(process)
        with suppress(FileNotFoundError, ProcessLookupError):
            at = Path(f"/proc/{process}")
            # What follows the name in brackets begins with field 3; utime, stime, cutime and cstime are 14 to 17.
            fields = (at / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
            for thread in (at / "task").iterdir():
                waiting.extend(map(int, (thread / "children").read_text(encoding="ascii").split()))
    return ticks / TICKS

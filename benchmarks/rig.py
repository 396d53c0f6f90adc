"""What every section of the measurement is given: the stores, the servers to compare with, and where to tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.contestants import Contestant, Running, running
from benchmarks.effort import Effort
from benchmarks.postgres import Postgres
from benchmarks.processes import pin
from benchmarks.questions import REQUESTS
from benchmarks.rivals import Rivals
from benchmarks.rounds import Tell, last_core
from benchmarks.stage import Stage
from benchmarks.workspace import Workspace, bare_environment

WARM = {"W1": REQUESTS, "W2": 1_000, "W3": 200, "W4": REQUESTS, "W5": REQUESTS}
"""Different requests, so many that a second of warm-up has seen nearly all of them."""
COLD = {"T1": 30_000, "W2": 5_000, "W3": 2_000}
"""So many that a large store's keys are rarely in memory."""


@dataclass
class Rig:
    """The same for all sections of one run."""

    work: Workspace
    effort: Effort
    postgres: Postgres | None
    rivals: Rivals | None
    tell: Tell
    stages: dict[int, Stage] = field(default_factory=dict)

    def stage(self, size: int | None = None) -> Stage:
        """The stores of a size, made if need be."""
        size = self.effort.size if size is None else size
        if size not in self.stages:
            self.stages[size] = Stage(self.work, size, self.postgres, self.tell)
        return self.stages[size]

    @contextmanager
    def up(self, contestants: Sequence[Contestant], pinned: bool = True) -> Iterator[list[Running]]:
        """The contestants while they run: on core 0 with databases and load on the last one, or all where they like."""
        databases = [pid for each in contestants for pid in each.database_pids]
        for pid in databases:
            pin(pid, last_core() if pinned else None)
        try:
            with running(contestants, self.work, bare_environment(), 0 if pinned else None) as servers:
                yield servers
        finally:
            for pid in databases:
                pin(pid, None)

"""One pass of mutmut in this process, whose folder is a part's copy of the checkout.

What every mutant's tests would do again is done once: the SQLite databases that they copy are made by one process, and
a PostgreSQL is started only by a test that uses it, which a part with `-k "not postgresql"` has none of.
"""

from __future__ import annotations

import fnmatch
import gc
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

SEED = 17
"""Of the random choice that `--sample` makes: the same one for everybody."""

MEMORY = Path("/dev/shm")  # noqa: S108  (where tests/conftest.py has its databases, too)
MAKE_STORE = """
import asyncio, pathlib, sys
from store.database.config import StoreConfig
from store.database.migrate import upgrade
asyncio.run(upgrade(StoreConfig.local(pathlib.Path(sys.argv[1]))))
"""


def within(only: list[str], sample: int) -> None:
    """Try the mutants of these modules (patterns of paths; none: all), of each only `sample`, if that is not 0."""
    from mutmut import __main__ as mutmut
    from mutmut.mutation import file_mutation
    from mutmut.runners.harness import PytestRunner
    from mutmut.workers import isolation

    # The members of our own enums are rows of `policy.rows`: they are made while their class is, before any trampoline.
    file_mutation.ENUM_BASE_NAMES.add("Row")
    # Without a mutant the tests have just passed, or did when what is known was found out: mutmut would run them again.
    isolation.ForkServerRunner.run_clean_tests = lambda *_, **__: 0
    if hasattr(os, "pidfd_open"):
        isolation.register_timeout = end_in_time
    isolation.ForkServerRunner.submit = quickest_first(isolation.ForkServerRunner.submit)
    mutmut.collect_source_file_mutation_data = choosing(mutmut.collect_source_file_mutation_data, only, sample)
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        PytestRunner.warm_up = warmer(PytestRunner.warm_up, Path(folder))
        mutmut._run((), 1)


def choosing(collect: Callable[..., Any], only: list[str], sample: int) -> Callable[..., Any]:
    """mutmut's list of mutants without those that were not asked for or that the sample leaves out."""

    def chosen(**given: Any) -> Any:
        mutants, by_path = collect(**given)
        names = set()
        for path, data in sorted(by_path.items()):
            if only and not any(fnmatch.fnmatch(path, each) for each in only):
                continue
            of_module = sorted(data.exit_code_by_key)
            few = bool(sample) and sample < len(of_module)
            names |= set(random.Random(SEED).sample(of_module, sample) if few else of_module)  # noqa: S311
        return [each for each in mutants if each[1] in names], by_path

    return chosen


def quickest_first(submit: Callable[..., None]) -> Callable[..., None]:
    """mutmut's hand-over of a mutant to its process, with the tests in the order of how long they took."""
    from mutmut.state import state

    def submitted(runner: Any, name: str, tests: list[str], *limits: Any, **more: Any) -> None:
        took = state().duration_by_test
        submit(runner, name, sorted(tests, key=lambda test: (took.get(test, 0.0), test)), *limits, **more)

    return submitted


def end_in_time(pid: int, seconds: float) -> None:
    """End a child that takes too long, and no other process.

    mutmut's own keeps the number for as long as the child might have taken, and signals whoever has it by then.
    """
    child = os.pidfd_open(pid)

    def watch() -> None:
        if not select.select([child], [], [], seconds)[0]:
            signal.pidfd_send_signal(child, signal.SIGXCPU)
        os.close(child)

    Thread(target=watch, daemon=True).start()


def warmer(warm_up: Callable[[Any], None], folder: Path) -> Callable[[Any], None]:
    """mutmut's preparation of the process that others are forked from, with a store for all of them to copy."""

    def warmed(runner: Any) -> None:
        warm_up(runner)
        if (stores := sys.modules.get("tests.stores")) is not None:
            share_a_store(stores)
        # pytest collects garbage ten times as it ends, which took two thirds of a mutant's time.
        gc.freeze()

    def share_a_store(stores: Any) -> None:
        from store.database.config import StoreConfig

        subprocess.run([sys.executable, "-c", MAKE_STORE, str(folder)], cwd="mutants", check=True)  # noqa: S603
        make, start = stores.Databases._template, stores.PostgresServer

        async def template(databases: Any, kind: str) -> Any:
            return StoreConfig.local(folder) if kind == "sqlite" else await make(databases, kind)

        stores.Databases._template = template
        stores.PostgresServer = lambda: WhenUsed(start)

    return warmed


class WhenUsed:
    """A PostgreSQL that is started by the first use of it."""

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start, self._started = start, None

    def __getattr__(self, name: str) -> Any:
        """What the server has."""
        if self._started is None:
            self._started = self._start()
        return getattr(self._started, name)

    def remove(self) -> None:
        """End it if it was started."""
        if self._started is not None:
            self._started.remove()

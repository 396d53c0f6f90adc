"""One clock on the wall for many processes, which a test turns: `python -m tests.journeys.shared_clock FILE MODULE …`.

It runs a module of which nothing is changed (such as `gateway`, or a mail server) and keeps `time` and `datetime` of
its process as far ahead of real time as the file says, also when that changes while it runs. What waits goes by the
monotonic clock, which nobody turns; a database's server has its own time, by which the product decides nothing.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

LOOK = 0.02
"""Real seconds between two looks at the clock."""


class Clock:
    """The clock, as the test holds it."""

    def __init__(self, file: Path) -> None:
        self.file, self.ahead = file, 0.0
        self._write()

    def __call__(self) -> datetime:
        """What time it is for everybody."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def turn(self, **time_: float) -> datetime:
        """Turn it ahead, and wait until everybody has seen it."""
        self.ahead += timedelta(**time_).total_seconds()
        self._write()
        time.sleep(5 * LOOK)
        return self()

    def _write(self) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(self.ahead))
        os.replace(new, self.file)

    def running(self, module: str, *arguments: str) -> list[str]:
        """The arguments of a Python that runs a module by this clock."""
        return ["-m", __name__, str(self.file), module, *arguments]


def follow(file: Path) -> None:
    """Have this process go by the clock from now on."""
    sys.modules["pytest"] = None  # type: ignore[assignment]  # It would be imported, for its plugin alone.
    import time_machine

    del sys.modules["pytest"]
    seen = float(file.read_text())
    traveller = time_machine.travel(timedelta(seconds=seen)).start()
    time.time()

    def look() -> None:
        nonlocal seen
        while True:
            time.sleep(LOOK)
            ahead = float(file.read_text())
            if ahead != seen:
                traveller.shift(ahead - seen)
                seen = ahead

    threading.Thread(target=look, daemon=True).start()


if __name__ == "__main__":
    _, clock, name, *arguments = sys.argv
    follow(Path(clock))
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)

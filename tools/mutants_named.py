"""Hand-written mutants of promises that once had no test: each names the tests that must kill it.

They reach what mutmut cannot change (code that runs at import, properties, several lines at once), and report which
test noticed. `tests/mutants.toml` has them under `[[named]]`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Named:
    """A change of one file, and the tests of the promise that it breaks."""

    promise: str
    file: str
    before: str
    after: str
    tests: list[str]

    @classmethod
    def of(cls, row: dict[str, Any]) -> Named:
        """Read it from a row of `tests/mutants.toml`."""
        return cls(row["promise"], row["file"], row["before"], row["after"], row["tests"])


def try_named(folder: Path, rows: list[dict[str, Any]]) -> bool:
    """Try each in a copy of the checkout, and print which test killed it; True if all died."""
    done = [_tried(folder, Named.of(row)) for row in rows]
    return all(done)


def _tried(folder: Path, mutant: Named) -> bool:
    target = folder / mutant.file
    sound = target.read_text(encoding="utf-8")
    if sound.count(mutant.before) != 1:
        sys.exit(f"{mutant.file} has {mutant.before!r} {sound.count(mutant.before)} times: renew tests/mutants.toml")
    target.write_text(sound.replace(mutant.before, mutant.after), encoding="utf-8")
    try:
        failed = _first_red(folder, mutant.tests)
    finally:
        target.write_text(sound, encoding="utf-8")
    print(f"{'killed' if failed else 'LIVED '} {mutant.promise}\n       {failed or ' '.join(mutant.tests)}", flush=True)
    return failed is not None


def _first_red(folder: Path, tests: list[str]) -> str | None:
    """The first failing test, on SQLite; None if all pass. Any other error of pytest ends the program."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", "not postgresql", *tests]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    red = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)
    if done.returncode == 1 and red:
        return red[1]
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\npytest ended with {done.returncode}")
    return None

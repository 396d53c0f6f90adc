"""A copy of this checkout, in which what docs/architecture.md tells developers to do is done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
LEFT_OUT = {"build", "benchmarks"}
FOREIGN = ("GATEWAY_", "PYTEST_", "GIT_")
"""What the environment says of this run, and not of the copy's."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """One part of docs/architecture.md: its diffs, by the file that each changes, and its commands."""

    diffs: dict[str, str]
    commands: tuple[str, ...]

    @classmethod
    def read(cls, heading: str) -> Instructions:
        """The part under a heading; ValueError when there is none."""
        text = (HERE / "docs" / "architecture.md").read_text(encoding="utf-8")
        _, part = text.split(f"\n## {heading}\n")
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", part.partition("\n## ")[0], re.M | re.S)
        diffs = [block for kind, block in blocks if kind == "diff"]
        found = {re.findall(r"^\+\+\+ b/(.+)$", diff, re.M)[0]: diff for diff in diffs}
        return cls(found, tuple(block for kind, block in blocks if kind == "sh"))

    def files(self) -> list[str]:
        """What is changed or made."""
        return list(self.diffs)


@dataclass(frozen=True, slots=True)
class Checkout:
    """The copy: packages, tests and docs, with this process's interpreter and libraries."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Checkout:
        """Copy everything but what tools leave behind. Compiled modules come along, which saves compiling them anew."""
        folder.mkdir()
        for each in HERE.iterdir():
            if each.name.startswith(".") or each.name in LEFT_OUT or each.name.endswith(".egg-info"):
                continue
            if each.is_dir():
                shutil.copytree(each, folder / each.name)
            else:
                shutil.copy2(each, folder / each.name)
        return cls(folder)

    def apply(self, diff: str) -> None:
        """As `git apply` does: each line of context must be there as it is written."""
        done = self._run(["git", "apply", "--verbose", "-"], input_=diff)
        assert done.returncode == 0, done.stderr

    def replace(self, file: str, before: str, after: str) -> None:
        """Write one text in the place of another one, which must be there once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, (file, before)
        path.write_text(text.replace(before, after), encoding="utf-8")

    def shell(self, commands: str) -> str:
        """Run commands as they are written; what they print."""
        done = self._run(["bash", "-e", "-c", commands])
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """Run the interpreter on a module of the copy; what it prints."""
        done = self._run([sys.executable, *arguments], **variables)
        assert done.returncode == code, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def suite(self, *arguments: str, **variables: str) -> None:
        """Run tests of the copy, those of its own among them."""
        self.python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments, **variables)

    def _run(self, command: list[str], input_: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        kept |= {"PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', '')}", "PYTHONPATH": str(self.folder)}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.run(
            command,
            cwd=self.folder,
            env=kept | variables,
            input=input_,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )

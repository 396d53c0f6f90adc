"""Programs of Debian's and npm's that trials need: `@needs("chromium")` marks a test, `program("chromium")` finds it.

`make test` leaves marked tests out, so that CPython and make are all it needs. `make trials` runs them, and skips what
needs a program that is missing; `.ci/run` installs them all and fails when anything is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Program:
    """A program under any of its names, and the Debian packages that bring it."""

    names: tuple[str, ...]
    packages: tuple[str, ...]

    def find(self) -> str | None:
        """Where it is; Debian keeps servers out of an ordinary user's path."""
        path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
        return next((found for name in self.names if (found := shutil.which(name, path=path))), None)


PROGRAMS = {
    "chromium": Program(("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"), ("chromium",)),
    "npm": Program(("npm",), ("nodejs", "npm")),
    "node": Program(("node",), ("nodejs",)),
    "oathtool": Program(("oathtool",), ("oathtool",)),
    "openssl": Program(("openssl",), ("openssl",)),
    "ssh-keygen": Program(("ssh-keygen",), ("openssh-client",)),
    "exim": Program(("exim4", "exim"), ("exim4-daemon-light",)),
    "dovecot": Program(("dovecot",), ("dovecot-imapd",)),
    "systemd-analyze": Program(("systemd-analyze",), ("systemd",)),
    "nginx": Program(("nginx",), ("nginx-light",)),
    "haproxy": Program(("haproxy",), ("haproxy",)),
    "promtool": Program(("promtool",), ("prometheus",)),
    "docker-compose": Program(("docker-compose",), ("docker-compose",)),
    "kubectl": Program(("kubectl",), ("kubernetes-client",)),
    "pdftotext": Program(("pdftotext",), ("poppler-utils",)),
    "pgbouncer": Program(("pgbouncer",), ("pgbouncer",)),
    "sqlite3": Program(("sqlite3",), ("sqlite3",)),
}
"""What trials may need."""

running_trials = False
"""Whether this run may look for programs; `tests/conftest.py` sets it."""


def needs(*names: str) -> pytest.MarkDecorator:
    """Mark a test or file (`pytestmark`) as a trial that needs these programs; none: packages of PyPI of its own."""
    assert PROGRAMS.keys() >= set(names)
    return pytest.mark.needs(*names)


def program(name: str) -> str:
    """Where a program is; the test is skipped, with the package to install, where it is missing."""
    assert running_trials, f"what uses {name} is a trial: mark it with tests.programs.needs({name!r})"
    found = PROGRAMS[name].find()
    if found is None:
        pytest.skip(f"{name} is missing: apt-get install {' '.join(PROGRAMS[name].packages)}")
    return found


def missing_packages() -> list[str]:
    """The Debian packages of all programs that are not on this machine."""
    return sorted({package for each in PROGRAMS.values() if each.find() is None for package in each.packages})


def install_npm(folder: Path) -> None:
    """Install what a folder's lock file names, running no script of a package."""
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"npm ci failed: {done.stderr}"


if __name__ == "__main__":
    print(" ".join(missing_packages()))

"""Makes the local environment `.venv` from a lock file, and makes it again when the clone moved or the lock changed.

Standard library only, because it runs before anything is installed. Any Python 3 may start it; it looks for 3.11 or
newer itself. `.venv/.made-for` notes what the environment was made for: when that still holds, nothing is done.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NOTE = VENV / ".made-for"
OLDEST = (3, 11)
LOCKS = {
    "runtime": ["runtime.txt"],
    "dev": ["runtime.txt", "mcp.txt", "traces.txt", "dev.txt"],
    "mutants": ["runtime.txt", "mcp.txt", "traces.txt", "dev.txt", "mutants.txt"],
}
"""The lock files of each level of the environment; each contains the levels before it."""


def main() -> None:
    """Bring `.venv` to the state that `runtime` (to serve), `dev` (to test) or `mutants` (to test tests) asks for."""
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.exit(f"usage: python3 tools/environment.py {'|'.join(LOCKS)}")
    use_new_enough_python()
    level = sys.argv[1]
    with one_at_a_time():
        wanted, noted = contents(level), read_note()
        if noted.get("place") != str(ROOT) or noted.get("python") is None or noted["python"] != version():
            create()
            noted = {}
        if wanted not in noted.get("contents", []):
            install(level)
            # A runtime environment is part of a development one, so `make run` after `make test` has nothing to do.
            within = [contents(each) for each in list(LOCKS)[: list(LOCKS).index(level) + 1]]
            note = {"place": str(ROOT), "python": version(), "contents": within}
            NOTE.write_text(json.dumps(note), encoding="utf-8")


def use_new_enough_python() -> None:
    """Carry on under the first Python on the path that is new enough, or stop and say what to install."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606 - the same script, under a newer Python
    sys.exit(
        f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}.\n"
        "Install one, or name it: make PYTHON=/path/to/python3.12"
    )


@contextlib.contextmanager
def one_at_a_time():
    """Hold a lock, so that a second `make` waits for the first: both share one environment."""
    import fcntl  # not on Windows, where this script is not used

    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def contents(level: str) -> str:
    """A hash of the contents of a level: its lock files, and the packages of the project."""
    files = [ROOT / "requirements" / name for name in LOCKS[level]] + [ROOT / "pyproject.toml"]
    packages = sorted(package.parent.name for package in ROOT.glob("*/__init__.py"))
    described = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] + packages
    return hashlib.sha256(" ".join(described).encode()).hexdigest()


def read_note() -> dict:
    """The note of the existing environment; empty if there is none."""
    try:
        return json.loads(NOTE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def version() -> "str | None":
    """The version of the environment's interpreter; None if it is missing, or its base Python is gone."""
    ask = [str(PYTHON), "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    try:
        return subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None


def create() -> None:
    """Make an empty environment, with pip inside where this Python can, else with the pip outside."""
    print(f"Making {VENV.name} with Python {sys.version.split()[0]} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    for options in ([], ["--without-pip"]):
        command = [sys.executable, "-m", "venv", *options, str(VENV)]
        made = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        if made.returncode == 0:
            return
    sys.exit(
        f"{made.stdout}{made.stderr}\n"
        "Python could not make an environment. On Debian and Ubuntu: apt install python3-venv"
    )


def install(level: str) -> None:
    """Install the locked packages, each checked against its hash, then the project itself as an editable package."""
    print("Installing locked packages ...", flush=True)
    locked = ["--require-hashes"]
    for name in LOCKS[level]:
        locked += ["-r", str(ROOT / "requirements" / name)]
    itself = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    for arguments in (locked, itself):
        if not (with_uv(arguments) or with_pip(arguments)):
            sys.exit(
                "Installing failed; the lines above say why. Nothing else was changed: run the same command again."
            )


def with_uv(arguments: list) -> bool:
    """Try uv, which is fast but knows none of pip's settings; where it is missing or fails, pip does the work."""
    uv = shutil.which("uv")
    if uv is None:
        return False
    command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), *arguments]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603


def with_pip(arguments: list) -> bool:
    """Install with the environment's own pip, or with the pip of the Python outside when it has none."""
    inside = [str(PYTHON), "-m", "pip"]
    has_pip = subprocess.run([*inside, "--version"], check=False, capture_output=True).returncode == 0  # noqa: S603
    pip = inside if has_pip else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    quiet = ["install", "-qq", "--disable-pip-version-check", "--no-input"]
    return subprocess.run([*pip, *quiet, *arguments], check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    main()

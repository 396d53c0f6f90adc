"""What holds the house together: imports that run down, locks without hosts, an environment made when it must be."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("runtime.txt", "mcp.txt", "traces.txt", "dev.txt", "mutants.txt")


def run(*command: str | Path, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_imports_run_down() -> None:
    """The floors of the house, as pyproject.toml has them."""
    done = run(sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: " in done.stdout
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_hashes_and_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host|@ |file:|^-", text, re.M)
    for requirement in re.split(r"\n(?=[a-z])", text.strip()):
        first, *hashes = requirement.replace("\\\n", "\n").splitlines()
        assert re.match(r"[a-z0-9-]+(\[[a-z]+\])?==[^ ]+", first), first
        assert hashes, first
        assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}\s*", line) for line in hashes)


def test_locks_hold_what_the_project_asks_for_and_share_no_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = {
        name: set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / name).read_text(), re.M)) for name in LOCKS
    }
    for one, other in combinations(LOCKS, 2):
        # Extras are installed one without the other; the lock gives both the same version of what they share.
        assert not locked[one] & locked[other] or {one, other} == {"mcp.txt", "traces.txt"}
    groups = project["dependency-groups"]
    wanted = {
        "runtime.txt": project["project"]["dependencies"] + groups["build"],
        "mcp.txt": project["project"]["optional-dependencies"]["mcp"],
        "traces.txt": project["project"]["optional-dependencies"]["traces"],
        "dev.txt": groups["dev"],
        "mutants.txt": groups["mutants"],
    }
    for name, requirements in wanted.items():
        asked = {re.split(r"[^a-z0-9-]", requirement.lower())[0] for requirement in requirements}
        assert asked <= locked[name] | locked["runtime.txt"] | locked["mcp.txt"]


def test_locks_serve_several_platforms() -> None:
    """A package with compiled parts has a file for each platform, and each file its hash."""
    text = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    for package in ("cryptography", "orjson", "asyncpg", "uvloop"):
        (entry,) = re.findall(rf"^{package}==(?:.*\\\n)+.*$", text, re.M)
        assert entry.count("--hash") > 20, package


def test_every_package_is_in_the_distribution() -> None:
    """Generic names such as `schema` are listed, never discovered; nobody else's package comes along."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = {name for name in project["tool"]["setuptools"]["packages"]["find"]["include"] if "." not in name}
    floors = {"gateway", "schema", "resolvers", "workers", "audits", "store", "values", "messages", "policy"}
    assert listed == floors
    assert {folder.parent.name for folder in ROOT.glob("*/__init__.py")} - {"benchmarks", "tests"} <= floors


def test_make_help_lists_every_target() -> None:
    help_ = run("make", "help")
    assert help_.returncode == 0
    for target in ("run", "test", "check", "lint", "bench", "help"):
        assert f"make {target} " in help_.stdout
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that needs no package, so that its environment is made in a second."""
    home = tmp_path / "first place"
    (home / "requirements").mkdir(parents=True)
    shutil.copytree(ROOT / "tools", home / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*(f"requirements/{lock}" for lock in LOCKS), "pyproject.toml"):
        (home / name).write_text("")
    return home


def made(home: Path, level: str = "runtime") -> list[str]:
    """What `make` does for the environment of a clone: "create", "install", both or nothing."""
    spec = importlib.util.spec_from_file_location("environment", home / "tools" / "environment.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    done: list[str] = []

    def create() -> None:
        done.append("create")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", home / ".venv"], check=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "install", lambda _: done.append("install"))
        patch.setattr(script, "create", create)
        patch.setattr(sys, "argv", ["environment.py", level])
        script.main()
    return done


def test_the_environment_is_made_once_and_again_when_the_clone_moved(clone: Path) -> None:
    assert made(clone) == ["create", "install"]
    assert made(clone) == []
    (clone / "requirements" / "dev.txt").write_text("# changed")
    assert made(clone) == []
    assert made(clone, "dev") == ["install"]
    assert made(clone) == [], "a development environment serves too"
    assert made(clone, "dev") == []
    assert made(clone, "mutants") == ["install"]
    assert made(clone, "dev") == made(clone) == [], "one for mutants tests and serves too"
    (clone / "requirements" / "runtime.txt").write_text("# changed")
    assert made(clone) == ["install"]
    moved = clone.rename(clone.with_name("second place"))
    assert made(moved) == ["create", "install"]
    shutil.rmtree(moved / ".venv" / "bin")
    assert made(moved) == ["create", "install"]
    assert made(moved) == []


def test_an_interrupted_installation_is_done_again(clone: Path) -> None:
    assert made(clone) == ["create", "install"]
    (clone / ".venv" / ".made-for").unlink()
    assert made(clone) == ["create", "install"]

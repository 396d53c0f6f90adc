"""Mutation testing: changes the product in one small place at a time (a mutant), and checks that a test fails.

`tests/mutants.toml` says which modules are mutated and which tests must notice. mutmut does the work in a copy of the
checkout below `build/mutants/`, one folder for each part; what was found stays there, so a pass that was stopped goes
on where it stopped, and one after a change of the product tries again only the functions that changed. After a change
of the tests the mutants that had lived are tried again.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutants_named
import mutants_within

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "tests" / "mutants.toml"
FOLDER = ROOT / "build" / "mutants"
PACKAGES = ("gateway", "schema", "resolvers", "workers", "audits", "store", "values", "messages", "policy")
LIVED, UNTRIED_BY_TESTS, TIMEOUTS, ENDED = 0, 33, (-24, 24, 36, 152, 255), (-9, -15)
"""Exit codes as mutmut keeps them: the tests passed; no test calls the function; the tests took too long;
somebody ended them, so nothing is known."""


@dataclass(frozen=True)
class Part:
    """Modules, as patterns of paths, and the tests that must kill their mutants."""

    name: str
    modules: list[str]
    tests: list[str]
    arguments: list[str]

    @property
    def folder(self) -> Path:
        """The folder with the part's copy of the checkout."""
        return FOLDER / self.name


@dataclass(frozen=True)
class Mutant:
    """One mutant and its result."""

    name: str
    path: str
    exit_code: int | None

    @property
    def fate(self) -> str:
        """The result in a word; a mutant that no test calls has lived."""
        if self.exit_code is None or self.exit_code in ENDED:
            return "untried"
        if self.exit_code in (LIVED, UNTRIED_BY_TESTS):
            return "lived"
        return "timeout" if self.exit_code in TIMEOUTS else "killed"


def main() -> None:
    """Try the mutants of the requested parts or modules, and report."""
    asked = arguments()
    if asked.within:
        mutants_within.within(asked.only, asked.sample)
        return
    table = tomllib.loads(PARTS.read_text(encoding="utf-8"))
    parts = [Part(name, row["modules"], row["tests"], row.get("arguments", [])) for name, row in table["parts"].items()]
    if not asked.report and (not asked.modules or "named" in asked.modules):
        named(table["named"])
    chosen = [(part, only) for part in parts if (only := wanted(part, asked.modules)) is not None]
    if not chosen and asked.modules != ["named"]:
        sys.exit(f"no part and no module of that name; parts are: named, {', '.join(part.name for part in parts)}")
    for part, only in chosen:
        if not asked.report:
            prepare(part, asked.patience)
            try_out(part, only, asked.sample)
    if chosen:
        report(chosen, {row["diff"].strip(): row["because"] for row in table.get("equivalent", [])})


def named(rows: list[dict[str, Any]]) -> None:
    """Try the hand-written mutants; exit with an error if one lives."""
    copy = Part("named", [], [], [])
    prepare(copy)
    if not mutants_named.try_named(copy.folder, rows):
        sys.exit("a promise has no test")


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="parts of tests/mutants.toml or modules; none: everything")
    parser.add_argument("--sample", type=int, default=0, help="of each module only so many, chosen by a fixed seed")
    parser.add_argument(
        "--patience", type=int, default=1,
        help="how many times as long as usual a mutant may take; what took too long before is tried again",
    )  # fmt: skip
    parser.add_argument("--report", action="store_true", help="try nothing, report what is known")
    parser.add_argument("--within", help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="*", default=[], help=argparse.SUPPRESS)
    return parser.parse_args()


def wanted(part: Part, asked: list[str]) -> list[str] | None:
    """The requested modules of the part; empty: all; None: none."""
    if not asked or part.name in asked:
        return []
    return [each for each in asked if any(fnmatch.fnmatch(each, module) for module in part.modules)] or None


def prepare(part: Part, patience: int = 1) -> None:
    """Bring the part's copy of the checkout up to date; untouched files keep their time, so nothing is done twice."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],  # noqa: S607
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    # Python remembers of a folder on its path that was missing at the start that nothing is to be found there.
    (part.folder / "mutants").mkdir(parents=True, exist_ok=True)
    files = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in files - {"pyproject.toml"}:
        write(part.folder / name, (ROOT / name).read_bytes())
    write(part.folder / "pyproject.toml", settings(part, patience).encode())
    for folder in (part.folder, part.folder / "mutants"):
        for gone in [found for found in sources(folder) if str(found.relative_to(folder)) not in files]:
            gone.unlink()
    forget_the_living_when_tests_changed(part, files)


def write(target: Path, content: bytes) -> None:
    """Write a file, unless it has this content already."""
    if not target.exists() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def sources(folder: Path) -> Iterator[Path]:
    """The Python files of the product and its tests in a copy."""
    for package in (*PACKAGES, "tests"):
        yield from (folder / package).rglob("*.py")


def settings(part: Part, patience: int) -> str:
    """The project's own settings, and mutmut's; JSON's strings and lists are TOML's as well."""
    own = {
        "source_paths": list(PACKAGES),
        "only_mutate": part.modules,
        "also_copy": ["docs", "tools", "requirements", "README.md", "Makefile", "Dockerfile", "action.yml", ".ci"],
        "pytest_add_cli_args_test_selection": part.tests,
        "pytest_add_cli_args": ["-p", "no:cacheprovider", *part.arguments],
        "use_git_change_detection": False,
        "on_dependency_change": "ignore",
        # Workers come from a process that has run no test: no loop, no pool and no server is inherited.
        "process_isolation": "forkserver",
        "timeout_multiplier": 8.0 * patience,
        "timeout_constant": 5.0,
    }
    lines = (f"{key} = {json.dumps(value)}" for key, value in own.items())
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8") + "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"


def forget_the_living_when_tests_changed(part: Part, files: set[str]) -> None:
    """Forget mutants that had lived if tests changed; killed ones stay killed until their function changes."""
    digest = hashlib.sha256()
    for name in sorted(name for name in files if concerns(part, name)):
        digest.update(name.encode() + (ROOT / name).read_bytes())
    note = part.folder / "tests.sha256"
    if note.exists() and note.read_text() == digest.hexdigest():
        return
    (part.folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for meta in (part.folder / "mutants").rglob("*.py.meta"):
        kept = json.loads(meta.read_text())
        kept["exit_code_by_key"] = {
            name: None if code in (LIVED, UNTRIED_BY_TESTS, *TIMEOUTS, *ENDED) else code
            for name, code in kept["exit_code_by_key"].items()
        }
        meta.write_text(json.dumps(kept, indent=4))
    note.write_text(digest.hexdigest())


def concerns(part: Part, name: str) -> bool:
    """True if a file belongs to the part's tests, or is shared by all tests."""
    path = Path(name)
    shared = (path.parent == Path("tests") and path.suffix == ".py") or path.name == "conftest.py"
    return name.startswith("tests/") and (shared or any(path.is_relative_to(each) for each in part.tests))


def try_out(part: Part, only: list[str], sample: int) -> None:
    """Run mutmut in the part's folder; it writes each result at once."""
    command = [sys.executable, str(ROOT / "tools" / "mutants.py"), "--within", part.name, "--sample", str(sample)]
    # Processes that tests start must find the copy, not the checkout.
    environment = os.environ | {"PYTHONPATH": str(part.folder / "mutants")}
    done = subprocess.run([*command, "--only", *only], cwd=part.folder, env=environment, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{part.name}: mutmut ended with {done.returncode}; the lines above say why")


def found(part: Part, only: list[str]) -> Iterator[Mutant]:
    """The known results of the part's mutants."""
    copy = part.folder / "mutants"
    for meta in sorted(copy.rglob("*.py.meta")):
        path = str(meta.relative_to(copy)).removesuffix(".meta")
        if any(fnmatch.fnmatch(path, each) for each in only or part.modules):
            for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
                yield Mutant(name, path, code)


def report(chosen: list[tuple[Part, list[str]]], equivalent: dict[str, str]) -> None:
    """Print living mutants as diffs, and a line for each module; exit code 1 if one lived without a reason."""
    fates: dict[str, Counter[str]] = {}
    for part, only in chosen:
        for mutant in found(part, only):
            fate = mutant.fate
            if fate == "lived":
                diff = difference(part, mutant)
                fate = "equivalent" if diff in equivalent else "lived"
                if fate == "lived":
                    print(f"\n{mutant.name}{' (no test calls it)' if mutant.exit_code else ''}\n{diff}")
            fates.setdefault(mutant.path, Counter())[fate] += 1
    columns = ("killed", "timeout", "lived", "equivalent", "untried")
    print(f"\n{'module':36}" + "".join(f"{each:>11}" for each in (*columns, "score")))
    for path, counted in [*sorted(fates.items()), ("together", sum(fates.values(), Counter()))]:
        print(f"{path:36}" + "".join(f"{counted[each]:11}" for each in columns) + f"{score(counted):>11}")
    if any(counted["lived"] for counted in fates.values()):
        sys.exit(1)


def score(counted: Counter[str]) -> str:
    """The percentage of tried, non-equivalent mutants that a test noticed."""
    noticed = counted["killed"] + counted["timeout"]
    tried = noticed + counted["lived"]
    return f"{100 * noticed / tried:.1f} %" if tried else "-"


def difference(part: Part, mutant: Mutant) -> str:
    """The removed and added lines of a mutant, with its function instead of line numbers, which move."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    here = Path.cwd()
    os.chdir(part.folder)
    try:
        diff = get_diff_for_mutant(mutant.name, path=mutant.path)
    finally:
        os.chdir(here)
    changed = [line.rstrip() for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return "\n".join([f"{mutant.path} {function(mutant)}", *changed])


def function(mutant: Mutant) -> str:
    """`Class.method` or `function`, from the name that mutmut gives."""
    mangled = mutant.name.rpartition(".")[2].rpartition("__mutmut_")[0]
    return mangled.removeprefix("x_") if mangled.startswith("x_") else mangled.removeprefix("xǁ").replace("ǁ", ".")


if __name__ == "__main__":
    if not shutil.which("git"):
        sys.exit("git is needed: it says which files belong to the checkout")
    main()

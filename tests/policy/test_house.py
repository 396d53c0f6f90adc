"""Floor 1 knows nothing of what stands on it: the standard library and itself, no clock and no chance."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import policy
from policy.purposes import Purpose

FILES = sorted(Path(policy.__path__[0]).glob("**/*.py"))
ELSEWHERE = {"asyncio", "io", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess", "time", "uuid"}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield (node.module or "").partition(".")[0]


def test_there_are_files_to_look_at() -> None:
    assert {"purposes.py", "decision.py", "dates.py"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports_the_standard_library_and_policy_only(path: Path) -> None:
    assert set(_imported(path)) <= sys.stdlib_module_names | {"policy"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_is_pure(path: Path) -> None:
    """Time and randomness are parameters, and nothing is read or written."""
    assert not set(_imported(path)) & ELSEWHERE
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}), path.name
        assert not (isinstance(node, ast.Name) and node.id in {"open", "print"}), path.name


def test_a_purpose_is_one_line() -> None:
    """A new purpose is one line in one file: each member of the catalogue stands on a line of its own."""
    source = next(path for path in FILES if path.name == "purposes.py").read_text(encoding="utf-8")
    catalogue = next(n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Purpose")
    rows = [node for node in catalogue.body if isinstance(node, ast.Assign)]
    assert len(rows) == len(Purpose)
    assert all(row.lineno == row.end_lineno for row in rows)

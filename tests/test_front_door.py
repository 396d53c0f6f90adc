"""The front door holds no business rules: `gateway/` asks the floors below, and says nothing to the database itself."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Column, Table

ROOT = Path(__file__).parent.parent
BELOW = ("schema", "resolvers", "workers", "audits", "store", "values", "policy")
PASSED_ON = {"Connection", "RowMapping"}
"""What `gateway/` may name of SQLAlchemy: a transaction that it passes on, and a row that it prints."""
OURS = {"starlette", "uvicorn", "click", "authlib"}
"""HTTP, the command line and OAuth's protocol: what `gateway/` is for, and nobody below knows."""


def imports(*folders: str) -> Iterator[tuple[str, str, str]]:
    """Every import in these folders: the file, the module that it names, and the name ('' for a whole module)."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((where, each.name, "") for each in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield from ((where, node.module, each.name) for each in node.names)


def of_the_door() -> list[tuple[str, str, str]]:
    """Those of `gateway/` but for the demo, which makes its company up row by row."""
    return [each for each in imports("gateway") if not each[0].startswith("gateway/demo/")]


def test_the_front_door_writes_no_statement() -> None:
    """Neither `select` nor `insert`, `update`, `delete` or `text`: only the names of what it passes on."""
    found = [
        (where, name or module)
        for where, module, name in of_the_door()
        if module.partition(".")[0] == "sqlalchemy" and name not in PASSED_ON
    ]
    assert found == []


def test_the_front_door_knows_no_table() -> None:
    """A constant of a table's file, such as its kinds, is a word; the table itself is for the floors below."""
    found = [
        (where, module, name)
        for where, module, name in of_the_door()
        if module.startswith("store.")
        and isinstance(getattr(importlib.import_module(module), name, None), (Table, Column))
    ]
    assert found == []


def test_nothing_below_knows_http_or_the_command_line() -> None:
    assert [each for each in imports(*BELOW) if each[1].partition(".")[0] in OURS] == []


def test_workers_are_handed_objects_and_no_closures() -> None:
    """A function inside a function, where workers are put together, is a rule that belongs below."""
    found = []
    for where in sorted({where for where, module, _ in imports("gateway/run") if module.startswith("workers.")}):
        for outer in ast.walk(ast.parse((ROOT / where).read_text(encoding="utf-8"))):
            if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = [each for each in ast.walk(outer) if each is not outer]
                nested = [each for each in inner if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
                found += [f"{where}: {outer.name}.{each.name}" for each in nested]
    assert found == []


def test_the_rooms_that_moved_below_are_gone() -> None:
    assert [
        each for each in ("registers", "requests", "oauth/registry") if [*(ROOT / "gateway" / each).glob("*.py")]
    ] == []

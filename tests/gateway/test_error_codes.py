"""Every code that an error can have is explained in docs/http.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from schema.core.errors import ErrorCode

ROOT = Path(__file__).resolve().parents[2]
FORM = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
RAISING = {"ProblemError", "malformed", "not_found", "gone", "forbidden", "unavailable"}


def documented() -> set[str]:
    """The codes in the table of the page."""
    errors = (ROOT / "docs" / "http.md").read_text(encoding="utf-8").partition("## Errors")[2]
    rows = [line.split(" | ")[0] for line in errors.splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([A-Z_]+)`", row)}


def answered() -> set[str]:
    """The codes of GraphQL errors, and those that the gateway's own problems are made with."""
    return {each.value for each in ErrorCode} | {
        argument.value
        for file in sorted((ROOT / "gateway").rglob("*.py"))
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and _name(call.func) in RAISING
        for argument in (*call.args, *(each.value for each in call.keywords))
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and FORM.fullmatch(argument.value)
    }


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_code_is_explained() -> None:
    assert len(answered()) > 50
    assert sorted(answered() - documented()) == []

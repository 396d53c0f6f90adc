"""Lists the log lines of level warning and above from the sources; run as a program, it writes the operator's list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("gateway", "workers", "resolvers", "schema", "audits", "store", "messages")
LEVELS = {"warning": "warning", "error": "error", "exception": "error", "critical": "critical"}

HEAD = """# Log lines

Each line of level warning and above, as the sources have it; `%s` and `%d` stand for a name or a number that is no
personal data. With `GATEWAY_LOG=json` it is `message`, and names such as `part` or `rows` are fields of their own;
`error` has the type and place of an exception, never its text.

| level | line | written by |
|---|---|---|
"""


def events() -> Iterator[tuple[str, str, str]]:
    """Yield level, text and module of each line, by module."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    logger = node.func.value
                    if isinstance(logger, ast.Name) and logger.id in ("log", "logger") and node.func.attr in LEVELS:
                        yield LEVELS[node.func.attr], _text(node.args[0]), str(path.relative_to(ROOT))


def _text(argument: ast.expr) -> str:
    found = ast.literal_eval(argument) if isinstance(argument, ast.Constant) else ast.unparse(argument)
    return " ".join(str(found).split()).replace("|", "\\|")


def listed() -> str:
    """Return the operator's list."""
    rows = sorted(set(events()), key=lambda event: (event[2], event[1]))
    return HEAD + "".join(f"| {level} | {text} | `{module}` |\n" for level, text, module in rows)


if __name__ == "__main__":
    (ROOT / "docs/operating/log-events.md").write_text(listed())

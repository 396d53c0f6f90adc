"""Builds the source of a Python function line by line, with the constants that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

STEP = "    "


class FunctionSource:
    """The source of one function. It contains only names of the schema, never values of a request (no injection)."""

    def __init__(self, head: str, **constants: Any) -> None:
        self._constants = constants
        self._lines = [head]
        self._depth = 1
        self._numbers = count(1)

    def number(self) -> int:
        """A new number, to make names unique."""
        return next(self._numbers)

    def add(self, line: str) -> None:
        """Add a line at the current indentation."""
        self._lines.append(STEP * self._depth + line)

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """Add a line that ends in a colon; lines added inside the `with` block are indented below it."""
        self.add(line)
        self._depth += 1
        yield
        self._depth -= 1

    def constant(self, name: str, value: Any) -> str:
        """Add a constant for the lines to use; returns its name."""
        self._constants[name] = value
        return name

    @property
    def text(self) -> str:
        """The whole source."""
        return "\n".join(self._lines)

    def function(self, name: str) -> Any:
        """Compile the source and return the function of this name."""
        # A namespace of its own: generated code sees its constants and no module of ours.
        namespace = dict(self._constants)
        exec(compile(self.text, "<plan>", "exec"), namespace)  # noqa: S102  (the text is generated from the schema alone)
        return namespace[name]

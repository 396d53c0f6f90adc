"""A Python function as it is written: its lines with their indentation, and the constants that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

STEP = "    "


class FunctionSource:
    """The source of one function, whose text comes from plans alone: names of the schema, never values of a request."""

    def __init__(self, head: str, **constants: Any) -> None:
        self._constants = constants
        self._lines = [head]
        self._depth = 1
        self._numbers = count(1)

    def number(self) -> int:
        """A number not given before, to tell names apart."""
        return next(self._numbers)

    def add(self, line: str) -> None:
        """One more line."""
        self._lines.append(STEP * self._depth + line)

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """A line that ends in a colon; what is added meanwhile stands under it."""
        self.add(line)
        self._depth += 1
        yield
        self._depth -= 1

    def constant(self, name: str, value: Any) -> str:
        """A value that the lines may name; gives the name."""
        self._constants[name] = value
        return name

    @property
    def text(self) -> str:
        """The whole source, for whoever wants to read it."""
        return "\n".join(self._lines)

    def function(self, name: str) -> Any:
        """The function of this name that the source defines."""
        namespace = dict(self._constants)
        exec(compile(self.text, "<plan>", "exec"), namespace)  # noqa: S102  (it was written above, from the schema)
        return namespace[name]

"""Positions in source files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class SourcePosition:
    """A file name with line and column, counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        """Return the format of compilers, which terminals and editors turn into a link."""
        return f"{self.file}:{self.line}:{self.column}"

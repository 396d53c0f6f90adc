"""Names of cases that hold fresh keys, the same in every process that collects them."""

from __future__ import annotations

from typing import Any


def what_differs(changes: Any) -> str:
    """The names of what a case changes, without the values, which are new each time."""
    if not isinstance(changes, dict):
        return type(changes).__name__
    return ",".join(f"{name}.{what_differs(value)}" if isinstance(value, dict) else str(name)
                    for name, value in changes.items())  # fmt: skip

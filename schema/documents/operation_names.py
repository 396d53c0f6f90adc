"""The declared names of an operation, which whoever asked for it may log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class OperationNames:
    """Filled while an operation is authorised; empty until then."""

    purpose: str = ""
    operation: str = ""
    """The name of an operation of a registered document; "(ad hoc)" for any other, whose author may write a value."""

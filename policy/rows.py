"""Base class of the catalogues: an enumeration whose members are rows of facts, read like a table."""

from enum import Enum
from typing import Any, Self


class Row(Enum):
    """Base of the catalogues: a member's first column is its sentence, and that sentence is its value.

    The name is the identity (tokens, files and the schema carry names, never values); the value being one
    string keeps look-ups by value cheap, whatever further columns a catalogue has.
    """

    _value_: str

    def __new__(cls, text: str, *_columns: Any) -> Self:
        """Make the member with its sentence as value; the other columns are for the catalogue's `__init__`."""
        member = object.__new__(cls)
        member._value_ = text
        return member

    @property
    def text(self) -> str:
        """One plain sentence, as printed in the schema, the data map and the notice."""
        return self._value_

    __hash__ = object.__hash__  # members are the only ones of their kind; Enum's own hash costs ten times as much

"""The effects of an import's row on a customer."""

from __future__ import annotations

from enum import Enum, unique
from typing import Final


@unique
class ImportAction(Enum):
    """The effect of one row of a file."""

    ADDED = "The customer is new."
    CHANGED = "The customer was known, and something of theirs was changed."
    SAME = "The customer was known, and nothing of theirs differed."


IMPORT_ACTIONS: Final = tuple(action.name for action in ImportAction)

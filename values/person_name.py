"""A part of somebody's name, or the name of an organisation: the one rule for the API and for imports."""

from __future__ import annotations

import unicodedata

from values.lines import LineError, read_line

LONGEST = 100
"""Characters of a given or a family name."""


def read_name(text: str, most: int = LONGEST) -> str:
    """The name in NFC: a line with at least one letter of any script; LineError (also INVALID_NAME) for anything else.

    An empty text stays empty: whether a name is needed is the field's to say.
    """
    name = read_line(text, most)
    if name and not any(unicodedata.category(each).startswith("L") for each in name):
        raise LineError("INVALID_NAME", "A name needs at least one letter.")
    return name

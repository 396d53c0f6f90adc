"""Validation of a person's or an organisation's name: the same rule for the API and for imports."""

from __future__ import annotations

import unicodedata

from values.lines import LineError, read_line

LONGEST = 100
"""Maximum characters of a given or a family name."""


def read_name(text: str, most: int = LONGEST) -> str:
    """Return the name in NFC: a line with at least one letter of any script; else LineError (also INVALID_NAME).

    An empty text stays empty: the field decides whether a name is required.
    """
    name = read_line(text, most)
    if name and not any(unicodedata.category(each).startswith("L") for each in name):
        raise LineError("INVALID_NAME", "A name needs at least one letter.")
    return name

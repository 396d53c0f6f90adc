"""Digits of any script as ASCII digits: `٣`, `３` and `३` are the digit 3."""

from __future__ import annotations

import unicodedata


def in_ascii(text: str) -> str:
    """Return the text with every decimal digit in ASCII; everything else stays."""
    if text.isascii():
        return text
    return "".join(str(value) if (value := unicodedata.decimal(each, None)) is not None else each for each in text)

"""Finds text that a wrong encoding has damaged, such as `MÃ¼ller` for `Müller`."""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
"""The character that stands where another one was lost."""

_LOST = re.compile(r"[^\W\d_]\?[^\W\d_]")


def looks_damaged(text: str) -> bool:
    """Return whether characters of the text were lost, or read in another encoding than they were written in."""
    if REPLACEMENT in text or _LOST.search(text):
        return True
    if text.isascii():
        return False
    return any(_was_misread(text, encoding) for encoding in ("cp1252", "latin-1"))


def _was_misread(text: str, encoding: str) -> bool:
    # What was UTF-8 once is UTF-8 again when it is written as it was misread; other text hardly ever is.
    try:
        return text.encode(encoding).decode("utf-8") != text
    except UnicodeError:
        return False

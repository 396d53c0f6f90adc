"""Validation of one line of typed text: normalised to NFC, without invisible characters."""

from __future__ import annotations

import re
import unicodedata

import idna

from messages.message import Message, Text

LONGEST = 200
"""Maximum characters of a line, unless its field has another limit."""

_JOINERS = "\u200c\u200d"
# Pasted along with a text, and without effect at its ends: marks of direction, balanced embeddings, isolates, empty
# spaces. Overrides of direction are not among them: they are written to deceive.
_AT_ENDS = "\u061c\u200b\u200e\u200f\u202a-\u202c\u2060\u2066-\u2069\ufeff"
_EDGE = re.compile(f"[{_AT_ENDS}\\s]")
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


class LineError(ValueError):
    """The text is no valid line; `code` is TOO_LONG or INVALID_CHARACTERS, and the message repeats nothing of it."""

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(str(message))
        self.code, self.message = code, message


def read_line(text: str, most: int = LONGEST) -> str:
    """Return the line in NFC, trimmed; LineError if it is too long or has invisible characters.

    The joiners of Unicode are spelling in some scripts (`علی‌رضا`, `ශ්‍රී`) and invisible in others, so they are
    allowed only where those scripts use them (RFC 5892, appendix A).
    """
    if len(text) > 4 * most:  # Before anything that takes time by the length.
        raise _too_long(most)
    line = unicodedata.normalize("NFC", trimmed(text))
    if len(line) > most:
        raise _too_long(most)
    if _INVISIBLE.search(line) or not all(_joins(line, at) for at, each in enumerate(line) if each in _JOINERS):
        raise LineError("INVALID_CHARACTERS", "It has characters that cannot be seen; type it again.")
    return line


def trimmed(text: str) -> str:
    """Return the text without spaces and marks of direction at its ends."""
    start, end = 0, len(text)
    while start < end and _EDGE.match(text, start):
        start += 1
    while end > start and _EDGE.match(text, end - 1):
        end -= 1
    return text[start:end]


def lookup_form(text: str) -> str:
    """Return the form by which lines are compared: in NFC and lower case, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", trimmed(text[: 4 * LONGEST])).lower().split())


def _joins(line: str, at: int) -> bool:
    # Looking for the letters around a joiner walks over marks: the word is enough, and a line of marks stays cheap.
    start, end = max(0, at - 16), at + 17
    try:
        return idna.valid_contextj(line[start:end], at - start)
    except ValueError:  # Of a character that has no name yet.
        return False


def _too_long(most: int) -> LineError:
    return LineError("TOO_LONG", Message("At most {most} characters.", most=most))

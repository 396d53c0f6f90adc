"""A language tag by BCP 47, such as `fr-CH`."""

from __future__ import annotations

import re

from messages.message import marked
from values.lines import trimmed

LONGEST = 35
"""Maximum characters of a tag (RFC 5646 §4.4.1)."""

_FORM = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_ENCODING = re.compile(r"[.@].*")

NO_LANGUAGE = marked("Write a language tag, such as fr-CH.")


class LanguageError(ValueError):
    """The text is no language tag."""

    def __init__(self) -> None:
        super().__init__(NO_LANGUAGE)


def read_language(text: str) -> str:
    """Return the tag as it is written by RFC 5646 §2.1.1; LanguageError if it is none.

    The locale of a computer (`de_CH`, `de_CH.UTF-8`) is read as its language.
    """
    tag = _ENCODING.sub("", trimmed(text)).replace("_", "-")
    if len(text) > 4 * LONGEST or not _FORM.fullmatch(tag):
        raise LanguageError
    language, *others = tag.split("-")
    return "-".join((language.lower(), *map(_subtag, others)))


def _subtag(text: str) -> str:
    if len(text) == 2:
        return text.upper()
    return text.title() if len(text) == 4 and text.isalpha() else text.lower()

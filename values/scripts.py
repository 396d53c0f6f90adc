"""Detects labels that mix scripts and could be mistaken for another one (UTS #39 §5.2, highly restrictive)."""

from __future__ import annotations

import unicodedata

_ASIAN = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "HANGUL", "BOPOMOFO", "VERTICAL"}
)


def mixes_scripts(label: str) -> bool:
    """Return whether its letters are of more than one script. East Asian scripts may be combined, also with Latin."""
    found = {_script(each) for each in label if each.isalpha()}
    return len(found) > 1 and found != {"ASIAN", "LATIN"}


def _script(letter: str) -> str:
    """Return the first word of the letter's Unicode name: the standard library has no script property."""
    word = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return "ASIAN" if word in _ASIAN else word

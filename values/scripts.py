"""Whether a label mixes scripts, so that it could be taken for another one (UTS #39 §5.2, highly restrictive)."""

from __future__ import annotations

import unicodedata

_ASIAN = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "HANGUL", "BOPOMOFO", "VERTICAL"}
)


def mixes_scripts(label: str) -> bool:
    """Whether its letters are of more than one script. Those of East Asia go together, with Latin letters too."""
    found = {_script(each) for each in label if each.isalpha()}
    return len(found) > 1 and found != {"ASIAN", "LATIN"}


def _script(letter: str) -> str:
    """As the letter's name begins: the standard library has no scripts."""
    word = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return "ASIAN" if word in _ASIAN else word

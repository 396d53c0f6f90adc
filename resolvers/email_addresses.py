"""Whether a text is an e-mail address that a person would not take for another one."""

from __future__ import annotations

import unicodedata

from resolvers.import_report import Fault
from resolvers.import_values import email

LONGEST = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""


EMAIL_FAULTS = {
    "INVALID_EMAIL": "This is no e-mail address.",
    "MIXED_SCRIPTS": "The address mixes letters of several scripts, which could be taken for another one.",
}
"""What to say of each fault."""


def address_fault(text: str) -> str | None:
    """The code of what is wrong with it; None for nothing.

    A label that mixes scripts can look like another one, letter by letter (Unicode Technical Standard 39, 5.1);
    Japanese and Korean names mix by custom, so ideographs go with everything of theirs.
    """
    if len(text) > LONGEST or isinstance(email(text), Fault) or any(not each.isprintable() for each in text):
        return "INVALID_EMAIL"
    if unicodedata.normalize("NFKC", text) != text:
        return "INVALID_EMAIL"
    if any(len(_scripts(label)) > 1 for part in text.split("@") for label in part.split(".")):
        return "MIXED_SCRIPTS"
    return None


def _scripts(label: str) -> set[str]:
    """The scripts of the letters, as their names begin."""
    found = {unicodedata.name(each, "UNKNOWN").partition(" ")[0] for each in label if each.isalpha()}
    asian = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"}
    return {"ASIAN" if each in asian else each for each in found}

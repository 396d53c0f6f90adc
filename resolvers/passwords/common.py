"""Recognises common passwords and their variants; the whole password is compared, never a part (NIST SP 800-63B-4).

A long text that contains common words is accepted. A common password is recognised in capitals, with accents or
punctuation, with letters written as digits (leetspeak), repeated, or with a short prefix or suffix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from resolvers.passwords.lists import Listed
from resolvers.passwords.text import squeezed

WRITTEN = (
    str.maketrans("0134578@$!+", "oieastbasit"),
    str.maketrans("0134578@$!+", "oleastbaslt"),
)
"""Translations of leetspeak to letters; `1` and `!` may stand for I or L."""
MONOTONOUS = 2
"""Maximum length of a unit that, however often repeated, makes no password."""


def is_common(password: str, lists: Iterable[Listed]) -> bool:
    """True if a list contains the password or one of its forms."""
    found = dict.fromkeys(forms(password))
    # "aaaa…" and "abab…" are in no list of finite length.
    return len(_unit(password)) <= MONOTONOUS or any(each.holds(found) for each in lists)


def forms(password: str) -> Iterator[str]:
    """The forms to compare, beginning with the text itself."""
    yield password
    yield password.casefold()
    # The forms are few and fixed, so that a password costs a bounded number of look-ups.
    for core in dict.fromkeys((password, *_cores(password))):
        bare = [squeezed(each) for each in (core, *(core.casefold().translate(table) for table in WRITTEN))]
        for each in dict.fromkeys(bare):
            if each:
                yield each
                yield _unit(each)


def _cores(password: str) -> Iterator[str]:
    """The password without a suffix, and prefix, of digits and punctuation, unless that were more than half of it."""
    letters = [at for at, character in enumerate(password) if character.isalpha()]
    if not letters:
        return
    for core in (password[: letters[-1] + 1], password[letters[0] : letters[-1] + 1]):
        if len(core) * 2 >= len(password):
            yield core


def _unit(text: str) -> str:
    """The unit that the text repeats; the text itself if it repeats none."""
    border = [0] * len(text)
    for at in range(
        1, len(text)
    ):  # Failure function of Knuth-Morris-Pratt: linear time, for texts of an attacker (G12).
        length = border[at - 1]
        while length and text[at] != text[length]:
            length = border[length - 1]
        border[at] = length + (text[at] == text[length])
    return text[: len(text) - border[-1]] if text and border[-1] else text

"""Whether a whole password is a common one, or one with common changes (NIST SP 800-63B-4: never a part of it).

A long text that merely contains common words is accepted. A common password is recognised in capitals, with accents or
signs between, with letters written as digits, repeated, or with a little in front or behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from resolvers.passwords.lists import Listed
from resolvers.passwords.text import squeezed

WRITTEN = (
    str.maketrans("0134578@$!+", "oieastbasit"),
    str.maketrans("0134578@$!+", "oleastbaslt"),
)
"""Letters that people write as digits and signs, read back; `1` and `!` may be an I or an L."""
MONOTONOUS = 2
"""Different characters that, in the same order again and again, are no password however long."""


def is_common(password: str, lists: Iterable[Listed]) -> bool:
    """Whether it is listed, in any of the forms above."""
    found = dict.fromkeys(forms(password))
    return len(_unit(password)) <= MONOTONOUS or any(each.holds(found) for each in lists)


def forms(password: str) -> Iterator[str]:
    """What it is compared as; the text itself first."""
    yield password
    yield password.casefold()
    for core in dict.fromkeys((password, *_cores(password))):
        bare = [squeezed(each) for each in (core, *(core.casefold().translate(table) for table in WRITTEN))]
        for each in dict.fromkeys(bare):
            if each:
                yield each
                yield _unit(each)


def _cores(password: str) -> Iterator[str]:
    """The password without digits and signs behind, and in front, unless more than half of it would be gone."""
    letters = [at for at, character in enumerate(password) if character.isalpha()]
    if not letters:
        return
    for core in (password[: letters[-1] + 1], password[letters[0] : letters[-1] + 1]):
        if len(core) * 2 >= len(password):
            yield core


def _unit(text: str) -> str:
    """What the text is a repetition of, begun anew any number of times; the text itself when it is of nothing."""
    border = [0] * len(text)
    for at in range(1, len(text)):  # Knuth, Morris and Pratt: the longest beginning that is an end, too
        length = border[at - 1]
        while length and text[at] != text[length]:
            length = border[length - 1]
        border[at] = length + (text[at] == text[length])
    return text[: len(text) - border[-1]] if text and border[-1] else text

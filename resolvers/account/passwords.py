"""The rules for new passwords; each problem says what to change (R37, A13).

A password needs at least 15 characters (NIST SP 800-63B-4); with a second factor the settings may allow 12 or more.
Common and compromised passwords are refused, and those that contain the customer's own data. The strength meter is
shown and refuses nothing. `passwords_changing` compares with the customer's other passwords (R38).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zxcvbn_rs_py import zxcvbn

from messages.message import Message, marked
from policy.credentials import Strength
from resolvers.commands.context import UserProblem
from resolvers.passwords.common import is_common
from resolvers.passwords.rules import Rules
from resolvers.passwords.text import CLASSES, MOST_BYTES, Class, classes_of, squeezed, too_long

FAIR, STRONG = 9.0, 10.0
"""Thresholds of the meter: guesses that a password withstands, as powers of ten."""
NAMES: dict[Class, str] = {
    "upper": marked("an upper-case letter"),
    "lower": marked("a lower-case letter"),
    "digit": marked("a digit"),
    "sign": marked("a sign such as ! or -"),
}
TOO_LONG = UserProblem("PASSWORD_TOO_LONG", Message("Use a shorter password: at most {most} bytes.", most=MOST_BYTES))
COMMON = UserProblem(
    "PASSWORD_COMMON", "This is a common or compromised password, or one with common changes. Choose another."
)
PERSONAL = UserProblem(
    "PASSWORD_PERSONAL", "Leave out your own name, login name, e-mail, domain, address, phone and customer number."
)


@dataclass(frozen=True, slots=True, repr=False)
class Meter:
    """The measurement of a password: character classes, length in code points, and strength."""

    classes: frozenset[Class]
    length: int
    power: float
    """Guesses that it withstands, as a power of ten (zxcvbn)."""

    @property
    def missing(self) -> tuple[Class, ...]:
        """The missing classes, in the order of display."""
        return tuple(each for each in CLASSES if each not in self.classes)

    @property
    def strength(self) -> Strength:
        """The strength as stored beside the hash."""
        return "STRONG" if self.power >= STRONG else "FAIR" if self.power >= FAIR else "WEAK"


def measure(password: str, own: Iterable[str] = ()) -> Meter:
    """Measure a password, which must not be too long; `own` are words of the customer's data."""
    # zxcvbn's time grows with the number of words.
    words = [word for word in own if word][:50]
    whole = zxcvbn(password, words)
    bare = zxcvbn(squeezed(password) or password, words)  # Spaces between common words make them no less common.
    return Meter(classes_of(password), len(password), min(whole.guesses_log10, bare.guesses_log10 + 2))


def password_problems(
    password: str, own: Sequence[str] = (), rules: Rules | None = None, guarded: bool = False
) -> list[UserProblem]:
    """All problems of a normalised password; empty if these rules accept it.

    `guarded`: a second factor is active for this customer and platform. Reads a file: call it in a thread.
    """
    # First: every other check takes time in proportion to the length (S2).
    if too_long(password):
        return [TOO_LONG]
    rules = rules or Rules()
    least = rules.least(guarded)
    found = []
    if len(password) < least:
        found.append(too_short(least))
    # Off by default: composition rules make passwords worse (NIST SP 800-63B-4, section 3.1.1.2).
    missing = [each for each in CLASSES if each not in classes_of(password)]
    if rules.classes and missing:
        found.append(lacking(missing))
    if is_common(password, rules.lists):
        found.append(COMMON)
    if _holds_own(password, own):
        found.append(PERSONAL)
    return found


def too_short(least: int) -> UserProblem:
    """How long it has to be."""
    said = Message("Use at least {least} characters, such as several unrelated words.", least=least)
    return UserProblem("PASSWORD_TOO_SHORT", said)


def lacking(missing: Sequence[Class]) -> UserProblem:
    """The classes to add, where the operator asks for all of them."""
    parts = tuple(Message(NAMES[each]) for each in missing)
    return UserProblem("PASSWORD_LACKS_CLASSES", Message("Add {parts}.", parts=parts))


def _holds_own(password: str, own: Sequence[str]) -> bool:
    bare = squeezed(password)
    return any(word in bare for each in own if _is_distinctive(word := squeezed(each)))


def _is_distinctive(word: str) -> bool:
    """True if a word is long enough not to match by coincidence: 4 ASCII characters, or 2 others such as ideographs."""
    return len(word) >= (4 if word.isascii() else 2)

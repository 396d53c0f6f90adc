"""Which passwords are accepted: what is wrong is said so that the person knows what to change (R37, A13).

Any text of at least 15 characters is, as NIST SP 800-63B-4 has it; where a second factor is on the settings may ask for
12 or more. Refused are common and compromised passwords, and those that hold the customer's own data. How hard a
password is to guess is measured to be shown, never to refuse it. `passwords_changing` compares it with the customer's
other passwords (R38).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from zxcvbn_rs_py import zxcvbn

from messages.message import Message, marked
from resolvers.commands.context import UserProblem
from resolvers.passwords.common import is_common
from resolvers.passwords.rules import Rules
from resolvers.passwords.text import CLASSES, MOST_BYTES, Class, classes_of, squeezed, too_long

FAIR, STRONG = 9.0, 10.0
"""Powers of ten: the guesses that a password withstands which measures so."""
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
    """What the meter shows: the classes it has, its length in code points, and how strong it measures."""

    classes: frozenset[Class]
    length: int
    power: float
    """Guesses that it withstands, as a power of ten (zxcvbn)."""

    @property
    def missing(self) -> tuple[Class, ...]:
        """The classes it lacks, in the order in which they are shown."""
        return tuple(each for each in CLASSES if each not in self.classes)

    @property
    def strength(self) -> Literal["STRONG", "FAIR", "WEAK"]:
        """The word that is kept beside the hash."""
        return "STRONG" if self.power >= STRONG else "FAIR" if self.power >= FAIR else "WEAK"


def measure(password: str, own: Iterable[str] = ()) -> Meter:
    """Measure a password that is not too long; `own` are words that the person would be guessed by."""
    words = [word for word in own if word][:50]
    whole = zxcvbn(password, words)
    bare = zxcvbn(squeezed(password) or password, words)  # Spaces between common words make them no less common.
    return Meter(classes_of(password), len(password), min(whole.guesses_log10, bare.guesses_log10 + 2))


def faults(
    password: str, own: Sequence[str] = (), rules: Rules | None = None, guarded: bool = False
) -> list[UserProblem]:
    """Everything that keeps a password, which is normalised, from being accepted; empty: it is accepted so far.

    `guarded`: a second factor is on for this customer and platform. May read a file: not for the event loop.
    """
    if too_long(password):
        return [TOO_LONG]
    rules = rules or Rules()
    least = rules.least(guarded)
    found = []
    if len(password) < least:
        found.append(too_short(least))
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
    return any(word in bare for each in own if _telling(word := squeezed(each)))


def _telling(word: str) -> bool:
    """Whether a word is long enough to be more than a coincidence; two signs of a script without letters are."""
    return len(word) >= (4 if word.isascii() else 2)

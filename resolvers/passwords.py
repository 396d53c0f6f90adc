"""Which passwords are accepted (R37, A13): what is wrong is said so that the person knows what to change.

A password is accepted with at least 12 characters of all four classes, or as a passphrase of at least 20 characters
that measures strong; never when it is common, or made of the customer's own data. `passwords_changing` compares it
with the customer's other passwords (R38).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from zxcvbn_rs_py import zxcvbn

from resolvers.commands import UserProblem
from resolvers.passwords_hashing import MOST_BYTES, too_long

SHORTEST = 12
SHORTEST_PHRASE = 20
GUESSABLE = 9.0
"""Powers of ten: a password that is found within a thousand million guesses counts as a common one."""
STRONG = 10.0
PHRASE = 14.0
"""What a passphrase must withstand: it has no other rule to lean on."""

FAMOUS = (
    "correcthorsebatterystaple", "tobeornottobethat", "maytheforcebewithyou", "thequickbrownfox", "onceuponatimein",
    "ithinkthereforeiam", "jepensedoncjesuis", "allyouneedislove", "allworkandnoplay", "iamyourfather",
    "libertegalitefraternite", "liberteegalitefraternite", "portezcevieuxwhisky", "etreounepasetre",
    "itwasthebestoftimes", "inthebeginningwastheword", "ourfatherwhoart", "notreperequiesauxcieux",
    "thesearenotthedroids", "winteriscoming", "nevergonnagiveyouup", "franzjagtimkomplett", "welcometothejungle",
)  # fmt: skip
"""Sayings that measure strong because no dictionary has them whole; compared without spaces and signs."""

Class = Literal["upper", "lower", "digit", "sign"]
CLASSES: tuple[Class, ...] = ("upper", "lower", "digit", "sign")
NAMES: dict[Class, str] = {
    "upper": "an upper-case letter",
    "lower": "a lower-case letter",
    "digit": "a digit",
    "sign": "a sign such as ! or -",
}


@dataclass(frozen=True, slots=True, repr=False)
class Meter:
    """What the meter shows: the classes it has, its length, and how strong it measures (0 to 4)."""

    classes: frozenset[Class]
    length: int
    score: int
    power: float

    @property
    def missing(self) -> tuple[Class, ...]:
        """The classes it lacks, in the order in which they are shown."""
        return tuple(each for each in CLASSES if each not in self.classes)

    @property
    def strength(self) -> Literal["STRONG", "FAIR", "WEAK"]:
        """The word that is kept beside the hash."""
        return "STRONG" if self.power >= STRONG else "FAIR" if self.power >= GUESSABLE else "WEAK"


def normal(password: str) -> str:
    """The same password typed on another keyboard is the same text (RFC 8265, OpaqueString).

    What is too long to be one is left as it is: normalising takes the square of the number of combining marks.
    """
    if too_long(password):
        return password
    whole = password.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # Half a character is none.
    return unicodedata.normalize("NFC", "".join(" " if unicodedata.category(c) == "Zs" else c for c in whole))


def measure(password: str, own: Iterable[str] = ()) -> Meter:
    """Measure a password that is not too long; `own` are words that the person would be guessed by."""
    words = [word for word in own if word][:50]
    whole = zxcvbn(password, words)
    bare = zxcvbn(squeezed(password) or password, words)  # Spaces between common words make them no less common.
    power = min(whole.guesses_log10, bare.guesses_log10 + 2)
    classes = frozenset(_class_of(character) for character in password)
    return Meter(classes, len(password), min(int(whole.score), int(bare.score)), power)


def faults(password: str, own: Sequence[str] = ()) -> list[UserProblem]:
    """Everything that keeps this password from being accepted; empty: it is accepted so far."""
    if too_long(password):
        return [TOO_LONG]
    meter = measure(password, own)
    found = list(_shape(meter))
    if _is_common(password, meter):
        found.append(COMMON)
    if _holds_own(password, own):
        found.append(PERSONAL)
    return found


def _shape(meter: Meter) -> Iterable[UserProblem]:
    if meter.length >= SHORTEST_PHRASE and meter.power >= PHRASE:
        return
    if meter.length < SHORTEST:
        yield TOO_SHORT
    if meter.missing:
        yield lacking(meter.missing)


def lacking(missing: Sequence[Class]) -> UserProblem:
    """The classes to add, or the other way to be accepted."""
    names = ", ".join(NAMES[each] for each in missing)
    return UserProblem(
        "PASSWORD_LACKS_CLASSES",
        f"Add {names}; or use a passphrase of at least {SHORTEST_PHRASE} characters, such as several unrelated words.",
    )


TOO_LONG = UserProblem("PASSWORD_TOO_LONG", f"Use a shorter password: at most {MOST_BYTES} bytes.")
TOO_SHORT = UserProblem("PASSWORD_TOO_SHORT", f"Use at least {SHORTEST} characters.")
COMMON = UserProblem(
    "PASSWORD_COMMON", "This is easily guessed: it is a common password, or a word with common changes. Choose another."
)
PERSONAL = UserProblem(
    "PASSWORD_PERSONAL", "Leave out your own name, login name, e-mail, domain, address, phone and customer number."
)


def _is_common(password: str, meter: Meter) -> bool:
    bare = squeezed(password)
    return meter.power < GUESSABLE or any(saying in bare for saying in FAMOUS)


def _holds_own(password: str, own: Sequence[str]) -> bool:
    bare = squeezed(password)
    return any(word in bare for each in own if _telling(word := squeezed(each)))


def _telling(word: str) -> bool:
    """Whether a word is long enough to be more than a coincidence; two signs of a script without letters are."""
    return len(word) >= (4 if word.isascii() else 2)


def squeezed(text: str) -> str:
    """Letters and digits alone, without accents and case."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in bare if character.isalnum())


def _class_of(character: str) -> Class:
    if character.isdecimal():
        return "digit"
    if character.isupper():
        return "upper"
    return "lower" if character.isalpha() else "sign"

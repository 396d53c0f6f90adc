"""The invented customer of a sanitised copy, and the sign-in secrets that all of them share."""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.demo.people import Person, Taken, person
from gateway.demo.seeded_random import SeededRandom
from policy.platforms import PLATFORMS, Platform
from resolvers.passwords.hashing import Hasher

DAY = timedelta(days=1)
SHIFT_DAYS = 30
"""The most by which the dates of a customer are shifted, in days, earlier or later; all of one customer by the same."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, repr=False)
class SignInSecrets:
    """The passwords of all customers of a copy, one for each platform (R38), and the secret of every TOTP factor."""

    passwords: Mapping[Platform, str]
    hashes: Mapping[str, str]
    totp_secret: str

    @classmethod
    async def made(cls) -> SignInSecrets:
        """Random ones: a copy that leaves its network by mistake opens nothing elsewhere."""
        passwords: dict[Platform, str] = {
            each: f"Copy-{secrets.token_hex(5)}-{secrets.randbelow(90) + 10}!" for each in PLATFORMS
        }
        hasher = Hasher(threads=1)
        try:
            hashes = {str(platform): await hasher.hash(word) for platform, word in passwords.items()}
        finally:
            hasher.close()
        return cls(passwords, hashes, b32encode(secrets.token_bytes(20)).decode())


class _Numbered(Taken):
    """Makes the local part of an e-mail address unique by the customer's position, without remembering any other."""

    __slots__ = ("_suffix",)

    def __init__(self, position: int) -> None:
        super().__init__()
        self._suffix = based(position)

    def free(self, word: str) -> str:
        """The word with the position."""
        return f"{word}.{self._suffix}"


def based(number: int) -> str:
    """A number in base 36, for words that must differ."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits or "0"


@dataclass(slots=True, repr=False)
class InventedPerson:
    """One customer of the copy.

    `position` counts the copy's customers from 1. The random numbers depend on it and on a seed of the copy's own,
    never on anything of the customer whose place this is.
    """

    position: int
    seed: str
    now: datetime
    signing: SignInSecrets
    clients: frozenset[str] = frozenset()
    random: SeededRandom = field(init=False)
    person: Person = field(init=False)
    shift: timedelta = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)
    words: dict[tuple[str, int], str] = field(default_factory=dict)
    """Values that a later row repeats, by table and the row's id in the source: a domain is named as its service is."""
    totals: dict[int, int] = field(default_factory=dict)
    """The sums of invoices' lines in the copy, by the invoice's id in the source."""

    def __post_init__(self) -> None:
        self.random = SeededRandom(self.seed, self.position)
        self.person = person(self.position, self.random, _Numbered(self.position), self.now)
        self.shift = DAY * self.random.between(-SHIFT_DAYS, SHIFT_DAYS)

    def number(self, kind: str) -> int:
        """The next number of this customer's for things of a kind, from 1."""
        self.counts[kind] += 1
        return self.counts[kind]

    def shifted(self, moment: datetime) -> datetime:
        """A moment, shifted by the customer's days and cut to the day; what has happened stays past, what has not stays
        in the future, so that states remain true."""
        today = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        moved = (moment + self.shift).replace(hour=0, minute=0, second=0, microsecond=0)
        return min(moved, today) if moment <= self.now else max(moved, today + DAY)

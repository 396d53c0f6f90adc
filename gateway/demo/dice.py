"""The demo's chance: the same seed draws the same on every machine, whatever Python's hash randomisation."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws of one customer; seeding with text goes through SHA-512, which `PYTHONHASHSEED` does not touch."""

    __slots__ = ("_random",)

    def __init__(self, *seed: object) -> None:
        self._random = random.Random(":".join(map(str, seed)))  # noqa: S311 (demo data wants to be predictable)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, each as likely as another."""
        return options[self._random.randrange(len(options))]

    def chance(self, percent: int) -> bool:
        """True in so many cases of a hundred."""
        return self._random.randrange(100) < percent

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """So many different options, in their own order."""
        chosen = sorted(self._random.sample(range(len(options)), min(count, len(options))))
        return [options[place] for place in chosen]

    def filled(self, pattern: str, letters: str = "ABCDEFGHJKLMNPRSTUVWXYZ") -> str:
        """The pattern with a digit for each `#` and one of the letters for each `@`."""
        digits = "0123456789"
        return "".join(self.pick({"#": digits, "@": letters}.get(sign, sign)) for sign in pattern)

    def ago(self, now: datetime, most_days: int, least_days: int = 0) -> datetime:
        """A moment of a day between so many and so few days ago, never after `now`."""
        day = now - timedelta(days=self.between(least_days, most_days))
        return min(now, day.replace(hour=self.between(6, 22), minute=self.between(0, 59), second=self.between(0, 59)))

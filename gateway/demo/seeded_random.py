"""Seeded random numbers for the demo: the same seed gives the same data on every machine."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """A random generator for one customer. It is seeded with text, which unlike `hash()` ignores `PYTHONHASHSEED`."""

    __slots__ = ("_random",)

    def __init__(self, *seed: object) -> None:
        self._random = random.Random(":".join(map(str, seed)))  # noqa: S311 (demo data wants to be predictable)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[self._random.randrange(len(options))]

    def chance(self, percent: int) -> bool:
        """True with a probability of `percent` in a hundred."""
        return self._random.randrange(100) < percent

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different options, in their original order."""
        chosen = sorted(self._random.sample(range(len(options)), min(count, len(options))))
        return [options[place] for place in chosen]

    def filled(self, pattern: str, letters: str = "ABCDEFGHJKLMNPRSTUVWXYZ") -> str:
        """The pattern with a digit for each `#` and one of the letters for each `@`."""
        digits = "0123456789"
        return "".join(self.pick({"#": digits, "@": letters}.get(sign, sign)) for sign in pattern)

    def ago(self, now: datetime, most_days: int, least_days: int = 0) -> datetime:
        """A moment between `most_days` and `least_days` ago, at daytime, never after `now`."""
        day = now - timedelta(days=self.between(least_days, most_days))
        return min(now, day.replace(hour=self.between(6, 22), minute=self.between(0, 59), second=self.between(0, 59)))

"""How thoroughly to measure: a glance of two minutes, or the whole of it in half an hour."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.rounds import Pace


@dataclass(frozen=True, slots=True)
class Effort:
    """Sizes in customers, times in seconds."""

    name: str
    size: int
    """Of the comparison, the profile and the memory test."""
    sizes: tuple[int, ...]
    """Of the growth; the first is what the others are compared with."""
    one: Pace
    many: Pace
    """With 64 connections."""
    two: Pace
    growing: Pace
    tails: float
    """Seconds at each rate."""
    memory: float
    profile: float
    starts: int
    erasures: int
    """Customers who are due to be erased, out of `size`."""
    thorough: bool
    """Whether growth is measured at all workloads."""

    def seconds(self, contestants: int, workloads: int) -> dict[str, float]:
        """About how long each section takes once the stores are there."""
        return {
            "compare": contestants * workloads * (_takes(self.one) + _takes(self.many)) + 20,
            "tails": 2 * (6 * self.tails + 6),
            "two": contestants * workloads * _takes(self.two) + 10,
            "growth": len(self.sizes) * 4 * (3 if self.thorough else 2) * _takes(self.growing) + 15,
            "memory": self.memory + 8,
            "start": self.starts * 4.0,
            "erasure": 3 * (self.erasures * 0.06 + 10),
            "profile": 4 * (2 * self.profile + 2.5),
        }


def _takes(pace: Pace) -> float:
    return pace.first + pace.rounds * (pace.warm + pace.seconds + 0.15)


QUICK = Effort(
    name="quick",
    size=1_000,
    sizes=(1_000, 10_000),
    one=Pace(1, 1, 0, 1),
    many=Pace(1, 1, 0, 0),
    two=Pace(1, 1, 0, 0),
    growing=Pace(1, 1, 0, 0),
    tails=2,
    memory=6,
    profile=1,
    starts=1,
    erasures=100,
    thorough=False,
)
FULL = Effort(
    name="full",
    size=100_000,
    sizes=(1_000, 100_000, 1_000_000),
    one=Pace(3, 3, 1, 4),
    many=Pace(1, 3, 0, 0),
    two=Pace(2, 3, 1, 2),
    growing=Pace(2, 3, 0, 1),
    tails=10,
    memory=600,
    profile=5,
    starts=5,
    erasures=2_000,
    thorough=True,
)

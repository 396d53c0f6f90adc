"""Figures from samples: medians, and ratios that are taken within a round before they are gathered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Samples = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several figures, with the least and the most."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """From one figure at least."""
        return cls(median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.middle:.2f}"
        return f"{self.middle:.2f} ({self.least:.2f} to {self.most:.2f})"


def middle(samples: Samples, name: str) -> float:
    """The median of one figure over the rounds."""
    return median(float(each[name]) for each in samples)


def cpu(sample: dict[str, Any]) -> float:
    """Time on the CPU for a request, of the server and its database."""
    return float(sample["cpu"] + sample["database"])


def rate(sample: dict[str, Any]) -> float:
    """Requests a second."""
    return float(sample["rps"])


def ratio(samples: Samples, reference: Samples, figure: Callable[[dict[str, Any]], float] = rate) -> Spread:
    """One contestant's figure to another's, round by round."""
    pairs = zip(samples, reference, strict=True)
    return Spread.of([figure(one) / max(figure(other), 1e-9) for one, other in pairs])

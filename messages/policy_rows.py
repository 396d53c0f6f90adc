"""The policy's sentences that are shown to people in their language; the policy itself is written in English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policy.cards import CardFault
from policy.restricting import INSTEAD
from policy.rows import Row

COLUMNS: Final[Mapping[type[Row], tuple[str, ...]]] = {
    CardFault: ("text",),
}
"""By catalogue of the policy: its columns that are shown."""


def policy_texts() -> Iterator[str]:
    """Every such sentence; one that a row leaves out is none."""
    for catalogue, columns in COLUMNS.items():
        for row in catalogue:
            yield from filter(None, (getattr(row, column) for column in columns))
    yield from INSTEAD.values()

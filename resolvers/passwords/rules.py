"""What a new password has to be, as the settings say: NIST SP 800-63B-4, section 3.1.1.2 (R37, A13)."""

from __future__ import annotations

from dataclasses import dataclass, field

from resolvers.passwords.lists import Listed, shipped

ALONE = 15
"""Characters of a password that is the only factor (SP 800-63B-4); no setting goes below."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One for each process, and for every way to set a password."""

    minimum: int = ALONE
    """Characters (Unicode code points); fewer than 15 are enough only where a second factor is on."""
    classes: bool = False
    """Whether all four classes of characters are asked for; if not, the meter recommends them (A13)."""
    lists: tuple[Listed, ...] = field(default_factory=lambda: (shipped(),))
    """The passwords that are refused because they are common or compromised."""

    def least(self, guarded: bool) -> int:
        """The characters that are asked for, with or without a second factor."""
        return self.minimum if guarded else max(self.minimum, ALONE)

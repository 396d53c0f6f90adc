"""The configured rules for new passwords (NIST SP 800-63B-4, section 3.1.1.2; R37, A13)."""

from __future__ import annotations

from dataclasses import dataclass, field

from resolvers.passwords.lists import Listed, shipped

ALONE = 15
"""Minimum characters of a password that is the only factor (SP 800-63B-4); no setting can lower it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of the process, for every way to set a password."""

    minimum: int = ALONE
    """Minimum code points; a value below 15 applies only with a second factor."""
    classes: bool = False
    """Require all four character classes; otherwise the meter recommends them (A13)."""
    lists: tuple[Listed, ...] = field(default_factory=lambda: (shipped(),))
    """Lists of common and compromised passwords."""

    def least(self, guarded: bool) -> int:
        """Minimum code points, with (`guarded`) or without a second factor."""
        return self.minimum if guarded else max(self.minimum, ALONE)

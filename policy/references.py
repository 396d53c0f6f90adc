"""References to a case, such as INC-4711: each purpose has its pattern, and none has room for personal data (D1)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from policy.purposes import Purpose

LONGEST: Final = 64
DIGITS: Final = 9
"""A text with this many digits may be a telephone number, whatever separates them."""
EVERY: Final = "*"
"""The key of the default pattern, for purposes without a pattern of their own."""
USUAL: Final = "[A-Za-z]{1,16}-[0-9]{1,7}"

_SIGNS = r"A-Za-z0-9_./:#-"
_ELEMENT = re.compile(rf"(\[[{_SIGNS}]{{1,40}}\]|[{_SIGNS}])(?:\{{([0-9]{{1,2}})(?:,([0-9]{{1,2}}))?\}})?")


def looks_personal(text: str) -> bool:
    """Return whether a text may be a telephone number, by the count of its digits, or an e-mail address."""
    return "@" in text or sum(each.isdigit() for each in text) >= DIGITS


@dataclass(frozen=True, slots=True)
class Pattern:
    """The pattern of a purpose's references, compiled, and as the operator wrote it."""

    text: str
    compiled: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Parse letters, digits, `_./:#-`, and sets of them such as `[A-Z]`, each with `{2}` or `{1,8}`; else
        ValueError.

        Every quantifier is possessive: the pattern never backtracks, so that matching takes linear time (G12).
        """
        parts, at, longest = [], 0, 0
        while at < len(text):
            found = _ELEMENT.match(text, at)
            if found is None:
                raise ValueError(f"{text!r} is no pattern: write something like {USUAL}")
            least = int(found[2] or 1)
            most = int(found[3] or least)
            longest += most
            signs = found[1] if found[1].startswith("[") else re.escape(found[1])
            # The final `+` makes the quantifier possessive (Python 3.11).
            parts.append(f"{signs}{{{least},{most}}}+")
            at = found.end()
            if least > most:
                raise ValueError(f"{text!r} asks for at least {least} and at most {most}")
        if not parts or longest > LONGEST:
            raise ValueError(f"a reference has between 1 and {LONGEST} signs")
        try:
            return cls(text, re.compile("".join(parts), re.ASCII))
        except re.error:
            raise ValueError(f"{text!r} is no pattern: write something like {USUAL}") from None


@dataclass(frozen=True, slots=True)
class References:
    """The patterns by purpose name, and the test for personal data, which overrides every pattern."""

    patterns: Mapping[str, Pattern]
    personal: Callable[[str], bool] = looks_personal

    def of(self, purpose: Purpose) -> Pattern:
        """Return the pattern of this purpose, or the default one."""
        return self.patterns.get(purpose.name) or self.patterns[EVERY]

    def fits(self, purpose: Purpose, reference: str) -> bool:
        """Return whether a reference matches the purpose's pattern and cannot be personal data."""
        if len(reference) > LONGEST or not self.of(purpose).compiled.fullmatch(reference):
            return False
        # Also where a pattern would allow it: an operator's mistake must not bring personal data into the ledger.
        return not self.personal(reference)


REFERENCES: Final = References({EVERY: Pattern.parse(USUAL)})

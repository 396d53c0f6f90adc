"""Data that leaves for other countries: which recipients of the registers need a safeguard that nobody has named.

Art. 13(1)(f), 30(1)(e) and 44 to 49 GDPR: a country without an adequate level of protection needs one, and the notice
and the record say which. Only the controller knows it, so its absence is an error and never a gap in a paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.papers.companies import Company
from audits.papers.controller import Controller
from audits.schema.sources import UnreadableError
from policy.countries import safe
from policy.recipients import Recipient


@dataclass(frozen=True, slots=True)
class Unguarded:
    """A country to which a kind of recipient takes data, without a safeguard in the controller's file."""

    recipient: Recipient
    country: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        """What is missing, and what to write."""
        who = f"{', '.join(self.names)} ({self.recipient.name})"
        return (
            f"transfers.to: {who} in {self.country}, which asks for a safeguard"
            f" (Art. 13(1)(f), 30(1)(e), 44 to 49). Add:\n"
            f'      [[transfers.to]]\n      recipient = "{self.recipient.name}"\n      country = "{self.country}"\n'
            '      safeguards = "…"'
        )


def outside(home: str, known: Sequence[Company]) -> list[Unguarded]:
    """Every country outside with who is there; the same recipients, whatever the controller's file says of them."""
    found: dict[tuple[Recipient, str], list[str]] = {}
    for each in known:
        if not safe(home, each.country):
            found.setdefault((each.recipient, each.country), []).append(each.name)
    return [Unguarded(recipient, country, tuple(names)) for (recipient, country), names in found.items()]


def unguarded(controller: Controller, known: Sequence[Company]) -> list[Unguarded]:
    """Those for which the file names no safeguard; `transfers.none` names none for anybody."""
    named = {(each.recipient, each.country) for each in controller.transfers}
    return [each for each in outside(controller.country, known) if (each.recipient, each.country) not in named]


def require_safeguards(controller: Controller, known: Sequence[Company]) -> None:
    """Unreadable, naming each country and what to add, as long as a safeguard is missing."""
    if found := unguarded(controller, known):
        listed = "\n".join(f"  - {each}" for each in found)
        raise UnreadableError(
            f"{controller.source} names no safeguard for data that leaves for other countries:\n{listed}"
        )

"""Transfers to other countries: finds registered recipients that need a safeguard which the controller has not named.

GDPR Art. 13(1)(f), 30(1)(e) and 44 to 49: a transfer to a country without an adequate level of protection needs a
safeguard, which the notice and the record must name. Only the controller knows it, so that its absence is an error.
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
    """A country of a kind of recipient without a safeguard in the controller's file."""

    recipient: Recipient
    country: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        """Return the missing safeguard, and the text to add to the file."""
        who = f"{', '.join(self.names)} ({self.recipient.name})"
        return (
            f"transfers.to: {who} in {self.country}, which asks for a safeguard"
            f" (Art. 13(1)(f), 30(1)(e), 44 to 49). Add:\n"
            f'      [[transfers.to]]\n      recipient = "{self.recipient.name}"\n      country = "{self.country}"\n'
            '      safeguards = "…"'
        )


def outside(home: str, known: Sequence[Company]) -> list[Unguarded]:
    """Return every country that needs a safeguard, with its recipients, whatever the controller's file contains."""
    found: dict[tuple[Recipient, str], list[str]] = {}
    for each in known:
        if not safe(home, each.country):
            # By kind and country: one safeguard covers all recipients of the kind there.
            found.setdefault((each.recipient, each.country), []).append(each.name)
    return [Unguarded(recipient, country, tuple(names)) for (recipient, country), names in found.items()]


def unguarded(controller: Controller, known: Sequence[Company]) -> list[Unguarded]:
    """Return the countries for which the file has no safeguard; `transfers.none` has none at all."""
    named = {(each.recipient, each.country) for each in controller.transfers}
    return [each for each in outside(controller.country, known) if (each.recipient, each.country) not in named]


def require_safeguards(controller: Controller, known: Sequence[Company]) -> None:
    """Raise UnreadableError, with each country and the text to add, as long as a safeguard is missing."""
    if found := unguarded(controller, known):
        listed = "\n".join(f"  - {each}" for each in found)
        raise UnreadableError(
            f"{controller.source} names no safeguard for data that leaves for other countries:\n{listed}"
        )

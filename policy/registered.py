"""The hard rules for entries that operators register at run time, checked when they are written and read (D11).

A row may have been written by hand, or by a release that allowed more. Code that serves from a register therefore
calls `offences` again; an entry that breaks a rule is refused and logged, as if it had never been registered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from policy.events import Event
from policy.hard_rules import forbids, never_received
from policy.purposes import Purpose
from policy.recipients import CONTRACTED, Recipient
from policy.rules import Rule
from policy.transport import is_encrypted

COUNTRY: Final = re.compile(r"[A-Z]{2}")
AFFILIATE_MARK: Final = "affiliate:"
"""Name prefix of a payment affiliate's webhook: it receives events about withdrawn cards, and no others."""


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """A client that may request tokens; `purposes` by name, as they are stored."""

    purposes: frozenset[str]


@dataclass(frozen=True, slots=True)
class PartnerRegistration:
    """A processor that carries out part of the contract. `rules` are the schema's, by coordinate."""

    purpose: str
    country: str
    fields: frozenset[str]
    rules: Mapping[str, Rule] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class AffiliateRegistration:
    """A company that executes payments."""

    url: str
    country: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """A system that receives events; an empty set of `events` means all of them."""

    name: str
    url: str
    events: frozenset[str]


Registered = ClientRegistration | PartnerRegistration | AffiliateRegistration | Webhook


def offences(entry: Registered) -> list[str]:
    """Return every hard rule that a registration breaks, each with the number of its requirement; empty: none."""
    match entry:
        case ClientRegistration():
            return _client(entry)
        case PartnerRegistration():
            return _partner(entry)
        case AffiliateRegistration():
            return [*_country(entry.country), *_address(entry.url)]
        case Webhook():
            return _webhook(entry)


def _client(entry: ClientRegistration) -> list[str]:
    """Check a client. A purpose that this release does not know allows nothing, so it breaks no rule.

    Purposes for the subject's own data and for any customer are separated later, when a token becomes a grant.
    """
    if Purpose.LEGAL_REQUEST.name in entry.purposes:
        return ["R24: an order is answered by two persons (`gateway legal`), never with a token"]
    return []


def _partner(entry: PartnerRegistration) -> list[str]:
    purpose = Purpose.__members__.get(entry.purpose)
    if purpose is None or purpose not in CONTRACTED or not purpose.enabled:
        allowed = ", ".join(each.name for each in Purpose if each in CONTRACTED)
        return [f"R7: a partner carries out a part of the contract: {allowed}"]
    found = _country(entry.country)
    for coordinate in sorted(entry.fields):
        rule = entry.rules.get(coordinate)
        if rule is None or not any(not forbids(rule, purpose, when) for when in rule.when(purpose)):
            found.append(f"R2: {coordinate} is no field that may be read for {purpose.name}")
        else:
            found += [f"{each} ({coordinate})" for each in never_received(rule.category, Recipient.PARTNER)]
    return found


def _webhook(entry: Webhook) -> list[str]:
    found = _address(entry.url)
    if entry.name.startswith(AFFILIATE_MARK) and entry.events != {Event.CARD_WITHDRAWN.wire}:
        found.append("R22: a payment affiliate is told of cards that may not be kept, and of nothing else")
    return found


def _country(text: str) -> list[str]:
    return [] if COUNTRY.fullmatch(text) else ["R23: a recipient has a country (ISO 3166-1), which customers are shown"]


def _address(url: str) -> list[str]:
    if is_encrypted(url):
        return []
    return ["R23: what leaves the house leaves it encrypted: the address begins with https://"]

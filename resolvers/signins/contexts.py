"""Where and on what a session or a token family was used, as keyed marks, and what a change of it means (R17, S12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from resolvers.commands.places import GeoLocation, Places, network_of
from store.crypto.subject_key import SubjectKey

KIND = "context"
"""Of the marks: hashes under the customer's own key, since there are few networks to guess at. No two rows have one in
common."""
LENGTH = 8
MOST = 64
"""Marks that a row keeps beside those of its countries; the oldest goes first, and is an event again."""
NETWORK, COUNTRY, DEVICE, REFUSED = b"N", b"C", b"D", b"R"


class Verdict(Enum):
    """What follows from where a session or a family turns up."""

    SAME = "Nothing is new: nothing is written."
    NOTICED = "Another network or another device: an access that is recorded and judged."
    PROOF = "Another country, or one that cannot be told where it matters: prove it anew."
    ENDED = "Country, network and device are new all at once: it ends."

    @property
    def admits(self) -> bool:
        """Whether the request goes on."""
        return self in (Verdict.SAME, Verdict.NOTICED)


@dataclass(frozen=True, slots=True, repr=False)
class ContextMatch:
    """A context compared with what a row holds; `held` is what the row has to hold from now on."""

    verdict: Verdict
    before: bytes | None
    held: bytes
    new_device: bool = False
    new_country: bool = False

    @property
    def news(self) -> bool:
        """Whether there is anything to write down; a refusal that was told once is not told again."""
        return self.held != self.before


@dataclass(frozen=True, slots=True, repr=False)
class SignInContext:
    """Network, country and device of one request. The country is looked up when somebody asks for it only."""

    key: SubjectKey
    address: str | None
    device: str
    places: Places = field(default_factory=Places)

    @property
    def place(self) -> GeoLocation:
        """Where the address is."""
        return self.places.find(self.address)

    def compare(self, row_id: int, held: bytes | None) -> ContextMatch:
        """What the context means for a row that holds these marks; None is a row of a time before there were any.

        While network and device are known this costs four hashes, and neither a look-up nor a statement.
        """
        network, device = self._mark(NETWORK, row_id, network_of(self.address)), self._mark(DEVICE, row_id, self.device)
        known = _split(held or b"")
        new_network, new_device = network not in known, device not in known
        if not (new_network or new_device):
            return ContextMatch(Verdict.SAME, held, held or b"")
        name = self.place.country
        country = self._mark(COUNTRY, row_id, name) if name else None
        countries = {each for each in known if each[:1] == COUNTRY}
        new_country = country is not None and bool(countries) and country not in countries
        learned = [each for each in (network, country, device) if each is not None and each not in known]
        if held is None:
            return ContextMatch(Verdict.SAME, held, _joined([*known, *learned]))
        if new_country and new_network and new_device:
            return ContextMatch(Verdict.ENDED, held, _joined([*known, *learned]), new_device, new_country)
        located = country is not None and bool(countries)
        # Whoever hides their address, as headers that contradict each other do, hides the country, too.
        hidden = self.address is None and bool(countries)
        if new_country or hidden or (new_network and new_device and not located):
            told = self._mark(REFUSED, row_id, name or network_of(self.address))
            after = held if told in known else _joined([*known, told])
            return ContextMatch(Verdict.PROOF, held, after, new_device, new_country)
        return ContextMatch(Verdict.NOTICED, held, _joined([*known, *learned]), new_device, new_country)

    def proven(self, row_id: int, held: bytes | None = None) -> bytes:
        """What a row holds once somebody has proved here who they are."""
        known, name = _split(held or b""), self.place.country
        network, device = self._mark(NETWORK, row_id, network_of(self.address)), self._mark(DEVICE, row_id, self.device)
        marks = [network, device, *([self._mark(COUNTRY, row_id, name)] if name else [])]
        return _joined([*known, *(each for each in marks if each not in known)])

    def bucket(self, *facts: object) -> str:
        """The name under which letters about this network and device are limited (`store.queue.rate_limit`)."""
        text = "\0".join(map(str, (*facts, network_of(self.address), self.device)))
        return self.key.keyed_hash("letter", text.encode()).hex()

    def _mark(self, kind: bytes, row_id: int, value: str) -> bytes:
        return kind + self.key.keyed_hash(KIND, kind + f"{row_id}\0{value}".encode())[: LENGTH - 1]


def _split(held: bytes) -> list[bytes]:
    return [held[at : at + LENGTH] for at in range(0, len(held), LENGTH)]


def _joined(marks: list[bytes]) -> bytes:
    """In one row's bytes. Countries are never dropped: whoever varies networks must not make a country forgotten."""
    countries = [each for each in marks if each[:1] == COUNTRY]
    return b"".join([*countries, *[each for each in marks if each[:1] != COUNTRY][-MOST:]])

"""The known contexts of sessions and token families (network, country, device), as keyed hashes (R17, S12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from resolvers.commands.places import GeoLocation, Places, network_of
from store.crypto.subject_key import SubjectKey

KIND = "context"
"""The kind of keyed hash. Hashes use the customer's key, since networks can be guessed (D10), and include the row's id,
so that rows cannot be linked."""
LENGTH = 8
MOST = 64
"""Maximum hashes of a row beside those of countries; the oldest is dropped, and is new again if it recurs."""
NETWORK, COUNTRY, DEVICE, REFUSED = b"N", b"C", b"D", b"R"


class Verdict(Enum):
    """The consequence of a use in a context."""

    SAME = "Nothing is new: nothing is written."
    NOTICED = "Another network or another device: an access that is recorded and judged."
    PROOF = "Another country, or one that cannot be told where it matters: prove it anew."
    ENDED = "Country, network and device are new all at once: it ends."

    @property
    def admits(self) -> bool:
        """True if the request may continue."""
        return self in (Verdict.SAME, Verdict.NOTICED)


@dataclass(frozen=True, slots=True, repr=False)
class ContextMatch:
    """The comparison of a context with a row's hashes; `held` is the new value of the row."""

    verdict: Verdict
    before: bytes | None
    held: bytes
    new_device: bool = False
    new_country: bool = False

    @property
    def news(self) -> bool:
        """True if the row changes; a repeated refusal changes nothing, and is not reported again."""
        return self.held != self.before


@dataclass(frozen=True, slots=True, repr=False)
class SignInContext:
    """Network, country and device of one request; the country is looked up on demand."""

    key: SubjectKey
    address: str | None
    device: str
    places: Places = field(default_factory=Places)

    @property
    def place(self) -> GeoLocation:
        """The place of the IP address."""
        return self.places.find(self.address)

    def compare(self, row_id: int, held: bytes | None) -> ContextMatch:
        """Compare the context with a row's hashes; None for a row created before there were any.

        With known network and device it takes two keyed hashes, and neither a geolocation look-up nor a statement.
        """
        # The country is not looked up unless one of the two is new.
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
        # Sessions from before contexts were stored learn their first one without a notification.
        if held is None:
            return ContextMatch(Verdict.SAME, held, _joined([*known, *learned]))
        # All three at once: most likely a stolen cookie or token, so not even a proof is asked for.
        if new_country and new_network and new_device:
            return ContextMatch(Verdict.ENDED, held, _joined([*known, *learned]), new_device, new_country)
        located = country is not None and bool(countries)
        # Without an address, as with contradictory proxy headers, the country is unknown, which must not help an
        # attacker.
        hidden = self.address is None and bool(countries)
        if new_country or hidden or (new_network and new_device and not located):
            # The refusal is remembered, so that it is recorded and reported once.
            refusal = self._mark(REFUSED, row_id, name or network_of(self.address))
            after = held if refusal in known else _joined([*known, refusal])
            return ContextMatch(Verdict.PROOF, held, after, new_device, new_country)
        return ContextMatch(Verdict.NOTICED, held, _joined([*known, *learned]), new_device, new_country)

    def proven(self, row_id: int, held: bytes | None = None) -> bytes:
        """The row's hashes after an authentication in this context."""
        known, name = _split(held or b""), self.place.country
        network, device = self._mark(NETWORK, row_id, network_of(self.address)), self._mark(DEVICE, row_id, self.device)
        marks = [network, device, *([self._mark(COUNTRY, row_id, name)] if name else [])]
        return _joined([*known, *(each for each in marks if each not in known)])

    def bucket(self, *facts: object) -> str:
        """The rate-limit name of e-mails about this network and device (`store.queue.rate_limit`)."""
        text = "\0".join(map(str, (*facts, network_of(self.address), self.device)))
        return self.key.keyed_hash("letter", text.encode()).hex()

    def _mark(self, kind: bytes, row_id: int, value: str) -> bytes:
        # Truncated: 56 bits suffice for at most 64 values of one row.
        return kind + self.key.keyed_hash(KIND, kind + f"{row_id}\0{value}".encode())[: LENGTH - 1]


def _split(held: bytes) -> list[bytes]:
    return [held[at : at + LENGTH] for at in range(0, len(held), LENGTH)]


def _joined(marks: list[bytes]) -> bytes:
    """Encode hashes for the row. Countries are never dropped, so that changing networks cannot evict a country."""
    countries = [each for each in marks if each[:1] == COUNTRY]
    return b"".join([*countries, *[each for each in marks if each[:1] != COUNTRY][-MOST:]])

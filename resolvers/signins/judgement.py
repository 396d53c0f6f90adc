"""Detects unusual sign-ins by comparing place and device with earlier ones (R18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from resolvers.commands.places import GeoLocation, network_of

FASTEST = 900.0
"""Maximum plausible speed in km/h: an airliner's."""
NEAR = 100.0
"""Tolerance in km for errors of the database and for jumps of mobile networks."""


class Unusual(Enum):
    """A reason to notify the customer of a sign-in."""

    COUNTRY = "The customer was never seen in this country."
    TRAVEL = "Nobody travels so far in the time since the last sign-in."
    NETWORK_AND_DEVICE = "Both the network and the device are new."
    DEVICE = "The browser does not prove that this customer has signed in there before."


@dataclass(frozen=True, slots=True, repr=False)
class PastAccess:
    """One successful access."""

    at: datetime
    address: str | None
    country: str | None
    device: str | None
    place: GeoLocation


def unusual_reasons(
    now: PastAccess, earlier: Sequence[PastAccess], known_device: bool | None = None
) -> tuple[Unusual, ...]:
    """The reasons why an access is unusual, compared with earlier ones (newest first); none without earlier ones.

    `known_device`: True for a device with this customer's cookie, which is never new; False for a browser without,
    which always is; None without cookies (apps, other platforms), where only the description is compared.
    """
    if not earlier:
        return ()
    found = []
    countries = {each.country for each in earlier if each.country}
    # An unknown country is no reason: the database does not know every address.
    if now.country and countries and now.country not in countries:
        found.append(Unusual.COUNTRY)
    if _too_fast(now, earlier[0]):
        found.append(Unusual.TRAVEL)
    networks = {network_of(each.address) for each in earlier if each.address}
    new_network = bool(networks) and network_of(now.address) not in networks
    new_device = known_device is not True and now.device not in {each.device for each in earlier}
    if new_network and new_device:
        found.append(Unusual.NETWORK_AND_DEVICE)
    elif known_device is False:
        found.append(Unusual.DEVICE)
    return tuple(found)


def _too_fast(now: PastAccess, last: PastAccess) -> bool:
    far = now.place.distance(last.place)
    # Reports of other platforms may arrive out of order.
    hours = max(0.0, (now.at - last.at).total_seconds()) / 3600
    return far is not None and far > NEAR + FASTEST * hours

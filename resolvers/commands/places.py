"""IP geolocation from a local database; no address is sent to anybody (A17)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from time import monotonic
from typing import Any

import maxminddb

log = logging.getLogger("gateway.signin")

LOOKED_AT = 60.0
"""Seconds between checks whether the file was replaced."""
EARTH_KM = 6_371.0


@dataclass(frozen=True, slots=True, repr=False)
class GeoLocation:
    """A country (ISO 3166-1 alpha-2), and latitude and longitude in degrees if the database has them."""

    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    def distance(self, other: GeoLocation) -> float | None:
        """Great-circle distance in kilometres (haversine formula); None unless both places are known."""
        if None in (self.latitude, self.longitude, other.latitude, other.longitude):
            return None
        degrees = (self.latitude, self.longitude, other.latitude, other.longitude)
        north, east, north2, east2 = (radians(each or 0.0) for each in degrees)
        # The haversine formula; rounding can exceed 1 for opposite places, hence min().
        half = sin((north2 - north) / 2) ** 2 + cos(north) * cos(north2) * sin((east2 - east) / 2) ** 2
        return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


NOWHERE = GeoLocation()


class Places:
    """Looks addresses up in a file of the MaxMind format (GeoLite2, DB-IP, IPinfo, …), which may be replaced at any
    time. Without a file every place is unknown, and sign-ins from new countries are not detected."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._reader: maxminddb.Reader | None = None
        self._seen: tuple[int, int] | None = None
        self._looked_at = float("-inf")

    def why_not(self) -> str | None:
        """The reason why places are unknown, with advice; None if the database is readable."""
        if self._path is None:
            return (
                "GATEWAY_GEO_DATABASE is not set: the countries of sign-ins are not worked out, and a sign-in counts "
                "as unusual only by its network and device. Point it at a .mmdb file such as GeoLite2 or DB-IP Lite."
            )
        if self._open() is None:
            return "The file of GATEWAY_GEO_DATABASE cannot be read as a .mmdb database; countries are not worked out."
        return None

    def built(self) -> datetime | None:
        """When the database was made, by itself; None without one that can be read."""
        reader = self._open()
        return None if reader is None else datetime.fromtimestamp(reader.metadata().build_epoch, UTC)

    def find(self, address: str | None) -> GeoLocation:
        """The place of an address; NOWHERE if it is private, malformed, or not in the database."""
        parsed = parsed_address(address)
        reader = self._open()
        if parsed is None or reader is None:
            return NOWHERE
        try:
            return _place(reader.get(parsed))
        except ValueError:  # An IPv6 address, and a database of IPv4 only.
            return NOWHERE

    def _open(self) -> maxminddb.Reader | None:
        if self._path is None or monotonic() - self._looked_at < LOOKED_AT:
            return self._reader
        self._looked_at = monotonic()
        try:
            about = self._path.stat()
            # Opening costs seconds and memory, so only a changed file is opened.
            if (about.st_mtime_ns, about.st_size) != self._seen:
                # In memory: replacing or truncating the file cannot disturb look-ups.
                self._reader = maxminddb.open_database(self._path, maxminddb.MODE_MEMORY)
                self._seen = (about.st_mtime_ns, about.st_size)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            # A file that is being replaced: the old one, which is in memory, goes on answering.
            log.warning("the database of places cannot be read", extra={"error": type(error).__name__})
        return self._reader


def _place(record: Any) -> GeoLocation:
    """Read a record; databases differ in the key of the country code."""
    if not isinstance(record, dict):
        return NOWHERE
    country = record.get("country") or record.get("registered_country") or record.get("country_code")
    code = country.get("iso_code") if isinstance(country, dict) else country
    where = record.get("location")
    where = where if isinstance(where, dict) else {}
    latitude, longitude = where.get("latitude"), where.get("longitude")
    # Foreign data: a database may have other types at these places.
    text = code.upper() if isinstance(code, str) and len(code) == 2 else None
    if isinstance(latitude, float) and isinstance(longitude, float):
        return GeoLocation(text, latitude, longitude)
    return GeoLocation(text)


def parsed_address(address: str | None) -> IPv4Address | IPv6Address | None:
    """Parse an IP address; an IPv4-mapped IPv6 address becomes IPv4. None if malformed."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed


def network_of(address: str | None, v4: int = 24, v6: int = 48) -> str:
    """The network of an address, which stays the same when a household's address changes; empty if malformed."""
    parsed = parsed_address(address)
    if parsed is None:
        return ""
    return str(ip_network((parsed, v4 if parsed.version == 4 else v6), strict=False))

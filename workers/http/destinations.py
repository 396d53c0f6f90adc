"""Where we may connect to: one judgement for every address that an operator or a document names (SSRF).

The resolved address is judged, and it is the one that is connected to, so that a name cannot turn to another address
in between (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from policy.transport import LOOPBACK

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PRIVATE: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "64:ff9b::/96",  # NAT64 (RFC 6052)
            "64:ff9b:1::/48",  # NAT64 of one's own network (RFC 8215)
            "2002::/16",  # 6to4 (RFC 3056)
            "192.88.99.0/24",  # its relays (RFC 7526)
            "2001::/32",  # Teredo (RFC 4380)
            "::/96",  # IPv4-compatible (RFC 4291, 2.5.5.1)
            "::ffff:0:0/96",  # IPv4-mapped (RFC 4291, 2.5.5.2)
            "::ffff:0:0:0/96",  # IPv4-translated (RFC 7915)
            "fec0::/10",  # site-local (RFC 3879)
            "fc00::/7",  # unique-local (RFC 4193)
        ),
    )
)
"""Beside what Python calls private: forms of IPv6 behind which an address of ours may stand."""

ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The third word of an address that ends in an IPv4 address of a site (RFC 5214)."""


def is_public(address: Address) -> bool:
    """Whether it is an address of the Internet, and no private one in another form."""
    if any(address.version == network.version and address in network for network in PRIVATE):
        return False
    if isinstance(address, IPv6Address) and int(address) >> 32 & 0xFFFFFFFF in ISATAP:
        return False
    return address.is_global and not address.is_multicast


class Destinations:
    """Public addresses, those of the networks that are named, and this machine if it is named outright."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def allow(self, address: str, host: str) -> bool:
        """Whether this address, which a name was resolved to, may be connected to."""
        found = ip_address(address.partition("%")[0])
        if found.is_loopback:
            return host in LOOPBACK
        plain = getattr(found, "ipv4_mapped", None) or found
        if plain.is_loopback:
            return False
        named = any(plain.version == network.version and plain in network for network in self._networks)
        return named or is_public(found)

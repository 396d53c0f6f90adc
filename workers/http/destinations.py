"""Decides to which addresses we may connect, for every URL from an operator or a document (SSRF).

The resolved address is checked, and the connection goes to that address, so that the name cannot resolve to another one
in between (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from policy.transport import LOOPBACK

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks the addresses of a name up."""

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
"""IPv6 forms that can embed an internal address, which Python does not treat as private."""

ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The third 32-bit word of an ISATAP address, which ends in an IPv4 address (RFC 5214)."""


def is_public(address: Address) -> bool:
    """Return whether it is a public address of the Internet, and no private one in another form."""
    if any(address.version == network.version and address in network for network in PRIVATE):
        return False
    if isinstance(address, IPv6Address) and int(address) >> 32 & 0xFFFFFFFF in ISATAP:
        return False
    # `is_global` alone is true for many multicast addresses.
    return address.is_global and not address.is_multicast


class Destinations:
    """Allows public addresses, those of the configured networks, and this machine if it is named explicitly."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def allow(self, address: str, host: str) -> bool:
        """Return whether a connection to this address, to which `host` was resolved, is allowed."""
        found = ip_address(address.partition("%")[0])  # Without the zone of a link-local address.
        if found.is_loopback:
            return host in LOOPBACK
        # An IPv4-mapped address is checked as the IPv4 address to which the connection would go.
        plain = getattr(found, "ipv4_mapped", None) or found
        if plain.is_loopback:
            return False
        named = any(plain.version == network.version and plain in network for network in self._networks)
        return named or is_public(found)

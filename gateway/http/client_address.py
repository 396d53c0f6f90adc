"""The client's IP address behind trusted proxies (X-Forwarded-For; Forwarded, RFC 7239).

This is the only place that determines it (O11). An address that is not known is None, never the proxy's own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

log = logging.getLogger("gateway")

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

UNKNOWN = "unknown"
"""The network under which limits count clients of unknown address: one of its own, so they slow only each other."""

X_FORWARDED_FOR, FORWARDED = b"x-forwarded-for", b"forwarded"
MOST_HOPS = 16
"""Hops read from the right; further ones were written by clients, or by a proxy that runs in a circle."""
LONGEST_HOP = 256
"""Characters of one element that are read; no address with all its parameters has more."""


class Unclear(Enum):
    """The reason why an address is not known, with the remedy for the operator; each is logged once a process."""

    MISSING = "A proxy of GATEWAY_PROXIES names no client: have it send X-Forwarded-For or Forwarded."
    HIDDEN = "A proxy of GATEWAY_PROXIES names a client by something that is no address (unknown, _hidden)."
    PROXIES_ONLY = "Every address that was forwarded is in GATEWAY_PROXIES: name the proxies only, not their clients."
    DISAGREE = (
        "X-Forwarded-For and Forwarded name different clients: set GATEWAY_PROXY_HEADER to the one that your proxy "
        "writes, or anyone can send the other."
    )
    NO_PEER = "A connection has no internet address: listen on one, not on a socket file."


_logged: set[Unclear] = set()


def client_address(scope: Scope, proxies: Networks, header: str = "either") -> Address | None:
    """The client's address; None if it cannot be determined.

    It is the first address from the right that is no proxy of ours: what stands further left may be the client's own
    invention. `header` is the one that the proxies write, `x-forwarded-for` or `forwarded`; with `either` both are
    read, and must agree.
    """
    found = _determined(scope, proxies, header)
    if not isinstance(found, Unclear):
        return found
    # Once: every request through a misconfigured proxy would log it again.
    if found not in _logged:
        _logged.add(found)
        log.warning("a client's address cannot be told", extra={"reason": found.value})
    return None


def network_of(address: Address | str | None) -> str:
    """The network that limits count by: one IPv4 address, or the /64 of an IPv6 address; UNKNOWN for None."""
    # A /64 is the least that a subscriber gets (RFC 6177): counting addresses would give each 2^64 tries.
    found = parsed(address) if isinstance(address, str) else address
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 64 << 64)) + "/64"
    return UNKNOWN if found is None else str(found)


def within(address: Address | None, networks: Networks) -> bool:
    """True if the address is in one of the networks; False for None."""
    return address is not None and any(address in network for network in networks)


def peer_of(scope: Scope) -> Address | None:
    """The address at the other end of the TCP connection; headers are ignored."""
    client = scope.get("client")
    return parsed(client[0]) if client else None


# The same few proxies and clients ask again and again; to parse an address takes 3 microseconds.
@lru_cache(1024)
def parsed(text: str) -> Address | None:
    """An IP address without its zone, an IPv4-mapped IPv6 address as IPv4; None for anything else."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped or IPv6Address(int(found))
    return found


def _determined(scope: Scope, proxies: Networks, header: str) -> Address | Unclear:
    peer = peer_of(scope)
    if peer is None:
        return Unclear.NO_PEER
    if not within(peer, proxies):
        return peer
    found = [
        _first_stranger(_hops(lines, name), proxies)
        for name in (X_FORWARDED_FOR, FORWARDED)
        if header in ("either", name.decode()) and (lines := _lines(scope, name))
    ]
    if not found:
        return Unclear.MISSING
    return found[0] if all(each == found[0] for each in found) else Unclear.DISAGREE


def _first_stranger(hops: Iterator[str], proxies: Networks) -> Address | Unclear:
    said = Unclear.MISSING
    for _, hop in zip(range(MOST_HOPS), hops, strict=False):
        address = _of_node(hop)
        if address is None:
            return Unclear.HIDDEN
        # Trust ends at the first foreign address: it was written by our own proxy, all before it by strangers.
        if not within(address, proxies):
            return address
        said = Unclear.PROXIES_ONLY
    return said


def _lines(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for each, value in scope["headers"] if each == name]


def _hops(lines: Sequence[str], name: bytes) -> Iterator[str]:
    """The nodes of the header, last one first; empty elements are ignored (RFC 9110 §5.6.1)."""
    for line in reversed(lines):
        for element in _elements(line):
            node = element if name == X_FORWARDED_FOR else _for(element)
            if node is None or node.strip():
                yield "" if node is None else node


def _elements(line: str) -> Iterator[str]:
    """The elements of one header line, last one first.

    They are read from the right, where our own proxy writes: a quotation mark that a client left open further left
    cannot swallow what the proxy appended.
    """
    parts = line.split(",")
    while parts:
        element = parts.pop()
        # A comma inside quotes does not separate (RFC 9110 §5.6.4). Bounded, so that quotes cost linear time (G12).
        while parts and element.count('"') % 2 and len(element) < LONGEST_HOP:
            element = f"{parts.pop()},{element}"
        if element.strip():
            yield element.strip()[-LONGEST_HOP:]


def _for(element: str) -> str | None:
    """The `for` parameter of one element of a Forwarded header (RFC 7239 §4); None if there is none, or two."""
    pairs = [pair.partition("=") for pair in element.split(";")]
    found = [value for name, equals, value in pairs if equals and name.strip().lower() == "for"]
    return found[0] if len(found) == 1 else None


def _of_node(text: str) -> Address | None:
    """The address of a node (RFC 7239 §6), quoted or not, with or without a port; None for any other identifier."""
    node = text.strip()
    if len(node) > 1 and node[0] == node[-1] == '"':
        node = node[1:-1].replace("\\", "").strip()
    if node.startswith("["):
        inner, bracket, port = node[1:].partition("]")
        return parsed(inner) if bracket and ":" in inner and (not port or port.startswith(":")) else None
    if node.count(":") == 1:  # IPv4 with a port; an IPv6 address has two colons or more.
        node = node.partition(":")[0]
    return parsed(node)

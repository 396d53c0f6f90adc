"""Whose connection it is: the client's address behind the proxies we trust (X-Forwarded-For; RFC 7239, Forwarded).

This is the one place that tells it. What cannot be told is None, never the address of the proxy itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

log = logging.getLogger("gateway")

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

UNKNOWN = "unknown"
"""What limits count whom nobody can tell from others under: one network of its own, so only they slow each other."""

X_FORWARDED_FOR, FORWARDED = b"x-forwarded-for", b"forwarded"
MOST_HOPS = 16
LONGEST_HOP = 256
"""Characters of one element that are looked at; no address with all its parameters has more."""


class Unclear(Enum):
    """Why an address cannot be told, with what an operator can do about it; each is logged once."""

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
    """The client's address; None when it cannot be told.

    From the right, the first address that is no proxy of ours: what stands further left may have been written by the
    client itself. `header` is the one the proxies write, `x-forwarded-for` or `forwarded`; with `either` both may come,
    and must then agree.
    """
    found = _told(scope, proxies, header)
    if not isinstance(found, Unclear):
        return found
    if found not in _logged:
        _logged.add(found)
        log.warning("a client's address cannot be told", extra={"reason": found.value})
    return None


def network_of(address: Address | str | None) -> str:
    """The network that limits count: one IPv4 address, or the /64 that one IPv6 subscriber has; UNKNOWN for none."""
    found = parsed(address) if isinstance(address, str) else address
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 64 << 64)) + "/64"
    return UNKNOWN if found is None else str(found)


def within(address: Address | None, networks: Networks) -> bool:
    """Whether the address is in one of the networks."""
    return address is not None and any(address in network for network in networks)


def peer_of(scope: Scope) -> Address | None:
    """The address at the other end of the connection itself, whatever any header says."""
    client = scope.get("client")
    return parsed(client[0]) if client else None


def parsed(text: str) -> Address | None:
    """An internet address without its zone; an IPv4-mapped IPv6 address is the IPv4 one; None for anything else."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped or IPv6Address(int(found))
    return found


def _told(scope: Scope, proxies: Networks, header: str) -> Address | Unclear:
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
        if not within(address, proxies):
            return address
        said = Unclear.PROXIES_ONLY
    return said


def _lines(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for each, value in scope["headers"] if each == name]


def _hops(lines: Sequence[str], name: bytes) -> Iterator[str]:
    """The nodes that are named, from the last one; empty elements do not count (RFC 9110 section 5.6.1)."""
    for line in reversed(lines):
        for element in _elements(line):
            node = element if name == X_FORWARDED_FOR else _for(element)
            if node is None or node.strip():
                yield "" if node is None else node


def _elements(line: str) -> Iterator[str]:
    """The elements of one line, from the last one.

    They are read from the right, where our own proxy wrote: a quotation mark that a client left open further left
    does not swallow what the proxy added after it.
    """
    parts = line.split(",")
    while parts:
        element = parts.pop()
        while parts and element.count('"') % 2 and len(element) < LONGEST_HOP:
            element = f"{parts.pop()},{element}"
        if element.strip():
            yield element.strip()[-LONGEST_HOP:]


def _for(element: str) -> str | None:
    """The `for` of one element of a Forwarded header (RFC 7239 section 4); None where it has none, or two."""
    pairs = [pair.partition("=") for pair in element.split(";")]
    found = [value for name, equals, value in pairs if equals and name.strip().lower() == "for"]
    return found[0] if len(found) == 1 else None


def _of_node(text: str) -> Address | None:
    """The address of a node (RFC 7239 section 6): in quotes or not, with a port or not; None for any other name."""
    node = text.strip()
    if len(node) > 1 and node[0] == node[-1] == '"':
        node = node[1:-1].replace("\\", "").strip()
    if node.startswith("["):
        inner, bracket, port = node[1:].partition("]")
        return parsed(inner) if bracket and ":" in inner and (not port or port.startswith(":")) else None
    if node.count(":") == 1:
        node = node.partition(":")[0]
    return parsed(node)

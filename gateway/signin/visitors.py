"""Whose connection it is: the address behind the proxies that we trust, and the browser in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from starlette.requests import HTTPConnection

from resolvers.signins import Visitor
from resolvers.signins_devices import device_of
from resolvers.signins_places import parsed_address

Networks = Sequence[IPv4Network | IPv6Network]
MOST_HOPS = 16


def address_of(connection: HTTPConnection, proxies: Networks) -> str | None:
    """The address of the client. What `X-Forwarded-For` says is believed from the right, as long as who said it is a
    proxy of ours: anything further left may have been written by the client itself."""
    here = connection.client.host if connection.client else None
    hops = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")[-MOST_HOPS:]
    while hops and _is_proxy(here, proxies):
        said = hops.pop().strip()
        if parsed_address(said) is None:
            break
        here = said
    parsed = parsed_address(here)
    return None if parsed is None else str(parsed)


def visitor_of(connection: HTTPConnection, proxies: Networks, device_secret: str | None) -> Visitor:
    """Who knocks."""
    device = device_of(connection.headers.get("user-agent"))
    return Visitor(address_of(connection, proxies), device, device_secret)


def _is_proxy(address: str | None, proxies: Networks) -> bool:
    parsed = parsed_address(address)
    return parsed is not None and any(parsed in network for network in proxies)

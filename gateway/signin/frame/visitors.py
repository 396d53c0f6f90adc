"""The visitor of a connection: the address behind trusted proxies, and the browser in a few words."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from gateway.http.client_address import Networks, client_address
from resolvers.signins.devices import device_of
from resolvers.signins.signins import Visitor

__all__ = ["Networks", "visitor_of"]


def visitor_of(connection: HTTPConnection, proxies: Networks, header: str, device_secret: str | None) -> Visitor:
    """The visitor; without an address if that is not known. `header` is the one that the proxies write."""
    address = client_address(connection.scope, proxies, header)
    device = device_of(connection.headers.get("user-agent"))
    return Visitor(None if address is None else str(address), device, device_secret)

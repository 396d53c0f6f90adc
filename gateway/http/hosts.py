"""Refuses requests whose Host is not one of the gateway's names: protection from DNS rebinding (RFC 9110 §7.4)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

import idna
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http import problems
from gateway.http.client_address import parsed
from gateway.http.middleware import PROBES
from gateway.http.problems import ProblemError

LOCAL = "localhost"
METRICS = "/metrics"
"""Monitoring reads it by IP address. A rebound page cannot: its requests carry the page's own host name."""
LONGEST = 260
"""Bytes of a Host header: a name of 253 (RFC 1035), and a port."""


class Hosts:
    """Admits requests for the issuer's host, the names of GATEWAY_HOSTS, and `localhost`.

    Otherwise a browser would treat a foreign page whose name was rebound to this address as one of ours. With
    `any_address` IP addresses are admitted as well, as the demo needs in a container or a local network.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], any_address: bool = False) -> None:
        self._app, self._any_address = app, any_address
        self._names = frozenset(normal(name) for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; Problem 400 without exactly one Host header, 421 for a foreign one."""
        # Orchestrators probe by pod address; the probes say nothing that a rebound page could use.
        if scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        host = _host(scope)
        if host is None:
            raise problems.malformed("Send one Host header, with the name that you reach the gateway under.")
        if host not in self._names and not _is_loopback(host) and not self._is_by_address(scope, host):
            raise unknown_host()
        await self._app(scope, receive, send)

    def _is_by_address(self, scope: Scope, host: str) -> bool:
        return (self._any_address or scope["path"] == METRICS) and parsed(host) is not None


def names_of(issuer: str, more: Iterable[str]) -> frozenset[str]:
    """The host of the issuer, and more names, without empty ones."""
    return frozenset({urlsplit(issuer).hostname or "", *more} - {""})


def normal(name: str) -> str:
    """A host name in canonical form: lower case, A-labels (RFC 5891), no trailing dot; unchanged if it is no name."""
    text = name.strip().lower().rstrip(".")
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return text


def unknown_host() -> ProblemError:
    """421 Misdirected Request (RFC 9110 §15.5.20): the host name is not one of ours."""
    message = "The gateway does not answer under that host: use the issuer's, or have it named in GATEWAY_HOSTS."
    return ProblemError(421, "UNKNOWN_HOST", message)


def _host(scope: Scope) -> str | None:
    """The host without its port; None unless there is exactly one Host header (RFC 9112 §3.2)."""
    given: list[bytes] = [value for name, value in scope["headers"] if name == b"host"]
    # Two Host headers: a proxy may have routed by the other one than this gateway would check.
    if len(given) != 1 or not 0 < len(given[0]) <= LONGEST:
        return None
    text = given[0].decode("latin-1")
    if text.startswith("["):
        return text[1:].partition("]")[0].lower()
    return normal(text.partition(":")[0])


@lru_cache(256)
def _is_loopback(host: str) -> bool:
    """True for `localhost`, its subdomains (RFC 6761 §6.3) and loopback addresses, which no DNS answer can rebind."""
    address = parsed(host)
    return host == LOCAL or host.endswith(f".{LOCAL}") or (address is not None and address.is_loopback)

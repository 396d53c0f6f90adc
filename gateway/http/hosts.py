"""Under which names the gateway answers: a name of somebody else's that leads here is refused (DNS rebinding; RFC 9110
section 7.4)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import idna
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http import problems
from gateway.http.client_address import parsed
from gateway.http.middleware import PROBES
from gateway.http.problems import ProblemError

LOCAL = "localhost"
METRICS = "/metrics"
"""Monitors ask for it by the address of this process; no page of another site can: that has a name."""
LONGEST = 260
"""Bytes of a Host: a name of 253, and a port."""


class Hosts:
    """Lets in what comes under a name of ours: that of the issuer, those of GATEWAY_HOSTS, and `localhost`.

    A page elsewhere whose name was made to lead here would else be taken for a page of ours by browsers. With
    `any_address` an address in place of a name will do, as the demo needs it in a container or a local network.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], any_address: bool = False) -> None:
        self._app, self._any_address = app, any_address
        self._names = frozenset(normal(name) for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or Problem 400 without a Host and 421 for one that is not ours."""
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
    """The names that are ours."""
    return frozenset({urlsplit(issuer).hostname or "", *more} - {""})


def normal(name: str) -> str:
    """A host in one form: small letters, A-labels (RFC 5891), no closing dot; as it is where it is no name."""
    text = name.strip().lower().rstrip(".")
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return text


def unknown_host() -> ProblemError:
    """421: this name leads here, and is not ours."""
    message = "The gateway does not answer under that host: use the issuer's, or have it named in GATEWAY_HOSTS."
    return ProblemError(421, "UNKNOWN_HOST", message)


def _host(scope: Scope) -> str | None:
    """The name without its port; None when there is not exactly one."""
    given: list[bytes] = [value for name, value in scope["headers"] if name == b"host"]
    if len(given) != 1 or not 0 < len(given[0]) <= LONGEST:
        return None
    text = given[0].decode("latin-1")
    if text.startswith("["):
        return text[1:].partition("]")[0].lower()
    return normal(text.partition(":")[0])


def _is_loopback(host: str) -> bool:
    """Whether it means the machine that asks: no other name leads a browser there unseen."""
    address = parsed(host)
    return host == LOCAL or host.endswith(f".{LOCAL}") or (address is not None and address.is_loopback)

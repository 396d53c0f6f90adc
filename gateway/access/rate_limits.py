"""How often one network may ask what anybody may ask: counted in memory, so that asking writes nothing (G14).

The limit is each process's own: a counter that replicas share would be a durable write a request, which is what it is
there to prevent. With N replicas a network may ask N times as often.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cachetools import LRUCache
from starlette.requests import HTTPConnection

from gateway.http.client_address import Networks, client_address, network_of

MOST = 50_000
"""Networks that are remembered; those that asked longest ago are forgotten first."""


class RateLimit:
    """The generic cell rate algorithm, per network: one IPv4 address, or the /64 that one IPv6 subscriber has."""

    def __init__(
        self,
        per_minute: int,
        proxies: Networks = (),
        header: str = "either",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A minute's requests may come at once; 0: there is no limit."""
        self._step = 60 / per_minute if per_minute else 0.0
        self._proxies, self._header, self._clock = proxies, header, clock
        self._due: LRUCache[str, float] = LRUCache(MOST)

    def wait(self, connection: HTTPConnection) -> float:
        """Seconds until the network may ask again; 0 when it may now, which is counted."""
        if not self._step:
            return 0.0
        network = network_of(client_address(connection.scope, self._proxies, self._header))
        now = self._clock()
        due = max(now, self._due.pop(network, now))
        ahead = due - now - (60 - self._step)
        if ahead > 1e-9:
            self._due[network] = due
            return ahead
        self._due[network] = due + self._step
        return 0.0

"""Rate limit per network for anonymous requests, counted in memory so that such a request writes nothing (G14).

Each process counts for itself: a counter shared by replicas would be one durable write a request, which is what the
limit is there to prevent. With N replicas a network may send N times as many requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cachetools import LRUCache
from starlette.requests import HTTPConnection

from gateway.http.client_address import Networks, client_address, network_of

MOST = 50_000
"""Networks in memory; those that asked longest ago are evicted first."""


class RateLimit:
    """The generic cell rate algorithm (GCRA), per network: one IPv4 address, or the /64 of one IPv6 subscriber."""

    def __init__(
        self,
        per_minute: int,
        proxies: Networks = (),
        header: str = "either",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow `per_minute` requests, all of which may come in one burst; 0 means no limit."""
        self._step = 60 / per_minute if per_minute else 0.0
        self._proxies, self._header, self._clock = proxies, header, clock
        self._due: LRUCache[str, float] = LRUCache(MOST)

    def wait(self, connection: HTTPConnection) -> float:
        """Count the request and return 0, or return the seconds until the network may ask again."""
        if not self._step:
            return 0.0
        network = network_of(client_address(connection.scope, self._proxies, self._header))
        now = self._clock()
        # Popped and set again, so that the dict stays in the order of use, in which it is evicted.
        due = max(now, self._due.pop(network, now))
        ahead = due - now - (60 - self._step)
        if ahead > 1e-9:  # Not 0: sums of 60 / per_minute are off by rounding, and would refuse the last of a burst.
            self._due[network] = due
            return ahead
        self._due[network] = due + self._step
        return 0.0

"""A network for httpcore that connects to no address that was not judged; imported with httpcore, at the first need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from httpcore import AnyIOBackend, AsyncNetworkStream

from workers.http.destinations import Destinations, Resolve
from workers.http.errors import HttpRequestError


class JudgingBackend(AnyIOBackend):
    """Looks a name up once, and connects to the first of its addresses that is allowed (no DNS rebinding)."""

    def __init__(self, destinations: Destinations, look_up: Resolve) -> None:
        self._destinations, self._look_up = destinations, look_up

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:  # fmt: skip
        """Connect, or HttpRequestError FORBIDDEN if no address of the name is allowed; OSError for no such name."""
        for address in await self._look_up(host, port):
            if self._destinations.allow(address, host):
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
        raise HttpRequestError("FORBIDDEN")

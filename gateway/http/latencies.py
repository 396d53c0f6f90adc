"""How long requests take, as Prometheus histograms: by address, method and class of status, never by what was asked."""

from __future__ import annotations

from time import perf_counter

from prometheus_client import CollectorRegistry, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A page of 500 takes some 10 ms, an operation is cut after 10 s."""
OTHER = "(other)"
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "DELETE"})


class Latencies:
    """Observes every request. Only addresses that the gateway has are named: anything may be typed behind a host."""

    def __init__(self, app: ASGIApp, paths: frozenset[str], registry: CollectorRegistry) -> None:
        self._app, self._paths = app, paths
        self._seconds = Histogram(
            "gateway_http_request_duration_seconds",
            "Seconds from a request's head to the end of its answer.",
            ["path", "method", "status"],
            buckets=BUCKETS,
            registry=registry,
        )
        # `labels()` builds and locks; the child of a combination is kept.
        self._children: dict[tuple[str, str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, then observe how long it took."""
        status, began = 500, perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._child(scope["path"], scope["method"], status).observe(perf_counter() - began)

    def _child(self, path: str, method: str, status: int) -> Histogram:
        path = path if path in self._paths else OTHER
        method = method if method in METHODS else OTHER
        key = path, method, status // 100
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._seconds.labels(path, method, f"{status // 100}xx")
        return child

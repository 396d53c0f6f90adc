"""How long requests take, as Prometheus histograms: by path, method and class of status, never by what was asked."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram

from gateway.http.middleware import OTHER

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A page of 500 takes some 10 ms, an operation is cut after 10 s."""
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "DELETE"})
"""Methods that are named: a client may send any word for one."""
ABORTED = 500
"""The status that an aborted request counts for."""


class Latencies:
    """An observer of requests (`gateway.http.middleware.Observed`)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "gateway_http_request_duration_seconds",
            "Seconds from a request's head to the end of its answer.",
            ["path", "method", "status"],
            buckets=BUCKETS,
            registry=registry,
        )
        # `labels()` builds and locks; the child of a combination is kept.
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count the duration of one request."""
        key = path, method if method in METHODS else OTHER, (status or ABORTED) // 100
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._seconds.labels(*key[:2], f"{key[2]}xx")
        child.observe(seconds)

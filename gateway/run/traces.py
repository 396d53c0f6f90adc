"""Traces by OpenTelemetry, with W3C Trace Context; imported only where GATEWAY_TRACES names a collector."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.config.request_names import CURRENT
from gateway.http.latencies import METHODS
from gateway.http.middleware import OTHER
from store.database.store import Store
from store.ledger.append import Append
from store.sql.reading import Fetch, PreparedStatement, Row

TRACEPARENT: Final = b"traceparent"
PROPAGATOR: Final = TraceContextTextMapPropagator()
LONGEST: Final = 128
"""Characters of a `traceparent` that are read; one of version 00 has 55."""


def parent_of(given: Sequence[bytes]) -> Context:
    """The caller's span, by the values of `traceparent` (W3C Trace Context); empty without one that can be read.

    `tracestate` and `baggage` are not read: they carry free text.
    """
    if len(given) != 1 or len(given[0]) > LONGEST:
        return Context()
    return PROPAGATOR.extract({"traceparent": given[0].decode("latin-1")}, Context())


@contextmanager
def opened_traces(endpoint: str) -> Iterator[Traces]:
    """Traces for the length of the block."""
    traces = Traces(endpoint)
    try:
        yield traces
    finally:
        traces.close()


class Traces:
    """Makes spans of requests, of statements and of the wait for the ledger, and sends them by OTLP over HTTP.

    Attributes are names alone: registered clients, purposes, operations, tables. No span records an exception, whose
    text may quote a value (D1). Sampling, headers and time limits are OpenTelemetry's own settings (`OTEL_…`).
    """

    def __init__(self, endpoint: str) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": "customer-data-gateway"}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("gateway")

    def close(self) -> None:
        """Send what is waiting, within the exporter's time limit."""
        self._provider.shutdown()

    def requests(self, app: ASGIApp, paths: Collection[str]) -> ASGIApp:
        """The application with a span around each request; only `paths` are named."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["path"] in paths else OTHER
            method = scope["method"] if scope["method"] in METHODS else "_OTHER"
            with self._tracer.start_as_current_span(
                f"{method} {path}",
                parent_of([value for name, value in scope["headers"] if name == TRACEPARENT]),
                SpanKind.SERVER,
                {"http.request.method": method, "http.route": path},
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                names = CURRENT.get()
                if names is not None:
                    names.trace = format(span.get_span_context().trace_id, "032x")

                async def send_and_note(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        span.set_attribute("http.response.status_code", message["status"])
                    await send(message)

                try:
                    await app(scope, receive, send_and_note)
                finally:
                    if names is not None and span.is_recording():
                        span.set_attributes(
                            {"gateway.request.id": names.id}
                            | ({"gateway.client": names.client} if names.client else {})
                            | ({"gateway.purpose": names.purpose} if names.purpose else {})
                            | ({"graphql.operation.name": names.operation} if names.operation else {})
                        )

        return traced

    def watch(self, store: Store) -> None:
        """Make a span of each statement that reads, and of each wait until an entry of the ledger is durable."""
        store.observe(self._fetching, self._appending)

    def _fetching(self, database: str, fetch: Fetch) -> Fetch:
        async def traced(prepared: PreparedStatement, values: Mapping[str, Any]) -> Sequence[Row]:
            table = prepared.source or OTHER
            with self._tracer.start_as_current_span(
                f"SELECT {table}",
                kind=SpanKind.CLIENT,
                attributes={"db.namespace": database, "db.operation.name": "SELECT", "db.collection.name": table},
                record_exception=False,
                set_status_on_exception=False,
            ):
                return await fetch(prepared, values)

        return traced

    def _appending(self, append: Append) -> Append:
        async def traced(entry: Mapping[str, Any]) -> bytes:
            with self._tracer.start_as_current_span(
                "ledger wait", record_exception=False, set_status_on_exception=False
            ):
                return await append(entry)

        return traced

"""All that uses private parts of uvicorn, written for 0.54: its protocol (G11) and its server (F6).

uvicorn documents settings, `run` and `serve`. It has no public way to limit a header section in time and size, to
answer what is not HTTP in a form of our own, or to announce the end of connections before it closes them.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import ClassVar

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.http.middleware import POLICY, SECURITY, security_headers

WRITTEN_FOR = "0.54"
"""The version whose source was read; tests/test_private_parts.py compares it with the installed one."""

DRAIN_SECONDS = 1.0
"""Seconds that idle connections stay open at shutdown, for requests sent before the client could know of it."""

MAX_HEAD_BYTES = 65_536
"""The most bytes of a header section, not counting the first read from the socket."""

TOO_LONG = (b"431 Request Header Fields Too Large", "HEAD_TOO_LARGE", "The head of the request is too long.")


class Connection(HttpToolsProtocol):
    """Closes a connection that sends no complete header section within `head_seconds` (slowloris).

    Between requests uvicorn's own keep-alive timeout holds.
    """

    head_seconds: ClassVar[float] = 10
    security: ClassVar[tuple[tuple[bytes, bytes], ...]] = SECURITY

    _last = False
    _deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client connected: the deadline of its first request starts."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.head_seconds, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client disconnected: the deadline is cancelled."""
        self._cancel_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass data to the parser, and start a deadline if no request, or only a part of its header, has arrived."""
        if self._in_head:
            self._head_bytes += len(data)
            # httptools has no limit for headers: without this one a client could fill the memory (G11).
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(*TOO_LONG)
                return
        super().data_received(data)
        # `response_complete`: on a kept-alive connection the old cycle stays until the next header is complete.
        if self._deadline is None and (self._in_head or self.cycle is None or self.cycle.response_complete):
            self._deadline = self.loop.call_later(self.head_seconds, self.transport.close)

    def on_message_begin(self) -> None:
        """A header section begins (a callback of the parser)."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A header section is complete (a callback of the parser): the body has a deadline of its own."""
        self._in_head = False
        self._cancel_deadline()
        super().on_headers_complete()
        if self._last:
            self.cycle.keep_alive = False

    def close_after_response(self) -> None:
        """Send `Connection: close` with the response in progress, or else with the next one (RFC 9110 §7.6.1)."""
        self._last = True
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: an Upgrade header is ignored (RFC 9110 §7.8), and anybody could fill the log with them."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, in the form of all other problems (RFC 9457)."""
        # uvicorn's own answer is plain text without security headers.
        self._refuse(b"400 Bad Request", "INVALID_HTTP", msg)

    def _refuse(self, status: bytes, code: str, message: str) -> None:
        body = orjson.dumps({"title": status[4:].decode(), "status": int(status[:3]), "code": code, "detail": message})
        headers = [
            *self.security,
            (b"content-security-policy", POLICY),
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            # After a parse error it is unknown where the next request begins (request smuggling, RFC 9112 §11.2).
            (b"connection", b"close"),
        ]
        lines = [b"HTTP/1.1 " + status, *(name + b": " + value for name, value in headers), b"", body]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def with_head_timeout(seconds: float, only_https: bool = False) -> type[Connection]:
    """A protocol class whose connections allow so many seconds for a header section."""
    # uvicorn takes a class and no arguments for it, so the values become attributes of a class of their own.
    return type("Connection", (Connection,), {"head_seconds": seconds, "security": security_headers(only_https)})


class Server(uvicorn.Server):
    """uvicorn's server, whose `serve` returns after a signal: exit code 0, when everything has been written (F6)."""

    def __init__(
        self,
        config: uvicorn.Config,
        started: Callable[[], None],
        stopping: Callable[[], None] = lambda: None,
        leaving_seconds: float = 0,
    ) -> None:
        """`stopping` is called when a signal has come; connections are accepted for `leaving_seconds` after that."""
        super().__init__(config)
        self._report_started, self._report_stopping = started, stopping
        self._leaving_seconds = leaving_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then call `started`."""
        await super().startup(sockets)
        if self.started:
            self._report_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain connections, so that no request is lost (F6).

        0. `stopping` tells the load balancer by the readiness probe, which needs a while to see it; 1. then no new
        connection is accepted; 2. the next response on each open one says `Connection: close`; idle ones
        stay open for DRAIN_SECONDS, because a request may be on its way; 3. uvicorn closes the rest, and lets running
        requests finish within its own timeout.
        """
        self._report_stopping()  # 0
        leaving, tick = asyncio.get_running_loop().time() + self._leaving_seconds, 0
        while not self.force_exit and asyncio.get_running_loop().time() < leaving:
            await self.on_tick(tick)  # It keeps the Date of answers right.
            tick = (tick + 1) % 864_000
            await asyncio.sleep(0.1)
        for listener in self.servers:  # 1
            listener.close()
        for connection in [each for each in self.server_state.connections if isinstance(each, Connection)]:  # 2
            connection.close_after_response()
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self._has_connections() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)  # 3

    def _has_connections(self) -> bool:
        return bool(self.server_state.connections) and not self.force_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin a graceful shutdown; a second Ctrl-C does not wait for running requests."""
        # Without uvicorn's own handler, which would raise the signal again in the end: an exit code other than 0.
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

"""A connection of a client: uvicorn's, but it neither waits for ever for a head nor keeps all of one (G11)."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.http.middleware import POLICY, SECURITY, security_headers

MAX_HEAD_BYTES = 65_536
"""The longest head, beyond what the first reading of the socket brought."""

TOO_LONG = (b"431 Request Header Fields Too Large", "HEAD_TOO_LARGE", "The head of the request is too long.")


class Connection(HttpToolsProtocol):
    """Closes a connection that brings no complete head in `head_seconds`; between requests uvicorn's own rule holds."""

    head_seconds: ClassVar[float] = 10
    security: ClassVar[tuple[tuple[bytes, bytes], ...]] = SECURITY

    _last = False
    _deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client came: the time for its first head begins."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.head_seconds, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has left."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came. What begins no request, or only begins its head, has a deadline."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(*TOO_LONG)
                return
        super().data_received(data)
        if self._deadline is None and (self._in_head or self.cycle is None or self.cycle.response_complete):
            self._deadline = self.loop.call_later(self.head_seconds, self.transport.close)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is complete."""
        self._in_head = False
        self._rest()
        super().on_headers_complete()
        if self._last:
            self.cycle.keep_alive = False

    def say_goodbye(self) -> None:
        """The next answer on this connection, or the one under way, tells the client to go elsewhere afterwards."""
        self._last = True
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: whoever asks for another protocol is answered in this one, and fills no log (RFC 9110 §7.8)."""

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is told so in the form of all our refusals."""
        self._refuse(b"400 Bad Request", "INVALID_HTTP", msg)

    def _refuse(self, status: bytes, code: str, message: str) -> None:
        body = orjson.dumps({"title": status[4:].decode(), "status": int(status[:3]), "code": code, "detail": message})
        headers = [
            *self.security,
            (b"content-security-policy", POLICY),
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        lines = [b"HTTP/1.1 " + status, *(name + b": " + value for name, value in headers), b"", body]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def patient_for(seconds: float, only_https: bool = False) -> type[Connection]:
    """The kind of connection that gives a head so many seconds."""
    return type("Connection", (Connection,), {"head_seconds": seconds, "security": security_headers(only_https)})

"""The HTTP server: uvicorn on a socket opened here, with graceful shutdown and a clear error for a port in use."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

from gateway.config.settings import Settings
from gateway.http.uvicorn_private import Server, with_head_timeout

log = logging.getLogger("gateway")

Result = TypeVar("Result")

STALLED_SECONDS = 60
"""Seconds after which a client that does not read its response is disconnected (G11)."""


class ListenError(Exception):
    """The address cannot be bound; the text says why, and what to do."""


def listen(host: str, port: int, stalled_seconds: int = STALLED_SECONDS) -> socket.socket:
    """A listening socket; ListenError if the port is in use or the address is not of this machine.

    Its connections end when sent data is not acknowledged for `stalled_seconds`, where the system can do that
    (RFC 5482).
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family)
        try:
            # A restart must not wait for connections of the last process in TIME_WAIT.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; accepted connections inherit it from the listener.
                taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stalled_seconds * 1_000)
            taken.bind(address)
            taken.listen(2048)
        except OSError:
            taken.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ListenError(f"Port {port} is in use. Choose another one: PORT={port + 1} {{command}}") from error
        raise ListenError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
    return taken


async def serve(
    app: ASGIApp,
    settings: Settings,
    listening: socket.socket,
    started: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests finish within `shutdown_seconds` of the settings.

    `stopping` is called when the signal has come; the listener is closed `drain_seconds` later.
    """
    # proxy_headers off: the client's address is determined in one place only, `client_address` (O11).
    config = uvicorn.Config(
        app,
        http=with_head_timeout(settings.head_seconds, settings.only_https),
        ws="none",  # No subscriptions: one protocol less to secure.
        lifespan="off",  # The store is opened before listening and closed after draining, by `answer_until_stopped`.
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,  # The name of the server helps nobody but attackers.
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=settings.idle_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    _collect_rarely()
    await Server(config, started, stopping, settings.drain_seconds).serve([listening])


def _collect_rarely() -> None:
    """Exempt what exists at the start from garbage collection, and collect less often.

    A page of hundreds of rows makes enough small objects for many collections, which find nothing: measured, a fifth
    of the time of such a request.
    """
    # Frozen objects are never scanned again; all modules and the schema are loaded by now.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine on uvloop where it is installed, else on asyncio's own event loop."""
    try:
        import uvloop  # There is none for Windows and PyPy.
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)

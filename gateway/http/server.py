"""The HTTP server: uvicorn on a socket of ours, which stops cleanly and says so when its port is taken."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import socket
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

from gateway.config.settings import Settings
from gateway.http.connections import Connection, patient_for

log = logging.getLogger("gateway")

Result = TypeVar("Result")

STALLED_SECONDS = 60
"""After which a client that takes nothing of its answer is cut off (G11)."""
FAREWELL_SECONDS = 1.0
"""How long connections stay open for a request that was sent before the client could know of the end."""


class ListenError(Exception):
    """The address is not to be had; the text says why, and what to do."""


class Server(uvicorn.Server):
    """uvicorn, but a signal to stop ends in a normal return: exit code 0, once everything has been written (F6)."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then tell."""
        await super().startup(sockets)
        if self.started:
            self._tell_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door without shutting it in anyone's face.

        1. nobody new is let in; 2. who is inside is told with the next answer that it is the last, and has a moment
        to ask, because a request may be on its way already; 3. the others are let go, and running requests finish.
        """
        for listener in self.servers:  # 1
            listener.close()
        inside = [each for each in self.server_state.connections if isinstance(each, Connection)]
        for connection in inside:  # 2
            connection.say_goodbye()
        deadline = asyncio.get_running_loop().time() + FAREWELL_SECONDS
        while self._anyone_inside() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)  # 3

    def _anyone_inside(self) -> bool:
        return bool(self.server_state.connections) and not self.force_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests and finish those that run; a second Ctrl-C does not wait for them."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def listen(host: str, port: int, stalled_seconds: int = STALLED_SECONDS) -> socket.socket:
    """A listening socket; ListenError when the port is taken or the address is not ours.

    Its connections end when what is sent is not taken for `stalled_seconds`, where the system can do that (RFC 5482).
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections have it from the socket they come in by
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


async def serve(app: ASGIApp, settings: Settings, listening: socket.socket, started: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or SIGINT, then let running ones finish within the settings' time."""
    config = uvicorn.Config(
        app,
        http=patient_for(settings.head_seconds, settings.only_https),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=settings.idle_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    _collect_rarely()
    await Server(config, started).serve([listening])


def _collect_rarely() -> None:
    """Let the collector of reference cycles leave alone what lives as long as the process, and come less often.

    A page of hundreds of rows makes enough small objects for many collections, each of which finds nothing: measured, a
    fifth of the time of such a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run until done on the fastest event loop there is."""
    try:
        import uvloop  # not on every platform
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)

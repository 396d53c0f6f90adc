"""A port that several processes listen on at once; the kernel shares the connections out."""

from __future__ import annotations

import socket


def shared_socket(port: int) -> socket.socket:
    """A listening socket on loopback with SO_REUSEPORT."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(2048)
    return listening

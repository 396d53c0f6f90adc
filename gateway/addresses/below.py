"""Serves the gateway below a path of its host, when the issuer has one: `https://www.example.com/account`.

Everything inside knows its own addresses only, as if it stood at the root: the path is taken off what comes in, and put
before what goes out, in three places, each of which is the only one of its kind: `Location` headers here, addresses of
pages in `gateway.http.templates.page`, those of scripts by `static/root.js`. Absolute addresses begin with the public
address, which has the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

AT_THE_HOST: Final = frozenset(
    {"/healthz", "/readyz", "/metrics", "/.well-known/security.txt", "/.well-known/gpc.json"}
)
"""Answered at the root of the host, too: orchestrators probe by address, and two documents are of a whole host."""
WELL_KNOWN: Final = "/.well-known/"
BEFORE_THE_PATH: Final = ("oauth-authorization-server", "oauth-protected-resource")
"""Metadata whose well-known path stands between host and path (RFC 8414 §3.1, RFC 9728 §3.1)."""
_ADDRESS: Final = re.compile(r'((?:\s(?:href|src|action)="|http-equiv="refresh" content="0; url=))/(?!/)')
"""An address in markup of ours: what is put in is escaped, so that no text of anybody's has such a quotation mark."""
_path: ContextVar[str] = ContextVar("path of the gateway", default="")


@contextmanager
def below(path: str) -> Iterator[None]:
    """Make pages for this path, such as `/account`, in the block; `""` is the root."""
    token = _path.set(path)
    try:
        yield
    finally:
        _path.reset(token)


def outside(path: str) -> str:
    """Return the path of an address of ours as others need it."""
    return _path.get() + path


def addressed(page: str) -> str:
    """Return a page of ours with the path before each of its addresses."""
    path = _path.get()
    return _ADDRESS.sub(rf"\1{path}/", page) if path else page


class Below:
    """Takes the path off requests, and puts it before the addresses of redirects; what is not below it is not found."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def redirecting(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [self._outside(*header) for header in message.get("headers", ())]
            await send(message)

        path = inner_path(scope["path"], self._path)
        if path is None:
            # What nobody has at the host's root is answered as any other unknown address is.
            path = scope["path"] if scope["path"] in AT_THE_HOST else NOWHERE
        with below(self._path):
            await self._app({**scope, "path": path}, receive, redirecting)

    def _outside(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if name.lower() != b"location" or not value.startswith(b"/") or value.startswith(b"//"):
            return name, value
        return name, self._path.encode("ascii") + value


NOWHERE: Final = "/.nowhere"
"""Stands for a path that is not the gateway's."""


def inner_path(path: str, prefix: str) -> str | None:
    """Return the path as the gateway at its root would have it; None for one that is not below the prefix.

    Of metadata whose well-known path comes first the prefix stands behind it:
    `/.well-known/oauth-authorization-server/account`.
    """
    if path == prefix:
        return "/"
    if path.startswith(f"{prefix}/"):
        return path[len(prefix) :]
    for name in BEFORE_THE_PATH:
        before = WELL_KNOWN + name
        if path == before + prefix or path.startswith(f"{before}{prefix}/"):
            return before + path[len(before) + len(prefix) :]
    return None

"""Posts messages to URLs given by the operator, in bounded time, and never to a forbidden address."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from socket import SOCK_STREAM
from urllib.parse import SplitResult, urlsplit

from workers.outbox.destinations import LOOPBACK, Destinations, Network

SECONDS = 10.0
"""Timeout of a whole request, from the DNS query to the end of the response headers, in seconds."""

MAX_HEAD = 16_384
"""Maximum bytes of the response headers. The body is not read: the status is sufficient."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class PostError(Exception):
    """There was no response; the text is a code for the reason, for the operator."""


@dataclass(frozen=True, slots=True)
class ReceiverAnswer:
    """The response of a receiver."""

    status: int
    retry_after: str | None
    erasure_answer: str | None = None
    """The header `Erasure-Answer`, in a response to `customer.erase`."""
    notice_answer: str | None = None
    """The header `Notice-Answer`, in a response to `customer.restrict` and the other notices."""


def is_safe(url: str) -> bool:
    """Return whether a URL may be posted to: https, or http to this machine; without user or password."""
    # Before it is parsed: `urlsplit` normalises non-ASCII, in quadratic time for a run of combining marks.
    if not url.isascii() or any(ord(each) <= 32 or ord(each) == 127 for each in url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if parts.username is not None:
        return False  # A password in a URL would end up in logs of proxies and receivers.
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


async def resolve(host: str, port: int) -> list[str]:
    """Resolve a host name to its addresses, in the order of preference."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Poster:
    """Posts to public addresses, to those of the configured networks, and to this machine if it is named explicitly.

    1. The URL is https (http for this machine); 2. its name is resolved once, and the connection goes to the checked
    address, so that the name cannot resolve to another one in between; 3. the certificate is verified against the name;
    4. redirects are not followed, since they could lead to a forbidden address; 5. all of it within `seconds`.
    """

    def __init__(self, networks: Sequence[Network] = (), seconds: float = SECONDS, look_up: Resolve = resolve) -> None:
        self._destinations, self._seconds, self._look_up = Destinations(networks), seconds, look_up

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made at first use: loading the certificate authorities takes 50 milliseconds."""
        return ssl.create_default_context()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> ReceiverAnswer:
        """Post a message and return the response; PostError when there is none."""
        if not is_safe(url):  # 1
            raise PostError("ADDRESS")
        try:
            async with asyncio.timeout(self._seconds):  # 5
                return await self._posted(urlsplit(url), headers, body)
        except TimeoutError:
            raise PostError("TIMEOUT") from None
        except ssl.SSLError:
            raise PostError("TLS") from None
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            raise PostError("NOT_HTTP") from None
        except OSError:
            raise PostError("CONNECTION") from None

    async def _posted(self, parts: SplitResult, headers: Mapping[str, str], body: bytes) -> ReceiverAnswer:
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = await self._address(host, port)  # 2
        how = {"ssl": self._tls, "server_hostname": host} if secure else {}  # 3
        reader, writer = await asyncio.open_connection(address, port, limit=MAX_HEAD, **how)  # type: ignore[arg-type]
        try:
            writer.write(_head(parts, headers, len(body)) + body)
            await writer.drain()
            return await _answer(reader)
        finally:
            writer.transport.abort()  # A graceful TLS shutdown would wait for the receiver, beyond the timeout.
            with suppress(OSError):
                await writer.wait_closed()

    async def _address(self, host: str, port: int) -> str:
        for found in await self._look_up(host, port):
            if self._destinations.allow(found, host):
                return found
        raise PostError("FORBIDDEN")


def _head(parts: SplitResult, headers: Mapping[str, str], length: int) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = {"Host": parts.netloc, "Connection": "close", "Content-Length": str(length), "User-Agent": "gateway"}
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in (given | dict(headers)).items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


async def _answer(reader: asyncio.StreamReader) -> ReceiverAnswer:
    while True:
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, _, rest = status.partition(" ")
        code = rest[:3]
        if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
            raise ValueError("not HTTP")
        if int(code) >= HTTPStatus.OK:  # Skip interim responses, such as 100 Continue.
            break
    named = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    said = (named.get(each) for each in ("retry-after", "erasure-answer", "notice-answer"))
    return ReceiverAnswer(int(code), *said)

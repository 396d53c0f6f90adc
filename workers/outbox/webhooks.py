"""Posting a message to an address that the operator gave: in bounded time, and never where it should not go."""

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

from values.hosts import is_safe
from workers.outbox.destinations import Destinations, Network

SECONDS = 10.0
"""All that a receiver gets, from the look-up of its name to the end of the head of its answer."""

MAX_HEAD = 16_384
"""Bytes of an answer that are read at most. The body is left where it is: the status says everything."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class PostError(Exception):
    """Nothing was answered; the text is one word that says why, for the operator."""


@dataclass(frozen=True, slots=True)
class ReceiverAnswer:
    """What a receiver said."""

    status: int
    retry_after: str | None
    erasure_answer: str | None = None
    """What `Erasure-Answer` said, of an answer to `customer.erase`."""
    notice_answer: str | None = None
    """What `Notice-Answer` said, of an answer to `customer.restrict` and its like."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Poster:
    """Posts to public addresses, to those of the networks it is given, and to this machine if it is named outright.

    1. the address is https (http on this machine); 2. its name is looked up once, and only an address that was judged
    is connected to, so that a name cannot turn to another one in between; 3. the certificate is verified against the
    name; 4. redirects are not followed: where we were told to go is where we go; 5. all of it within `seconds`.
    """

    def __init__(self, networks: Sequence[Network] = (), seconds: float = SECONDS, look_up: Resolve = resolve) -> None:
        self._destinations, self._seconds, self._look_up = Destinations(networks), seconds, look_up

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made at the first need: reading every authority that the machine trusts takes 50 milliseconds."""
        return ssl.create_default_context()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> ReceiverAnswer:
        """What the receiver answers; PostError when it does not."""
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

    async def status(self, url: str, headers: Mapping[str, str], body: bytes) -> int | None:
        """The status of the answer alone; None when there is none."""
        try:
            return (await self.post(url, headers, body)).status
        except PostError:
            return None

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
            writer.transport.abort()
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
        if int(code) >= HTTPStatus.OK:  # What comes before are steps on the way, such as 100 Continue.
            break
    named = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    said = (named.get(each) for each in ("retry-after", "erasure-answer", "notice-answer"))
    return ReceiverAnswer(int(code), *said)

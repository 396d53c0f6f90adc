"""A real receiver on a port of its own, which answers as a test says and verifies with the package that others use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Got:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """Keeps what it gets; `answer` says what is written back, and None that nothing ever is."""

    port: int = 0
    answer: Callable[[Got], bytes | None] = lambda _: OK
    got: list[Got] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody waits for an answer that does not come."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?for=tests"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        assert lines[0] == "POST /hook?for=tests HTTP/1.1"
        headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in lines[1:] if line)}
        got = Got(headers, await reader.readexactly(int(headers["content-length"])))
        self.got.append(got)
        answer = self.answer(got)
        if answer is None:
            self.waiting.set()
            await reader.read()  # Until the other side has had enough.
        else:
            writer.write(answer)
        writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Listens for the length of the block."""
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


@dataclass
class Clock:
    """Time that passes when a test says so."""

    now: datetime = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

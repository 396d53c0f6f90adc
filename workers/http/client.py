"""Requests to addresses that an operator or a document names: bounded in time and size, to public addresses only."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from socket import SOCK_STREAM
from typing import Any

from policy.transport import is_encrypted
from workers.http.destinations import Destinations, Network, Resolve
from workers.http.errors import HttpRequestError

SECONDS = 10.0
"""Time for the whole of a request, from the look-up of the name to the last byte that is read."""

USER_AGENT = "gateway"


@dataclass(frozen=True, slots=True, repr=False)
class HttpResponse:
    """The answer to a request. `body` is empty where it was not asked for."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes = b""


async def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a name; OSError for none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class HttpClient:
    """Sends requests to public addresses, to those of the networks it is given, and to this machine if named outright.

    1. The address is https (http on this machine). 2. Its name is looked up once, and only an address that was judged
    is connected to, so that a name cannot turn to another address in between (DNS rebinding). 3. The certificate is
    verified against the name. 4. Redirects are not followed. 5. Everything ends within `seconds`, and a body that is
    read has a limit.
    """

    def __init__(self, networks: Sequence[Network] = (), seconds: float = SECONDS, look_up: Resolve = resolve) -> None:
        self._destinations, self._seconds, self._look_up = Destinations(networks), seconds, look_up

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made at the first need: reading every authority that the machine trusts takes 50 milliseconds."""
        return ssl.create_default_context()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Status and headers of the answer to a POST; HttpRequestError when there is none."""
        return await self._request("POST", url, headers, body, None)

    async def status(self, url: str, headers: Mapping[str, str], body: bytes) -> int | None:
        """The status of the answer to a POST alone; None when there is none."""
        try:
            return (await self.post(url, headers, body)).status
        except HttpRequestError:
            return None

    async def get(self, url: str, headers: Mapping[str, str], most: int) -> HttpResponse:
        """The answer to a GET with at most `most` bytes of body; HttpRequestError when there is none."""
        return await self._request("GET", url, headers, None, most)

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> HttpResponse:
        """The answer to any request with at most `most` bytes of body; HttpRequestError when there is none."""
        return await self._request(method, url, headers, body, most)

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int | None
    ) -> HttpResponse:
        import httpcore  # Only a start that sends something pays its 40 milliseconds.

        if not is_encrypted(url):  # 1
            raise HttpRequestError("ADDRESS")
        try:
            async with asyncio.timeout(self._seconds):  # 5
                return await self._exchanged(method, url, headers, body, most)
        except (TimeoutError, httpcore.TimeoutException):
            raise HttpRequestError("TIMEOUT") from None
        except (httpcore.ProtocolError, ValueError):
            raise HttpRequestError("NOT_HTTP") from None
        except (OSError, httpcore.NetworkError) as error:
            raise HttpRequestError("TLS" if _is_tls(error) else "CONNECTION") from None

    async def _exchanged(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int | None
    ) -> HttpResponse:
        import httpcore

        from workers.http.judging import JudgingBackend

        backend = JudgingBackend(self._destinations, self._look_up)  # 2
        given = {"User-Agent": USER_AGENT, "Connection": "close"} | dict(headers)
        # A pool for each request: who is asked so rarely has closed the connection by the next time.
        async with (
            httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,  # 3
            pool.stream(method, url, headers=list(given.items()), content=body) as response,  # 4
        ):
            named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            read = b"" if most is None else await _read(response.aiter_stream(), most)
            return HttpResponse(response.status, named, read)


async def _read(pieces: Any, most: int) -> bytes:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > most:
            raise HttpRequestError("TOO_LARGE")
    return bytes(body)


def _is_tls(error: BaseException | None) -> bool:
    """Whether the handshake failed: httpcore tells of it as of any failed connection, with the reason as its cause."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None

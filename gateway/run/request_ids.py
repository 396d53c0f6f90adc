"""Gives each request an id, which its log lines, its errors and its response name."""

from __future__ import annotations

from random import Random

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.config.request_names import CURRENT, RequestNames, given_id
from gateway.http.client_address import Networks, peer_of, within

HEADER = b"x-request-id"


class RequestIds:
    """Names the request for all that is done for it, and says its id in the response's `X-Request-Id`.

    The id is one of our own, or the one of a proxy of GATEWAY_PROXIES if that is a UUID. From anybody else the header
    is not read: what a stranger writes stands in no log (D1).
    """

    def __init__(self, app: ASGIApp, proxies: Networks) -> None:
        self._app, self._proxies = app, proxies
        # An id is only to be unique: a call of the system for each request costs more than all the rest here.
        self._random = Random()  # noqa: S311

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request under its id."""
        names = RequestNames(
            id=(self._of_proxy(scope) if self._proxies else None) or f"{self._random.getrandbits(128):032x}"
        )
        said = (HEADER, names.id.encode("ascii"))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                # AuthZEN's evaluations send back the id of their caller.
                if HEADER not in dict(headers):
                    message["headers"] = [*headers, said]
            await send(message)

        token = CURRENT.set(names)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            CURRENT.reset(token)

    def _of_proxy(self, scope: Scope) -> str | None:
        given = [value for name, value in scope["headers"] if name == HEADER]
        peer = peer_of(scope)
        if len(given) != 1 or peer is None or not within(peer, self._proxies):
            return None
        return given_id(given[0].decode("latin-1"))

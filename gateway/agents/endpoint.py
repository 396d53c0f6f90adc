"""The ASGI application at /mcp: who may ask, and what of a request reaches the protocol."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from typing import Any

from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from gateway.access.acting_persons import LONGEST, ActingPersons
from gateway.access.authenticator import Authenticator, VerifiedGrant
from gateway.addresses.well_known import RESOURCE, metadata_address
from gateway.agents.calls import AgentTools
from gateway.config.extras import has_mcp
from gateway.config.settings import Settings
from gateway.http import problems
from gateway.http.bodies import ClientDisconnectedError, read_body
from gateway.http.concurrency import ConcurrencyLimiter
from gateway.http.credentials import presented
from gateway.http.disconnect import RequestTimeoutError, run_until_disconnect
from gateway.http.middleware import problem_of
from gateway.http.negotiation import is_json_in_utf8
from gateway.http.problems import ProblemError
from gateway.tokens.tokens import TokenError
from schema.api.api import Api

MCP = "/mcp"
PROTOCOL = "gateway.agents.protocol"
CHALLENGE = b"www-authenticate"
"""The header of our own 401."""


class McpEndpoint:
    """Answers requests of the Model Context Protocol."""

    def __init__(
        self, authenticator: Authenticator, tools: AgentTools, limiter: ConcurrencyLimiter, settings: Settings
    ) -> None:
        self._authenticator, self._tools, self._limiter, self._settings = authenticator, tools, limiter, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a POST: 1. its origin; 2. the token, which is meant for /mcp; 3. the body; 4. a slot; 5. the protocol.

        There is no stream to open by GET, and no session to end by DELETE (Streamable HTTP). ProblemError or
        StoreUnavailableError.
        """
        if not has_mcp():
            raise ProblemError(501, "MCP_NOT_INSTALLED", "This gateway is installed without its extra `mcp`.")
        if scope["method"] != "POST":
            raise problems.method_not_allowed(b"POST")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1") != self._settings.public_url:  # 1
            raise ProblemError(403, "ORIGIN_NOT_ALLOWED", "No page of another origin may use /mcp.")
        grant = await self._authenticate(scope, headers)  # 2
        if not is_json_in_utf8(headers.get(b"content-type")) or b"content-encoding" in headers:
            raise problems.unsupported_content()
        person = headers.get(b"acting-person", b"").decode("latin-1")[: LONGEST + 1] or None
        most = self._settings.max_body_bytes
        with suppress(ClientDisconnectedError):
            body = await read_body(receive, headers.get(b"content-length"), most, self._settings.body_seconds)  # 3
            self._limiter.acquire_for(grant.client_id, grant.subject)  # 4
            try:
                # Imported at the first request: the start of the server needs nothing of the extra.
                protocol: Any = import_module(PROTOCOL)
                work = protocol.answer(self._tools, grant, person, most, scope, _replayed(body), _private(send))
                await run_until_disconnect(work, receive, self._settings.request_seconds + 1)  # 5
            except RequestTimeoutError as error:
                raise problems.unavailable("The answer was not ready in time.", retry_after=5) from error
            finally:
                self._limiter.release_for(grant.client_id, grant.subject)

    async def _authenticate(self, scope: Scope, headers: dict[bytes, bytes]) -> VerifiedGrant:
        """Problem 401 says where the metadata of this resource is, by which clients find the authorization server."""
        try:
            return await self._authenticator.authenticate_first_party(*presented(scope, headers))
        except (ProblemError, TokenError) as error:
            problem = problem_of(error)
            address = metadata_address(RESOURCE, self._settings.agent_audience)
            where = f', resource_metadata="{address}"'.encode("ascii")
            named = tuple((name, value + where if name == CHALLENGE else value) for name, value in problem.headers)
            raise ProblemError(problem.status, problem.code, problem.message, named) from None


def _replayed(body: bytes) -> Receive:
    """Gives the body, which was read, and then nothing: a disconnect is watched for outside."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _private(send: Send) -> Send:
    """Forbids every cache to keep a response."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [each for each in message.get("headers", ()) if each[0] != b"cache-control"]
            message["headers"] = [*kept, (b"cache-control", b"no-store")]
        await send(message)

    return sent


def list_routes(
    authenticator: Authenticator, api: Api, persons: ActingPersons, limiter: ConcurrencyLimiter, settings: Settings
) -> list[Route]:
    """The route; `limiter` is the one of /graphql, so that a client's slots are counted together."""
    return [Route(MCP, McpEndpoint(authenticator, AgentTools(api, persons), limiter, settings))]

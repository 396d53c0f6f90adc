"""`/graphql/dry-run`: reports on an operation instead of executing it."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from starlette.types import Receive, Scope, Send

from gateway.api.graphql_http import GraphQLRequests, send_reply
from gateway.http.bodies import ClientDisconnectedError
from gateway.http.negotiation import Media, answer_media


class DryRunEndpoint(GraphQLRequests):
    """The ASGI application at /graphql/dry-run.

    It takes the requests of /graphql. A report is no GraphQL response, which would need `data` of an execution, or
    `errors`; so it has an address of its own, where it is plain JSON. What is no operation gets errors as at /graphql.
    """

    dry_run: ClassVar[bool] = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        # Reports are JSON whichever of the two media types is accepted.
        media = answer_media(headers.get(b"accept"), page=False)
        with suppress(ClientDisconnectedError):
            await send_reply(send, await self.reply(scope, headers, receive, media and Media.JSON))

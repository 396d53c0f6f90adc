"""Anonymous GET at /graphql of what is nobody's data, by ids of documents; caches may keep it.

The documents are those that are shipped, and those that were published for the client `public`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import Protocol

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.access.rate_limits import RateLimit
from gateway.http.bodies import Question, question_of_address
from gateway.http.negotiation import Media
from gateway.http.pages import STATIC
from gateway.http.problems import ProblemError
from gateway.http.statuses import by_draft
from gateway.http.words import has_tag
from policy.grant import Grant, internal_grant
from resolvers.clients.registration import PUBLIC
from schema.documents.requests import Outcome, Request, RequestOutcome

CLIENT = "anonymous"
HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
MAX_AGE = 3_600
"""Seconds for which a cache need not ask again: none of it changes but by a release of the gateway."""


class QueryApi(Protocol):
    """Executes GraphQL requests; implemented by `schema.api.api.Api`."""

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """The outcome; errors are part of it, and never raised."""
        ...

    async def is_registered(self, client_id: str, hash_: str) -> bool:
        """True if the client has a document with this SHA-256 (hexadecimal)."""
        ...


def shipped_documents(folder: Path = STATIC / "public") -> Mapping[str, str]:
    """The documents that anybody may ask for, by the SHA-256 of their text."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql")))
    return {sha256(text.encode()).hexdigest(): text for text in texts}


class PublicDocuments:
    """Answers GET without a token for public documents. Their grant has no purpose, so that they read nobody's data,
    whoever published them."""

    def __init__(self, api: QueryApi, clock: Callable[[], datetime], limit: RateLimit) -> None:
        self._api, self._clock, self._limit = api, clock, limit
        self._texts = shipped_documents()

    async def question(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Question | None:
        """The request, if it is one for a public document by its id and without credentials; None for any other."""
        if scope["method"] != "GET" or b"authorization" in headers or b"documentId=" not in scope["query_string"]:
            return None
        try:
            question = question_of_address(scope["query_string"])
        except ProblemError:
            return None
        if question.query is not None:
            return None
        if self._text(question) is not None:
            return question
        named = HASH.fullmatch(question.document or "")
        if named is None:
            return None
        # Before the store is asked: an id that nobody has costs a statement.
        if wait := self._limit.wait(HttpRequest(scope)):
            raise _busy(wait)
        return question if await self._api.is_registered(PUBLIC, named[1]) else None

    def _text(self, question: Question) -> str | None:
        return self._texts.get((question.document or "").removeprefix("sha256:"))

    async def answer(self, question: Question, media: Media, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response: 304 to a cache that has it."""
        request = HttpRequest(scope, receive)
        text = self._text(question)
        if text is not None and (wait := self._limit.wait(request)):
            raise _busy(wait)
        asked = Request(
            query=text,
            document_id=question.document if text is None else None,
            variables=question.variables,
            read_only=True,
            in_url=True,
        )
        outcome = await self._api.execute(asked, self._grant(PUBLIC if text is None else CLIENT))
        status, media = by_draft(outcome, media)
        kind = media.content_type.decode()
        if outcome.kind is not RequestOutcome.OK or outcome.partial or outcome.personal:
            response = Response(outcome.body, status, {"cache-control": "no-store", "content-type": kind})
        else:
            tag = f'"{sha256(media.content_type + outcome.body).hexdigest()[:32]}"'
            kept = {"etag": tag, "cache-control": f"public, max-age={MAX_AGE}", "vary": "accept, authorization, origin"}
            same = has_tag(request.headers.get("if-none-match", ""), tag)
            response = (
                Response(status_code=304, headers=kept)
                if same
                else Response(outcome.body, status, kept | {"content-type": kind})
            )
        await response(scope, receive, send)

    def _grant(self, client: str) -> Grant:
        return internal_grant(client, int(self._clock().timestamp()) + 60)  # For this one request.


def _busy(wait: float) -> ProblemError:
    again = ((b"retry-after", b"%d" % ceil(wait)),)
    return ProblemError(429, "TOO_MANY_REQUESTS", "Too many requests of this network.", again)

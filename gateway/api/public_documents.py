"""Anonymous GET at /graphql of what is nobody's data, by the ids of documents that are shipped; caches may keep it."""

from __future__ import annotations

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
from policy.grant import Grant, Refusal
from schema.documents.requests import Outcome, Request, RequestOutcome

CLIENT = "anonymous"
MAX_AGE = 3_600
"""Seconds for which a cache need not ask again: none of it changes but by a release of the gateway."""


class QueryApi(Protocol):
    """Executes GraphQL requests; implemented by `schema.api.api.Api`."""

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """The outcome; errors are part of it, and never raised."""
        ...


def shipped_documents(folder: Path = STATIC / "public") -> Mapping[str, str]:
    """The documents that anybody may ask for, by the SHA-256 of their text."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql")))
    return {sha256(text.encode()).hexdigest(): text for text in texts}


class PublicDocuments:
    """Answers GET without a token for the shipped documents. Their grant has no purpose, so they read nobody's data."""

    def __init__(self, api: QueryApi, clock: Callable[[], datetime], limit: RateLimit) -> None:
        self._api, self._clock, self._limit = api, clock, limit
        self._texts = shipped_documents()

    def question(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Question | None:
        """The request, if it is one for a shipped document by its id and without credentials; None for any other."""
        if scope["method"] != "GET" or b"authorization" in headers or b"documentId=" not in scope["query_string"]:
            return None
        try:
            question = question_of_address(scope["query_string"])
        except ProblemError:
            return None
        return question if question.query is None and self._text(question) is not None else None

    def _text(self, question: Question) -> str | None:
        return self._texts.get((question.document or "").removeprefix("sha256:"))

    async def answer(self, question: Question, media: Media, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response: 304 to a cache that has it."""
        request = HttpRequest(scope, receive)
        if wait := self._limit.wait(request):
            raise ProblemError(
                429, "TOO_MANY_REQUESTS", "Too many requests of this network.", ((b"retry-after", b"%d" % ceil(wait)),)
            )
        asked = Request(query=self._text(question), variables=question.variables, read_only=True, in_url=True)
        outcome = await self._api.execute(asked, self._grant())
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

    def _grant(self) -> Grant:
        return Grant(
            token_id=CLIENT,
            client_id=CLIENT,
            subject=None,
            purposes=frozenset(),
            scopes=frozenset(),
            expires_at=int(self._clock().timestamp()) + 60,  # For this one request.
            refusal=Refusal.REFUSE,
            documents_only=False,
            introspection=False,
            max_page=1,
        )

"""GraphQL over HTTP, written to its specification: https://graphql.github.io/graphql-over-http/draft/."""

from __future__ import annotations

from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.authenticator import Authenticator, VerifiedGrant
from gateway.config.settings import Settings
from gateway.http import problems
from gateway.http.bodies import ClientDisconnectedError, Question, question_of_address, question_of_body, read_body
from gateway.http.concurrency import ConcurrencyLimiter
from gateway.http.credentials import presented
from gateway.http.disconnect import RequestTimeoutError, run_until_disconnect
from gateway.http.middleware import problem_of
from gateway.http.negotiation import Media, answer_media, is_json_in_utf8
from gateway.http.problems import ProblemError
from gateway.tokens.tokens import TokenError
from messages.negotiation import preferred
from policy.grant import Grant
from resolvers.commands.dependencies import FRESH
from schema.documents.requests import Outcome, Request, RequestOutcome
from store.sql.errors import StoreUnavailableError

NO_STORE = (b"cache-control", b"no-store")
ALLOWED = b"GET, POST"
MAX_PURPOSE = 64
MAX_REFERENCE = 128

STATUS = {
    RequestOutcome.OK: 200,
    RequestOutcome.REQUEST_ERROR: 400,
    RequestOutcome.REFUSED: 403,
    RequestOutcome.STEP_UP_REQUIRED: 401,
    RequestOutcome.METHOD_NOT_ALLOWED: 405,
    RequestOutcome.THROTTLED: 429,
    RequestOutcome.UNAVAILABLE: 503,
    RequestOutcome.INTERNAL: 500,
}
"""The status under `application/graphql-response+json`."""

ALWAYS_200 = {RequestOutcome.OK, RequestOutcome.REQUEST_ERROR, RequestOutcome.REFUSED, RequestOutcome.STEP_UP_REQUIRED}
"""Outcomes with status 200 under `application/json` (§6.4.1): legacy clients take any other status for a failure."""


STEP_UP = (
    problems.REALM
    + b', error="insufficient_user_authentication", error_description="The customer signed in too long ago."'
    + b', max_age="%d"' % FRESH
)
"""The step-up challenge of RFC 9470: the customer must sign in again, and the client retry with the new token."""


MAX_KEY = 130
"""Characters of an Idempotency-Key with its quotes: a UUID has 36."""


class GraphQLApi(Protocol):
    """Executes GraphQL requests; implemented by `schema.api.api.Api`."""

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """The outcome; errors are part of it, and never raised."""
        ...


class GraphQLEndpoint:
    """The ASGI application at /graphql.

    Requests are authenticated by their access token alone. A browser never sends that header by itself, and for another
    site only after a CORS preflight, which is refused; so neither cookies nor forms can act for anyone (CSRF), which
    holds for GET as well (G3).
    """

    def __init__(
        self,
        api: GraphQLApi,
        authenticator: Authenticator,
        limiter: ConcurrencyLimiter,
        settings: Settings,
        page: ASGIApp | None,
    ) -> None:
        self._api = api
        self._authenticator = authenticator
        self._limiter = limiter
        self._settings = settings
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        reading = scope["method"] == "GET"
        # The page before all else: it is public, and a browser that opens /graphql has no token.
        media = answer_media(headers.get(b"accept"), reading and self._page is not None)
        if media is Media.HTML and self._page is not None:
            await self._page(scope, receive, send)
            return
        try:
            # Method and media type first: they cost nothing, and a refusal tells nothing about tokens.
            if scope["method"] not in ("GET", "POST"):
                raise problems.method_not_allowed(ALLOWED)
            if media is None:
                raise problems.not_acceptable()
            outcome = await self._answer(scope, headers, receive)
            status, extra = _status(outcome, media)
            body = outcome.body
        except (ProblemError, TokenError, StoreUnavailableError) as error:
            problem = problem_of(error)
            status, extra, body = problem.status, problem.headers, problem.as_graphql()
        except ClientDisconnectedError:
            return  # There is nobody to send a response to.
        await _send(send, status, media or Media.JSON, extra, body)

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Outcome:
        """1. check the media type; 2. authenticate; 3. read the body; 4. take a slot; 5. execute.

        The slot comes after the body, so that slow bodies hold none (G13).
        """
        posted = scope["method"] == "POST"
        if posted and not (is_json_in_utf8(headers.get(b"content-type")) and _uncompressed(headers)):  # 1
            raise problems.unsupported_content()
        grant = await self._authenticator.authenticate(*presented(scope, headers))  # 2
        question = await self._question(scope, headers, receive)  # 3
        self._limiter.acquire_for(grant.client_id, grant.subject)  # 4
        try:
            request = _request(question, headers, read_only=not posted)
            return await self._execute(request, grant, receive)  # 5
        finally:
            self._limiter.release_for(grant.client_id, grant.subject)

    async def _question(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Question:
        limit, seconds = self._settings.max_body_bytes, self._settings.body_seconds
        body = await read_body(receive, headers.get(b"content-length"), limit, seconds)
        return question_of_body(body) if scope["method"] == "POST" else question_of_address(scope["query_string"])

    async def _execute(self, request: Request, grant: VerifiedGrant, receive: Receive) -> Outcome:
        try:
            # The API has its own timeout, with a more detailed error; a second later this one assumes that it hangs.
            return await run_until_disconnect(
                self._api.execute(request, grant), receive, self._settings.request_seconds + 1
            )
        except RequestTimeoutError as error:
            raise problems.unavailable("The answer was not ready in time.", retry_after=5) from error


def _uncompressed(headers: dict[bytes, bytes]) -> bool:
    # Compressed bodies are refused: a few kilobytes could expand to gigabytes.
    return headers.get(b"content-encoding", b"identity").lower() == b"identity"


def _request(question: Question, headers: dict[bytes, bytes], read_only: bool) -> Request:
    return Request(
        query=question.query,
        document_id=question.document,
        operation_name=question.operation_name or None,
        variables=question.variables,
        extensions=question.extensions,
        purpose=_word(headers, b"purpose", MAX_PURPOSE),
        reference=_word(headers, b"purpose-reference", MAX_REFERENCE),
        read_only=read_only,  # A GET never runs a mutation (G2): links, prefetching and caches repeat GETs.
        in_url=read_only,
        language=preferred(headers.get(b"accept-language", b"").decode("latin-1")),
        idempotency_key=_key(headers),
    )


def _key(headers: dict[bytes, bytes]) -> str | None:
    """The `Idempotency-Key` header: a quoted string (RFC 8941 §3.3.3), or the same without quotes; Problem 400."""
    value = _word(headers, b"idempotency-key", MAX_KEY)
    if value is None:
        return None
    bare = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    if not bare or not bare.isprintable() or '"' in bare:
        raise problems.malformed("The header Idempotency-Key is a text in quotes, such as a UUID.", "INVALID_HEADER")
    return bare


def _word(headers: dict[bytes, bytes], name: bytes, longest: int) -> str | None:
    """A header that must be short and ASCII, because it goes into the ledger; None without it, Problem 400."""
    value = headers.get(name)
    if not value:
        return None
    if len(value) > longest or not value.isascii():
        raise problems.malformed(f"The header {name.decode()} is too long or not ASCII.", "INVALID_HEADER")
    return value.decode()


def _status(outcome: Outcome, media: Media) -> tuple[int, tuple[tuple[bytes, bytes], ...]]:
    """The status of an outcome, and its headers."""
    if media is Media.JSON and outcome.kind in ALWAYS_200:
        return 200, ()
    if outcome.kind is RequestOutcome.METHOD_NOT_ALLOWED:  # Allow is required with 405 (RFC 9110 §15.5.6).
        return 405, ((b"allow", b"POST"),)
    if outcome.kind is RequestOutcome.STEP_UP_REQUIRED:
        return 401, ((b"www-authenticate", STEP_UP),)
    if outcome.scope:  # RFC 6750 §3.1
        challenge = problems.REALM + b', error="insufficient_scope", scope="%b"' % outcome.scope.encode("ascii")
        return STATUS[outcome.kind], ((b"www-authenticate", challenge),)
    if outcome.retry_after:
        return STATUS[outcome.kind], ((b"retry-after", b"%d" % outcome.retry_after),)
    return STATUS[outcome.kind], ()


async def _send(send: Send, status: int, media: Media, extra: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    headers = [(b"content-type", media.content_type), length, NO_STORE, *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

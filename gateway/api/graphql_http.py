"""GraphQL over HTTP, written to its specification: https://graphql.github.io/graphql-over-http/draft/."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.acting_persons import LONGEST as MAX_PERSON
from gateway.access.acting_persons import ActingPersons
from gateway.access.authenticator import Authenticator, VerifiedGrant
from gateway.api.public_documents import PublicDocuments
from gateway.config.request_names import CURRENT
from gateway.config.settings import Settings
from gateway.http import problems
from gateway.http.bodies import ClientDisconnectedError, Question, question_of_address, question_of_body, read_body
from gateway.http.concurrency import ConcurrencyLimiter
from gateway.http.cors import CLIENT_ORIGINS
from gateway.http.credentials import presented
from gateway.http.disconnect import RequestTimeoutError, run_until_disconnect
from gateway.http.middleware import problem_of
from gateway.http.negotiation import Media, answer_media, is_json_in_utf8
from gateway.http.problems import ProblemError, with_request_id
from gateway.http.rate_limit_fields import RateLimitFields
from gateway.http.statuses import STATUSES
from gateway.tokens.tokens import TokenError
from messages.negotiation import named
from policy.grant import Grant
from resolvers.commands.dependencies import FRESH
from schema.documents.requests import ErrorBehavior, Outcome, Request, RequestOutcome
from store.sql.errors import StoreUnavailableError

NO_STORE = (b"cache-control", b"no-store")
ALLOWED = b"GET, POST"
MAX_PURPOSE = 64
MAX_REFERENCE = 128
Headers = tuple[tuple[bytes, bytes], ...]

STEP_UP = (
    problems.REALM
    + b', error="insufficient_user_authentication", error_description="The customer signed in too long ago."'
    + b', max_age="%d"' % FRESH
)
"""The step-up challenge of RFC 9470: the customer must sign in again, and the client retry with the new token."""


REPLAYED = ((b"idempotent-replayed", b"true"),)
"""Says that nothing was carried out again: an earlier request with the same idempotency key did it all."""

MAX_KEY = 130
"""Characters of an Idempotency-Key with its quotes: a UUID has 36."""


class GraphQLApi(Protocol):
    """Executes GraphQL requests; implemented by `schema.api.api.Api`."""

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """The outcome; errors are part of it, and never raised."""
        ...

    async def is_registered(self, client_id: str, hash_: str) -> bool:
        """True if the client has a document with this SHA-256 (hexadecimal)."""
        ...


@dataclass(frozen=True, slots=True)
class ServedApi:
    """The API with what stands before it: who may ask, how many at once, and what responses tell of budgets."""

    api: GraphQLApi
    authenticator: Authenticator
    limiter: ConcurrencyLimiter
    fields: RateLimitFields
    settings: Settings
    persons: ActingPersons


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, before it is sent."""

    status: int
    media: Media
    headers: Headers
    body: bytes


class GraphQLRequests:
    """Takes GraphQL requests over HTTP, and executes them.

    Requests are authenticated by their access token alone. A browser never sends that header by itself, and for another
    site only after a CORS preflight, which is refused but for origins that a client is registered with; so neither
    cookies nor forms can act for anyone (CSRF), which holds for GET as well (G3).
    """

    dry_run: ClassVar[bool] = False

    def __init__(self, served: ServedApi) -> None:
        self._api, self._authenticator, self._limiter = served.api, served.authenticator, served.limiter
        self._persons = served.persons
        self._fields, self._settings = served.fields, served.settings
        self._older = served.settings.status_codes == "older"
        self._status = STATUSES[served.settings.status_codes]

    async def reply(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, media: Media | None) -> Reply:
        """The response in the media type that the client prefers; ClientDisconnectedError if nobody waits for it."""
        try:
            # Method and media type first: they cost nothing, and a refusal tells nothing about tokens.
            if scope["method"] not in ("GET", "POST"):
                raise problems.method_not_allowed(ALLOWED)
            if media is None:
                raise problems.not_acceptable()
            outcome, grant = await self._answer(scope, headers, receive)
            status, media = self._status(outcome, media)
            extra = (*self._fields.of(grant.client_id, grant.subject), *_headers(outcome))
            # Inserted here, since outcomes of refusals are cached, and belong to no single request.
            whole = outcome.kind is RequestOutcome.OK and not outcome.partial
            return Reply(status, media, extra, outcome.body if whole else with_request_id(outcome.body))
        except (ProblemError, TokenError, StoreUnavailableError) as error:
            return self._refused(problem_of(error), media)

    def _refused(self, problem: ProblemError, media: Media | None) -> Reply:
        if self._older:
            status = 400 if problem.status == 422 else problem.status
            return Reply(status, media or Media.JSON, problem.headers, problem.as_graphql())
        # The draft's own media type says that it is a GraphQL response, which any server on the way may send as JSON.
        return Reply(problem.status, Media.RESPONSE if media else Media.JSON, problem.headers, problem.as_graphql())

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive
    ) -> tuple[Outcome, VerifiedGrant]:
        """1. check the media type; 2. authenticate; 3. read the body; 4. take a slot; 5. execute.

        The slot comes after the body, so that slow bodies hold none (G13).
        """
        posted = scope["method"] == "POST"
        if posted and not (is_json_in_utf8(headers.get(b"content-type")) and _uncompressed(headers)):  # 1
            raise problems.unsupported_content()
        grant = await self._authenticator.authenticate(*presented(scope, headers))  # 2
        scope[CLIENT_ORIGINS] = grant.origins
        question = await self._question(scope, headers, receive)  # 3
        self._limiter.acquire_for(grant.client_id, grant.subject)  # 4
        try:
            request = _request(question, headers, read_only=not posted, dry_run=self.dry_run)
            acting = await self._persons.named(grant, _word(headers, b"acting-person", MAX_PERSON))
            request = request if acting is None else replace(request, acting=acting)
            return await self._execute(request, grant, receive), grant  # 5
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


class GraphQLEndpoint(GraphQLRequests):
    """The ASGI application at /graphql."""

    def __init__(self, served: ServedApi, page: ASGIApp | None, public: PublicDocuments) -> None:
        super().__init__(served)
        self._page = page
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        # The page before all else: it is public, and a browser that opens /graphql has no token.
        media = answer_media(headers.get(b"accept"), scope["method"] == "GET" and self._page is not None)
        if media is Media.HTML and self._page is not None:
            await self._page(scope, receive, send)
            return
        if media is not None and (question := await self._public.question(scope, headers)) is not None:
            await self._public.answer(question, media, scope, receive, send)
            return
        # Without a client there is nobody to send a response to.
        with suppress(ClientDisconnectedError):
            await send_reply(send, await self.reply(scope, headers, receive, media))


def _uncompressed(headers: dict[bytes, bytes]) -> bool:
    # Compressed bodies are refused: a few kilobytes could expand to gigabytes.
    return headers.get(b"content-encoding", b"identity").lower() == b"identity"


def _request(question: Question, headers: dict[bytes, bytes], read_only: bool, dry_run: bool) -> Request:
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
        dry_run=dry_run,
        on_error=_error_behavior(question.on_error),
        language=named(headers.get(b"accept-language", b"").decode("latin-1")),
        idempotency_key=_key(headers),
        names=CURRENT.get(),
    )


def _error_behavior(given: str | None) -> ErrorBehavior:
    if given is None:
        return ErrorBehavior.PROPAGATE
    found = ErrorBehavior.__members__.get(given)
    if found is None:
        raise problems.not_well_formed("`onError` is one of NULL, PROPAGATE and HALT.", "INVALID_PARAMETER")
    return found


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


def _headers(outcome: Outcome) -> Headers:
    """The headers that belong to an outcome."""
    if outcome.kind is RequestOutcome.OK:
        return REPLAYED if outcome.replayed else ()
    if outcome.kind is RequestOutcome.METHOD_NOT_ALLOWED:  # Allow is required with 405 (RFC 9110 §15.5.6).
        return ((b"allow", b"POST"),)
    if outcome.kind is RequestOutcome.STEP_UP_REQUIRED:
        return ((b"www-authenticate", STEP_UP),)
    if outcome.scope:  # RFC 6750 §3.1
        challenge = problems.REALM + b', error="insufficient_scope", scope="%b"' % outcome.scope.encode("ascii")
        return ((b"www-authenticate", challenge),)
    if outcome.retry_after:
        return ((b"retry-after", b"%d" % outcome.retry_after),)
    return ()


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a response that nobody keeps."""
    length = (b"content-length", b"%d" % len(reply.body))
    headers = [(b"content-type", reply.media.content_type), length, NO_STORE, *reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

"""ASGI middleware around every request; `gateway/run/app.py` lists it from the outside in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http import problems
from gateway.http.concurrency import ConcurrencyLimiter
from gateway.http.problems import ProblemError
from gateway.http.unfinished import Body, UnfinishedBodies, more_of
from gateway.tokens.tokens import TokenError, TokenFault
from store.sql.errors import OutageCause, StoreUnavailableError, each_its_own

log = logging.getLogger("gateway")

POLICY = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of responses that are no page: if a browser renders one, it runs and loads nothing."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of pages: our own files only, no inline script and no inline style (G10)."""

SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    # Addresses of our pages hold one-time links (reset, unsubscribe), which other sites must not see.
    (b"referrer-policy", b"no-referrer"),
    # `frame-ancestors` of the policy says the same; this is for browsers that ignore it.
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


HSTS = (b"strict-transport-security", b"max-age=63072000")
"""HTTPS only, for two years (RFC 6797). Without `includeSubDomains`: other hosts of the domain are not ours to bind."""


def security_headers(only_https: bool) -> tuple[tuple[bytes, bytes], ...]:
    """The security headers of every response; with HSTS where browsers must use HTTPS."""
    # RFC 6797 §7.2: HSTS must not be sent over plain HTTP.
    return (*SECURITY, HSTS) if only_https else SECURITY


OTHER = "(other)"
"""Stands for a path that the gateway does not have."""

PROBES = ("/healthz", "/readyz")
"""Probes of orchestrators: answered under any Host, and under any load."""

GRAPHQL = "/graphql"
"""The path whose errors have the form of a GraphQL response."""

PROOF_ERRORS = {
    TokenFault.BOUND: "invalid_token",
    TokenFault.PROOF: "invalid_dpop_proof",
    TokenFault.NONCE: "use_dpop_nonce",
}
"""Faults about the key that a token is bound to, with their error codes of RFC 9449 §7.1."""


class SecurityHeaders:
    """Adds the headers of G10 to every response; pages get the policy for pages, everything else the strict one."""

    def __init__(self, app: ASGIApp, only_https: bool = False) -> None:
        self._app = app
        self._security = security_headers(only_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, adding headers to the response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                security = [each for each in self._security if each[0] not in given]
                message["headers"] = [*message["headers"], *security, *_policy(message["headers"])]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _policy(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The Content-Security-Policy for a response with these headers; none if it has its own."""
    kind = b""
    # GraphiQL and reports bring a policy of their own; two policies would both apply, and break the page.
    for name, value in headers:
        if name == b"content-security-policy":
            return ()
        if name == b"content-type":
            kind = value
    return ((b"content-security-policy", PAGE_POLICY.encode() if kind.startswith(b"text/html") else POLICY),)


Shown = Callable[[ProblemError, Scope], Response | None]
"""Gives a page for people in the place of problem details; None if the request is a program's."""


class LastResort:
    """Turns unexpected exceptions into a typed 500, and logs their place but nothing of the request (D1)."""

    def __init__(self, app: ASGIApp, shown: Shown = lambda problem, scope: None) -> None:
        self._app, self._shown = app, shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; exceptions become responses, for a browser a page."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            # After its start a response cannot be replaced: the server then closes the connection.
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except (ProblemError, HTTPException, TokenError, StoreUnavailableError) as known:
            if not started:
                await self._answer(problem_of(known), scope)(scope, receive, send)
        except Exception:
            # The log formatter writes the place, never the exception's text, which may quote the request (D1).
            log.exception("a request failed unexpectedly")
            if not started:
                await self._answer(problems.internal(), scope)(scope, receive, send)

    def _answer(self, problem: ProblemError, scope: Scope) -> Response:
        page = self._shown(problem, scope)
        return answer(problem) if page is None else _with_headers(page, problem)


class Limited:
    """Refuses requests while too many are in progress. Probes pass: an overloaded gateway must not be restarted.

    A request that waits for its body holds no slot, but counts among the unfinished bodies of its network (G13).
    """

    def __init__(
        self, app: ASGIApp, limiter: ConcurrencyLimiter, unfinished: UnfinishedBodies, network: Network
    ) -> None:
        self._app, self._limiter, self._unfinished, self._network = app, limiter, unfinished, network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if a slot is free; Problem 503 otherwise."""
        if scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        self._limiter.acquire()
        slot = _RequestSlot(self._limiter, self._unfinished, self._network, scope, receive)
        try:
            await self._app(scope, slot.receive if _has_body(scope) else receive, send)
        finally:
            slot.end()


Network = Callable[[Scope], str]
"""Gives the network that a request is counted for."""


class _RequestSlot:
    """The slot of one request, which is given back while the rest of the body is awaited."""

    def __init__(
        self,
        limiter: ConcurrencyLimiter,
        unfinished: UnfinishedBodies,
        network: Network,
        scope: Scope,
        receive: Receive,
    ) -> None:
        self._limiter, self._unfinished, self._network, self._scope = limiter, unfinished, network, scope
        self._receive = receive
        self._held, self._complete = True, False
        self._body: Body | None = None

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        if self._body is None:
            # First in the other count, then out of this one: at no moment is the request in neither.
            self._body = self._unfinished.begin(self._network(self._scope))
            self._limiter.release()
            self._held = False
        message = await more_of(self._body, self._receive)
        if message["type"] == "http.request" and message.get("more_body"):
            self._unfinished.grow(self._body, len(message.get("body", b"")))
            return message
        self._complete = True
        self._unfinished.end(self._body)
        if message["type"] == "http.request":
            self._limiter.acquire()
            self._held = True
        return message

    def end(self) -> None:
        if self._held:
            self._limiter.release()
        if self._body is not None:
            self._unfinished.end(self._body)


def _has_body(scope: Scope) -> bool:
    # RFC 9112 §6.3: without either header a request has no body, so there is nothing to wait for.
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )


class Withheld:
    """Answers only probes while the store withholds all data because its ledger was rolled back (D13)."""

    def __init__(self, app: ASGIApp, reason: Callable[[], StoreUnavailableError | None]) -> None:
        self._app, self._reason = app, reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; StoreUnavailableError, or a GraphQL error at /graphql, while data is withheld."""
        reason = self._reason()
        # Liveness must stay good, or the orchestrator restarts a process that a restart cannot heal.
        if reason is None or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if scope["path"] != GRAPHQL:
            raise each_its_own(reason)
        problem = problem_of(reason)
        response = Response(problem.as_graphql(), problem.status, media_type="application/graphql-response+json")
        await _with_headers(response, problem)(scope, receive, send)


Observe = Callable[[str, str, int, float], None]
"""Takes method, path, status and seconds of a request; the status of an aborted one is 0."""


class Observed:
    """Measures every request for its observers, the access log and the metrics.

    Only known paths are named: an unknown one may hold anything, even an e-mail address (D1).
    """

    def __init__(self, app: ASGIApp, paths: frozenset[str], observers: Sequence[Observe]) -> None:
        self._app, self._paths, self._observers = app, paths, observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, then tell the observers."""
        status, began = 0, perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            path = scope["path"] if scope["path"] in self._paths else OTHER
            seconds = perf_counter() - began
            for observe in self._observers:
                observe(scope["method"], path, status, seconds)


def log_request(method: str, path: str, status: int, seconds: float) -> None:
    """Log one line: method, path, status and milliseconds; no client address and no query string."""
    log.info("answered", extra={"method": method, "at": path, "status": status, "ms": round(seconds * 1000, 1)})


def problem_of(known: ProblemError | HTTPException | TokenError | StoreUnavailableError) -> ProblemError:
    """The ProblemError for an exception of another layer, including Starlette's own (404 for a missing file)."""
    if isinstance(known, ProblemError):
        return known
    if isinstance(known, TokenError):
        error = PROOF_ERRORS.get(known.fault)
        if error is not None:
            return problems.proof_refused(known.fault.value, error, known.nonce)
        return problems.token_refused(known.fault.value)
    if isinstance(known, StoreUnavailableError):
        # No Retry-After: retrying does not help until an operator has acted (D13).
        if known.cause is OutageCause.LEDGER_BEHIND:
            return problems.ledger_behind(known.reason)
        return problems.unavailable(known.reason, known.retry_after)
    status = HTTPStatus(known.status_code)
    headers = tuple((name.lower().encode(), value.encode()) for name, value in (known.headers or {}).items())
    return ProblemError(status, status.name, status.description or status.phrase, headers)


def answer(problem: ProblemError) -> Response:
    """The response of a problem outside /graphql (RFC 9457)."""
    return _with_headers(Response(problem.as_json(), problem.status, media_type="application/problem+json"), problem)


def _with_headers(response: Response, problem: ProblemError) -> Response:
    response.headers.update({name.decode(): value.decode() for name, value in problem.headers})
    response.headers["cache-control"] = "no-store"
    return response

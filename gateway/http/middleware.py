"""The layers around every request, from the outside in; `app.py` lists them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
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
"""The content security policy of what is not a page: whatever it is taken for, it runs and loads nothing."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The policy of a page: our own files only, no inline script and no inline style (G10)."""

SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


HSTS = (b"strict-transport-security", b"max-age=63072000")
"""For two years no browser comes without TLS (RFC 6797); of neighbouring hosts we know nothing, so none is named."""


def security_headers(only_https: bool) -> tuple[tuple[bytes, bytes], ...]:
    """What stands on every response."""
    return (*SECURITY, HSTS) if only_https else SECURITY


PROBES = ("/healthz", "/readyz")

GRAPHQL = "/graphql"
"""Where refusals have the form of GraphQL."""
"""What an orchestrator asks, by whatever name and however full the house is."""

PROOF_ERRORS = {
    TokenFault.BOUND: "invalid_token",
    TokenFault.PROOF: "invalid_dpop_proof",
    TokenFault.NONCE: "use_dpop_nonce",
}
"""The faults that are about the key a token is bound to, with their codes of RFC 9449."""


class SecurityHeaders:
    """Puts the headers of G10 on every response; pages get the policy for pages, everything else the empty one."""

    def __init__(self, app: ASGIApp, only_https: bool = False) -> None:
        self._app = app
        self._security = security_headers(only_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, with headers added to what is sent."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._security, *_policy(message["headers"])]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _policy(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The policy for what these headers announce; none if it brings its own."""
    kind = b""
    for name, value in headers:
        if name == b"content-security-policy":
            return ()
        if name == b"content-type":
            kind = value
    return ((b"content-security-policy", PAGE_POLICY.encode() if kind.startswith(b"text/html") else POLICY),)


class LastResort:
    """Turns whatever was not foreseen into a typed 500, and logs where it happened but nothing of what was asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, whatever happens."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except (ProblemError, HTTPException, TokenError, StoreUnavailableError) as known:
            if not started:
                await answer(problem_of(known))(scope, receive, send)
        except Exception:
            # The log formatter gives the place, never the exception's text, which may hold what was asked.
            log.exception("a request failed unexpectedly")
            if not started:
                await answer(problems.internal())(scope, receive, send)


class Limited:
    """Refuses requests while too many are being answered. Probes pass: a full house is not a broken one.

    While a request waits for its body it holds no slot, but stands among the unfinished ones of its network (G13).
    """

    def __init__(self, app: ASGIApp, crowd: ConcurrencyLimiter, unfinished: UnfinishedBodies, network: Network) -> None:
        self._app, self._crowd, self._unfinished, self._network = app, crowd, unfinished, network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if there is room, else 503."""
        if scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        self._crowd.enter()
        visit = _Visit(self._crowd, self._unfinished, self._network, scope, receive)
        try:
            await self._app(scope, visit.receive if _has_body(scope) else receive, send)
        finally:
            visit.end()


Network = Callable[[Scope], str]
"""The network that a request is counted for."""


class _Visit:
    """One request, from the outside: it gives its slot back while it waits for the rest of its body."""

    def __init__(
        self, crowd: ConcurrencyLimiter, unfinished: UnfinishedBodies, network: Network, scope: Scope, receive: Receive
    ) -> None:
        self._crowd, self._unfinished, self._network, self._scope = crowd, unfinished, network, scope
        self._receive = receive
        self._inside, self._complete = True, False
        self._body: Body | None = None

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        if self._body is None:
            self._body = self._unfinished.begin(self._network(self._scope))
            self._crowd.leave()
            self._inside = False
        message = await more_of(self._body, self._receive)
        if message["type"] == "http.request" and message.get("more_body"):
            self._unfinished.grow(self._body, len(message.get("body", b"")))
            return message
        self._complete = True
        self._unfinished.end(self._body)
        if message["type"] == "http.request":
            self._crowd.enter()
            self._inside = True
        return message

    def end(self) -> None:
        if self._inside:
            self._crowd.leave()
        if self._body is not None:
            self._unfinished.end(self._body)


def _has_body(scope: Scope) -> bool:
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )


class Withheld:
    """Answers nothing but probes while the store withholds everything: the ledger was rolled back (D13)."""

    def __init__(self, app: ASGIApp, reason: Callable[[], StoreUnavailableError | None]) -> None:
        self._app, self._reason = app, reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or say why not."""
        reason = self._reason()
        if reason is None or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if scope["path"] != GRAPHQL:
            raise each_its_own(reason)
        problem = problem_of(reason)
        response = Response(problem.as_graphql(), problem.status, media_type="application/graphql-response+json")
        await _with_headers(response, problem)(scope, receive, send)


class AccessLog:
    """One line per answered request: method, path, status and time; no address and no query string.

    Of paths only those we know are named: anything may be typed behind a host's name, an e-mail address too.
    """

    def __init__(self, app: ASGIApp, paths: frozenset[str]) -> None:
        self._app = app
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, then log it."""
        status, began = 0, perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            fields = {"method": scope["method"], "at": scope["path"] if scope["path"] in self._paths else "(other)"}
            log.info("answered", extra=fields | {"status": status, "ms": round((perf_counter() - began) * 1000, 1)})


def problem_of(known: ProblemError | HTTPException | TokenError | StoreUnavailableError) -> ProblemError:
    """What other layers raise, in our form; Starlette's own refusals (of a file that is not there, say) too."""
    if isinstance(known, ProblemError):
        return known
    if isinstance(known, TokenError):
        error = PROOF_ERRORS.get(known.fault)
        if error is not None:
            return problems.proof_refused(known.fault.value, error, known.nonce)
        return problems.token_refused(known.fault.value)
    if isinstance(known, StoreUnavailableError):
        if known.cause is OutageCause.LEDGER_BEHIND:
            return problems.ledger_behind(known.reason)
        return problems.unavailable(known.reason, known.retry_after)
    status = HTTPStatus(known.status_code)
    headers = tuple((name.lower().encode(), value.encode()) for name, value in (known.headers or {}).items())
    return ProblemError(status, status.name, status.description or status.phrase, headers)


def answer(problem: ProblemError) -> Response:
    """A problem as a response, outside /graphql."""
    return _with_headers(Response(problem.as_json(), problem.status, media_type="application/problem+json"), problem)


def _with_headers(response: Response, problem: ProblemError) -> Response:
    response.headers.update({name.decode(): value.decode() for name, value in problem.headers})
    response.headers["cache-control"] = "no-store"
    return response

"""`/sign-in/passkey`: the endpoints for the script that signs in with a passkey (WebAuthn)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.http import problems
from gateway.http.bodies import ClientDisconnectedError, read_body
from gateway.signin.frame.request_context import NO_STORE, RequestContext, begin, genuine
from gateway.signin.frame.services import SignInServices
from gateway.signin.pages.entry import destination, give_cookies
from resolvers.signin.authentication import PasskeyAttempt
from resolvers.signin.pending import Pending
from resolvers.signin.sessions import Session
from resolvers.signin.verdicts import Rejected, SignedIn

LONGEST = 32_768

Handler = Callable[[RequestContext], Awaitable[Response]]


class ScriptEndpoint:
    """An endpoint for our own pages' script: a JSON object of strings in, JSON out."""

    def __init__(self, services: SignInServices, sent: Handler) -> None:
        self._services, self._sent = services, sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a POST; Problem 403 without the page's anti-CSRF token, 405 for other methods."""
        request = Request(scope, receive)
        if request.method != "POST":
            raise problems.method_not_allowed(b"POST")
        try:
            said = await _read(request, receive, self._services.body_seconds)
        except ClientDisconnectedError:
            return
        context = begin(self._services, request, said)
        if context.new_token or not genuine(request, said, context.form_token):
            raise problems.ProblemError(403, "STALE_PAGE", "The page was open for too long: load it again.")
        response = await self._sent(context)
        await response(scope, receive, send)


async def _read(request: Request, receive: Receive, seconds: int) -> dict[str, str]:
    headers = dict(request.scope["headers"])
    # Another site can send other types without a CORS preflight (G3).
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        raise problems.unsupported_content()
    body = await read_body(receive, headers.get(b"content-length"), LONGEST, seconds)
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise problems.malformed("The body is not JSON in UTF-8.", "INVALID_JSON") from error
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise problems.malformed("The body is not an object of texts.")
    return said


async def options(context: RequestContext) -> Response:
    """A WebAuthn challenge: for the account's passkeys after a right password, otherwise for any passkey."""
    pending, session = await _whose(context)
    account = pending.account if pending else None
    if account is None and session is not None:
        account = await context.services.authentication.credentials.by_id(session.credential_id)
    options = await context.services.passkeys.request(account, context.now)
    return Response(options, media_type="application/json", headers=NO_STORE)


async def answer(context: RequestContext) -> Response:
    """Verify a passkey: as the second factor, as a step-up, or as a sign-in of its own."""
    pending, session = await _whose(context)
    shared = context.form.get("shared") == "yes"
    shown = PasskeyAttempt(context.platform, context.form.get("response", ""), pending, session, shared)
    verdict = await context.services.authentication.by_passkey(shown, context.visitor, context.now)
    if isinstance(verdict, SignedIn):
        response = JSONResponse({"location": destination(context)}, headers=NO_STORE)
        return give_cookies(context, response, verdict)
    wait = verdict.wait if isinstance(verdict, Rejected) else 0
    headers = NO_STORE | ({"retry-after": str(wait)} if wait else {})
    return JSONResponse({"code": "DENIED", "wait": wait}, 429 if wait else 422, headers)


async def _whose(context: RequestContext) -> tuple[Pending | None, Session | None]:
    cookies = context.services.cookies
    secret = cookies.read(context.request, cookies.pending) if context.form.get("step") == "second" else None
    pending = await context.services.authentication.pending.find(secret, context.now) if secret else None
    # The pending sign-in wins over an old session: the passkey then completes the new one.
    if pending is not None and pending.account.credential.platform == context.platform:
        return pending, None
    return None, await context.session(context.platform)

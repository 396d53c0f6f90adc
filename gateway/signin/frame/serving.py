"""Serves sign-in pages: methods, forms within bounds, CSRF protection, and an unavailable store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http import problems
from gateway.http.bodies import ClientDisconnectedError, read_body
from gateway.signin.frame.request_context import LONGEST_FORM, RequestContext, begin, fields_of, genuine
from gateway.signin.frame.services import SignInServices
from gateway.signin.frame.shown import PageNotice
from resolvers.passwords.hashing import HashingBusyError
from store.sql.errors import StoreUnavailableError

Handler = Callable[[RequestContext], Awaitable[Response]]
FORM = "application/x-www-form-urlencoded"


class PageEndpoint:
    """The ASGI application of one page."""

    def __init__(self, services: SignInServices, shown: Handler | None, sent: Handler | None = None) -> None:
        self._services, self._shown, self._sent = services, shown, sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET with the page, and a POST of the page's own form with its result; Problem 405 otherwise."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request, receive)
        except ClientDisconnectedError:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, receive: Receive) -> Response:
        if request.method in ("GET", "HEAD") and self._shown is not None:
            return await self._guarded(self._shown, begin(self._services, request, {}))
        if request.method == "POST" and self._sent is not None:
            form = await read_form(request, receive, self._services.body_seconds)
            context = begin(self._services, request, form, readable=self._shown is not None)
            # A new token: the browser has sent no cookie, so it cannot have been given this form.
            if context.new_token or not genuine(request, form, context.form_token):
                return _stale(context)
            return await self._guarded(self._sent, context)
        ways = (b"GET, HEAD" if self._shown else b"") + (b", POST" if self._sent else b"")
        raise problems.method_not_allowed(ways.removeprefix(b", "))

    async def _guarded(self, handler: Handler, context: RequestContext) -> Response:
        try:
            return await handler(context)
        except StoreUnavailableError as outage:
            return _unavailable(context, outage.retry_after)
        except HashingBusyError:  # argon2 takes 19 MiB each: the number at once is bounded, and the rest may retry.
            return _unavailable(context, 1)


async def read_form(request: Request, receive: Receive, seconds: int) -> dict[str, str]:
    """The fields of a posted form; Problem 400, 408, 413 or 415 for anything else."""
    headers = dict(request.scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != FORM.encode():
        raise problems.ProblemError(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the form as {FORM}.")
    body = await read_body(receive, headers.get(b"content-length"), LONGEST_FORM, seconds)
    try:
        return fields_of(body)
    except ValueError as error:
        raise problems.malformed("The form cannot be read.") from error


def _stale(context: RequestContext) -> Response:
    """403 for a form that was not made for this browser, or was sent by another site."""
    return _again(context, "try_again", "stale_form", 403)


def _unavailable(context: RequestContext, retry_after: int) -> Response:
    response = _again(context, "unavailable", "unavailable_why", 503)
    response.headers["retry-after"] = str(retry_after)
    return response


def _again(context: RequestContext, heading: str, why: str, status: int) -> Response:
    again = context.way("try_again", context.to(context.here))
    return context.message(heading, PageNotice(context.say(why), "error"), ways=[again], status=status)

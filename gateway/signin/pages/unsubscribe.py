"""`/unsubscribe/{token}`: one-click unsubscribe from news, without sign-in and cookies (R13, RFC 8058)."""

from __future__ import annotations

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http import problems
from gateway.http.bodies import ClientDisconnectedError, read_body
from gateway.http.multipart import fields_of_multipart, is_multipart
from gateway.signin.frame.request_context import LONGEST_FORM, RequestContext, begin, fields_of
from gateway.signin.frame.services import SignInServices
from gateway.signin.frame.shown import PageNotice
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from schema.documents.requests import Request, RequestOutcome
from store.links.unsubscribing import unsubscriber
from store.sql.errors import OutageCause, StoreUnavailableError

CLIENT = "unsubscribe-link"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
STOP = "mutation OneClick { setProductNews(input: {wanted: false}) { userErrors { code } } }"


async def _one_click(request: HttpRequest, receive: Receive, seconds: int) -> bool:
    """True if the body is the one-click form of RFC 8058 §3.2, in either encoding; Problem 408 or 413."""
    headers = dict(request.scope["headers"])
    body = await read_body(receive, headers.get(b"content-length"), LONGEST_FORM, seconds)
    kind = headers.get(b"content-type", b"")
    try:
        fields = fields_of_multipart(kind, body) if is_multipart(kind) else fields_of(body.strip())
    except ValueError:
        return False
    # Mail providers end the body, or the part, with a line end of their own.
    return all(fields.get(name, "").strip() == value for name, value in ONE_CLICK.items())


class Unsubscribe:
    """Shows a button for a GET, since mail scanners follow links; unsubscribes for a POST of RFC 8058.

    The token in the address proves that it comes from our message, and can only stop news. It is checked first: without
    a valid one no body is read (G14).
    """

    def __init__(self, services: SignInServices) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or POST; Problem 404 for a token that was not issued here, 400 for another body."""
        request = HttpRequest(scope, receive)
        try:
            response = await self._answer(request, receive)
        except ClientDisconnectedError:
            return
        await response(scope, receive, send)

    async def _answer(self, request: HttpRequest, receive: Receive) -> Response:
        if request.method not in ("GET", "HEAD", "POST"):
            raise problems.method_not_allowed(b"GET, HEAD, POST")
        # No CSRF protection, on purpose: mail providers send the POST of RFC 8058 themselves, without any cookie.
        customer = await unsubscriber(self._services.store.keys.system, request.path_params["token"])
        if customer is None:
            raise problems.ProblemError(404, "NO_SUCH_LINK", "This link was not made here, or is not whole.")
        context = begin(self._services, request, {})
        if request.method != "POST":
            return context.page("stop_news", here=context.request.url.path, one_click=ONE_CLICK)
        if not await _one_click(request, receive, self._services.body_seconds):
            raise problems.malformed("Send List-Unsubscribe=One-Click.")
        await self._stop(context, customer)
        return context.message("news_stop", PageNotice(context.say("news_stopped")))

    async def _stop(self, context: RequestContext, customer: int) -> None:
        """Switch news off through the API, like any other change; nothing is left to do for an erased customer."""
        grant = Grant(
            token_id=CLIENT,
            client_id=CLIENT,
            subject=customer,
            purposes=frozenset({Purpose.SELF_SERVICE}),
            scopes=frozenset(),
            expires_at=int(context.now.timestamp()) + 60,
            refusal=Refusal.REFUSE,
            documents_only=False,
            introspection=False,
            max_page=1,
        )
        outcome = await self._services.api.execute(Request(query=STOP), grant)
        if outcome.kind is not RequestOutcome.OK or "errors" in orjson.loads(outcome.body):
            raise StoreUnavailableError(OutageCause.DOWN)

"""`/unsubscribe/{token}`: news stop with one click, without signing in and without a cookie (R13, RFC 8058)."""

from __future__ import annotations

import re

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway import problems
from gateway.bodies import ClientGone, read_body
from gateway.signin.house import House
from gateway.signin.layout import button, notice, paragraph
from gateway.signin.markup import tag
from gateway.signin.pages import BODY_SECONDS
from gateway.signin.visit import LONGEST_FORM, Visit, begin
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from schema.requests import Kind, Request
from store.faults import Cause, StoreUnavailable
from store.unsubscribing import unsubscriber

CLIENT = "unsubscribe-link"
PART = re.compile(rb'name="?List-Unsubscribe"?[^\n]*\r?\n\r?\nOne-Click\r?\n')
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
STOP = "mutation OneClick { setProductNews(input: {wanted: false}) { userErrors { code } } }"


async def _one_click(request: HttpRequest, receive: Receive) -> bool:
    """Whether the body says so, in either of the forms that RFC 8058 has; Problem for a body out of bounds."""
    headers = dict(request.scope["headers"])
    body = await read_body(receive, headers.get(b"content-length"), LONGEST_FORM, BODY_SECONDS)
    if headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data"):
        return PART.search(body) is not None
    return any(each == b"List-Unsubscribe=One-Click" for each in body.split(b"&"))


class Unsubscribe:
    """A GET shows a button, since scanners of mail follow links; a POST as RFC 8058 has it does it.

    The address itself proves that it came with our message: nothing else is asked for, and all it can do is stop news.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page, or what became of it; Problem 404 for an address we never gave."""
        request = HttpRequest(scope, receive)
        try:
            response = await self._answer(request, receive)
        except ClientGone:
            return
        await response(scope, receive, send)

    async def _answer(self, request: HttpRequest, receive: Receive) -> Response:
        if request.method not in ("GET", "HEAD", "POST"):
            raise problems.method_not_allowed(b"GET, HEAD, POST")
        clicked = request.method == "POST" and await _one_click(request, receive)
        visit = begin(self._house, request, {})
        customer = await unsubscriber(self._house.store.keys.house, request.path_params["token"])
        if customer is None:
            raise problems.Problem(404, "NO_SUCH_LINK", "This link was not made here, or is not whole.")
        if request.method != "POST":
            return self._asked(visit)
        if not clicked:
            raise problems.malformed("Send List-Unsubscribe=One-Click.")
        await self._stop(visit, customer)
        return visit.page(visit.say("news_stop"), notice(visit.say("news_stopped")))

    def _asked(self, visit: Visit) -> Response:
        named = [tag("input", type="hidden", name=name, value=value) for name, value in ONE_CLICK.items()]
        form = tag("form", named, button(visit.say("news_stop")), method="post", action=visit.request.url.path)
        return visit.page(visit.say("news_stop"), paragraph(visit.say("news_stop_why")), form)

    async def _stop(self, visit: Visit, customer: int) -> None:
        """Like any other change; for whoever is no customer any more it is done already."""
        grant = Grant(
            token_id=CLIENT,
            client_id=CLIENT,
            subject=customer,
            purposes=frozenset({Purpose.SELF_SERVICE}),
            scopes=frozenset(),
            expires_at=int(visit.now.timestamp()) + 60,
            refusal=Refusal.REFUSE,
            documents_only=False,
            introspection=False,
            max_page=1,
        )
        outcome = await self._house.api.execute(Request(query=STOP), grant)
        if outcome.kind is not Kind.OK or "errors" in orjson.loads(outcome.body):
            raise StoreUnavailable(Cause.DOWN)

"""`/erasures/{receipt}`: the state of an erasure and its signed certificate, for the holder of the receipt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.addresses.below import outside
from gateway.api import erasure_page
from gateway.http import problems
from messages.negotiation import preferred
from resolvers.erasure.consents import stays
from resolvers.erasure.receipts import ErasureReceipts, ErasureStanding, SignedStatement
from store.database.store import Store

MOMENTS = {
    "requestedAt": "requested_at",
    "notBefore": "not_before",
    "dueAt": "due_at",
    "finishedAt": "finished_at",
    "cancelledAt": "cancelled_at",
}
NOT_STATED = "There is no such statement: the certificate says all, or waits."


class Receipts:
    """Serves the state of erasures without authentication: an erased customer can no longer sign in.

    A receipt cannot be guessed, and the answer names nobody. Every wrong receipt gets the same 404.
    """

    def __init__(self, store: Store, site: str) -> None:
        self._receipts, self._site = ErasureReceipts(store), site

    async def state(self, request: Request) -> Response:
        """The dates and the state: for a browser as a page in its language, otherwise as JSON."""
        found, path = await self._found(request), outside(request.url.path)
        if erasure_page.wanted(request):
            return erasure_page.shown(request, found, self._site)

        def address(which: SignedStatement, ending: str) -> str | None:
            return f"{path}/{ending}" if which in found.statements else None

        held = [{"fields": each.fields, "because": each.basis, "until": _text(each.until)} for each in found.held]
        shown: dict[str, Any] = {"state": found.state.name, "meaning": found.meaning, "cause": found.cause}
        shown |= {name: _text(found.moments[column]) for name, column in MOMENTS.items()}
        shown["certificate"] = address(SignedStatement.CERTIFICATE, "certificate")
        shown["recipientsStatement"] = address(SignedStatement.RECIPIENTS, "recipients")
        shown |= {"held": held} if held else {}
        shown["filesStatement"] = address(SignedStatement.FILES, "files")
        shown["erasedNow"] = found.erased_now
        if found.stays:
            shown["stays"] = list(stays(preferred(request.headers.get("accept-language", ""))))
        shown["letterStatement"] = address(SignedStatement.LETTER, "letter")
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    def statement(
        self, which: SignedStatement, name: str, code: str, missing: str
    ) -> Callable[[Request], Awaitable[Response]]:
        """A handler that responds with a signed statement, byte by byte; Problem 404 with the code until it exists."""

        async def respond(request: Request) -> Response:
            text = (await self._found(request)).statements.get(which)
            if text is None:
                raise problems.ProblemError(404, code, missing)
            headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
            return PlainTextResponse(text, headers=headers)

        return respond

    async def _found(self, request: Request) -> ErasureStanding:
        found = await self._receipts.find(request.path_params["receipt"], datetime.now(UTC))
        if found is None:
            raise problems.ProblemError(404, "NO_SUCH_ERASURE", "There is no erasure with this receipt.")
        return found


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def list_routes(store: Store, site: str = "") -> list[Route]:
    """The routes of the receipts; `site` is the company's name on the page."""
    receipts = Receipts(store, site)
    certificate = receipts.statement(
        SignedStatement.CERTIFICATE,
        "erasure-certificate.txt",
        "NOT_ERASED_YET",
        "There is a certificate once the erasure is done.",
    )
    recipients = receipts.statement(
        SignedStatement.RECIPIENTS,
        "erasure-recipients.txt",
        "NOT_ANSWERED_YET",
        "There is a statement once every recipient has answered or was given up.",
    )
    files = receipts.statement(SignedStatement.FILES, "erasure-files.txt", "NOT_STATED", NOT_STATED)
    letter = receipts.statement(SignedStatement.LETTER, "erasure-letter.txt", "NOT_STATED", NOT_STATED)
    return [
        Route("/erasures/{receipt}", receipts.state, methods=["GET"]),
        Route("/erasures/{receipt}/files", files, methods=["GET"]),
        Route("/erasures/{receipt}/letter", letter, methods=["GET"]),
        Route("/erasures/{receipt}/certificate", certificate, methods=["GET"]),
        Route("/erasures/{receipt}/recipients", recipients, methods=["GET"]),
    ]

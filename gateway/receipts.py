"""`/erasures/{receipt}`: how far an erasure has come, and its certificate, for whoever holds the receipt."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway import problems
from policy.erasing import State
from store.database import Store
from store.erasures import erasures
from store.metadata import Id, instant
from store.receipts import erasure_of

E = erasures.c
COLUMNS = (
    E.state,
    E.cause,
    E.requested_at,
    E.not_before,
    E.due_at,
    E.finished_at,
    E.cancelled_at,
    E.files_statement,
    E.certificate,
)


class Receipts:
    """Answers without asking who somebody is: once erased, nobody can sign in any more.

    A receipt cannot be guessed, and what it opens names nobody. Whatever is wrong with it is the same 404.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._find = store.reader.prepare(select(*COLUMNS).where(E.id == bindparam("id", type_=Id)))

    async def state(self, request: Request) -> Response:
        """The dates and the state, as JSON."""
        row = await self._row(request)
        state, cause, *moments, statement, certificate = row
        names = ("requestedAt", "notBefore", "dueAt", "finishedAt", "cancelledAt")
        said = {
            name: None if at is None else instant(at).isoformat().replace("+00:00", "Z")
            for name, at in zip(names, moments, strict=True)
        }
        address = f"{request.url.path}/certificate" if certificate and state == State.ERASED.name else None
        shown = {"state": state, "meaning": State[state].value, "cause": cause, **said, "certificate": address}
        shown["filesStatement"] = f"{request.url.path}/files" if address and statement else None
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    async def certificate(self, request: Request) -> Response:
        """The signed certificate, byte by byte."""
        row = await self._row(request)
        if row[0] != State.ERASED.name or not row[-1]:
            raise problems.Problem(404, "NOT_ERASED_YET", "There is a certificate once the erasure is done.")
        headers = {
            "cache-control": "no-store",
            "content-disposition": 'attachment; filename="erasure-certificate.txt"',
        }
        return PlainTextResponse(row[-1], headers=headers)

    async def files(self, request: Request) -> Response:
        """The second signed statement, which follows a certificate that was signed before the files were clean."""
        row = await self._row(request)
        if row[0] != State.ERASED.name or not row[-2]:
            raise problems.Problem(
                404, "NOT_STATED", "There is no second statement: the certificate says all, or waits."
            )
        headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="erasure-files.txt"'}
        return PlainTextResponse(row[-2], headers=headers)

    async def _row(self, request: Request) -> Any:
        id_ = await erasure_of(self._store.keys.house, request.path_params["receipt"])
        rows = await self._store.reader.fetch(self._find, {"id": id_}) if id_ is not None else ()
        if not rows:
            raise problems.Problem(404, "NO_SUCH_ERASURE", "There is no erasure with this receipt.")
        return rows[0]


def list_routes(store: Store) -> list[Route]:
    """The addresses of the receipts."""
    receipts = Receipts(store)
    return [
        Route("/erasures/{receipt}", receipts.state, methods=["GET"]),
        Route("/erasures/{receipt}/files", receipts.files, methods=["GET"]),
        Route("/erasures/{receipt}/certificate", receipts.certificate, methods=["GET"]),
    ]

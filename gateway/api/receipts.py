"""`/erasures/{receipt}`: how far an erasure has come, and its certificate, for whoever holds the receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, select
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.http import problems
from messages.negotiation import preferred
from policy.erasing import State, meaning
from resolvers.erasure.consents import stays
from store.database.store import Store
from store.links.receipts import erasure_of
from store.records.holds import told_holds
from store.sql.metadata import Id, instant
from store.tables.erasures import erasures

E = erasures.c
COLUMNS = (
    E.state,
    E.cause,
    E.requested_at,
    E.not_before,
    E.due_at,
    E.finished_at,
    E.cancelled_at,
    E.erased_now,
    E.letter_statement,
    E.files_statement,
    E.recipients_statement,
    E.certificate,
)


WHILE_SERVICES_RUN = frozenset({State.ARMED, State.BLOCKED, State.REFUSED})
"""States in which something stays that is needed for services (GDPR Art. 12(4))."""


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
        state, cause, *moments, gone, letter, files, statement, certificate = row
        names = ("requestedAt", "notBefore", "dueAt", "finishedAt", "cancelledAt")
        said = {
            name: None if at is None else instant(at).isoformat().replace("+00:00", "Z")
            for name, at in zip(names, moments, strict=True)
        }
        address = f"{request.url.path}/certificate" if certificate and state == State.ERASED.name else None
        second = f"{request.url.path}/recipients" if address and statement else None
        notes: dict[str, Any] = {"certificate": address, "recipientsStatement": second}
        held = await self._held(request) if state == State.HELD.name else []
        notes |= {"held": held} if held else {}
        shown = {"state": state, "meaning": meaning(State[state], bool(held)), "cause": cause, **said, **notes}
        shown["filesStatement"] = f"{request.url.path}/files" if address and files else None
        shown["erasedNow"] = orjson.loads(gone) if gone else []
        if State[state] in WHILE_SERVICES_RUN:
            language = preferred(request.headers.get("accept-language", ""))
            shown["stays"] = list(stays(language))
        shown["letterStatement"] = f"{request.url.path}/letter" if address and letter else None
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    async def _held(self, request: Request) -> list[dict[str, Any]]:
        """What is kept, because of what and until when, as far as it may be told."""
        id_ = await erasure_of(self._store.keys.house, request.path_params["receipt"])
        now = datetime.now(UTC)
        async with self._store.write() as connection:
            owner = await connection.scalar(select(E.customer_id).where(E.id == id_))
            holds = await told_holds(connection, owner or 0, now)
        return [
            {"fields": list(each.fields), "because": each.basis, "until": each.until.isoformat().replace("+00:00", "Z")}
            for each in holds
        ]

    async def certificate(self, request: Request) -> Response:
        """The signed certificate, byte by byte."""
        row = await self._row(request)
        if row[0] != State.ERASED.name or not row[-1]:
            raise problems.ProblemError(404, "NOT_ERASED_YET", "There is a certificate once the erasure is done.")
        return _note(row[-1], "erasure-certificate.txt")

    async def recipients(self, request: Request) -> Response:
        """The second statement, on those whom the data was passed on to, byte by byte."""
        row = await self._row(request)
        if row[0] != State.ERASED.name or not row[-2]:
            raise problems.ProblemError(
                404, "NOT_ANSWERED_YET", "There is a statement once every recipient has answered or was given up."
            )
        return _note(row[-2], "erasure-recipients.txt")

    async def files(self, request: Request) -> Response:
        """The signed statement that follows a certificate which was signed before the files were clean."""
        row = await self._row(request)
        if row[0] != State.ERASED.name or not row[-3]:
            raise problems.ProblemError(
                404, "NOT_STATED", "There is no such statement: the certificate says all, or waits."
            )
        return _note(row[-3], "erasure-files.txt")

    async def letter(self, request: Request) -> Response:
        """The signed statement on what became of the last letter, where the certificate could not say it yet."""
        row = await self._row(request)
        if row[0] != State.ERASED.name or not row[-4]:
            raise problems.ProblemError(
                404, "NOT_STATED", "There is no such statement: the certificate says all, or waits."
            )
        return _note(row[-4], "erasure-letter.txt")

    async def _row(self, request: Request) -> Any:
        id_ = await erasure_of(self._store.keys.house, request.path_params["receipt"])
        rows = await self._store.reader.fetch(self._find, {"id": id_}) if id_ is not None else ()
        if not rows:
            raise problems.ProblemError(404, "NO_SUCH_ERASURE", "There is no erasure with this receipt.")
        return rows[0]


def _note(text: str, name: str) -> Response:
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(text, headers=headers)


def list_routes(store: Store) -> list[Route]:
    """The addresses of the receipts."""
    receipts = Receipts(store)
    return [
        Route("/erasures/{receipt}", receipts.state, methods=["GET"]),
        Route("/erasures/{receipt}/files", receipts.files, methods=["GET"]),
        Route("/erasures/{receipt}/letter", receipts.letter, methods=["GET"]),
        Route("/erasures/{receipt}/certificate", receipts.certificate, methods=["GET"]),
        Route("/erasures/{receipt}/recipients", receipts.recipients, methods=["GET"]),
    ]

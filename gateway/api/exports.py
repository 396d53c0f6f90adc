"""`/exports/{id}`: downloads an export, decrypted piece by piece, for its own customer only (GDPR Art. 15, 20).

With a token, or once by an address that `createExportDownload` made (`?t=`), which a browser opens without one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.access.authenticator import Authenticator, VerifiedGrant
from gateway.api.graphql_http import STEP_UP
from gateway.http import problems
from gateway.http.credentials import presented
from policy.exporting import EXPORT_FORMS
from policy.purposes import Purpose
from resolvers.commands.dependencies import FRESH, SKEW
from resolvers.exports.downloads import Downloads
from resolvers.exports.fetching import DamagedExportError, ExportFile, ExportFiles
from schema.model.meanings import meanings
from schema.model.model import SchemaModel
from store.database.store import Store
from workers.exports.contents import Meanings
from workers.exports.html_form import POLICY

MEDIA = {"JSON": ("application/json", "json"), "HTML": ("text/html; charset=utf-8", "html")}
MEDIA["PORTABLE"] = MEDIA["JSON"]


class Exports:
    """Serves exports to the customer's own token; no cookie is accepted, and no tool's token.

    1. the token is authenticated; 2. it is the customer's own, for SELF_SERVICE, from a recent sign-in (S7); 3. the
    export exists, is ready, has not expired and is the customer's: everything else is the same 404; 4. the ledger entry
    is durable before the first byte leaves; 5. piece by piece: a piece that was changed, moved or cut off breaks the
    connection, so that a damaged export never looks complete. For a ticket 1 to 3 are that it opens this export, has
    not ended and was not used: all that fails is the same 404 as well.
    """

    def __init__(
        self, store: Store, authenticator: Authenticator, said: Meanings, clock: Callable[[], datetime]
    ) -> None:
        self._files, self._authenticator, self._clock = ExportFiles(store), authenticator, clock
        self._downloads = Downloads(store)
        self._fields = sorted({name for each in said.values() for name in each.coordinates})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET; Problem 400, 401, 403, 404 or 405."""
        if scope["method"] != "GET":
            raise problems.method_not_allowed(b"GET")
        given = _asked(scope["query_string"])
        if isinstance(given, OneTimeAddress):
            file, first, client = await self._once(scope["path_params"]["id"], given.ticket)
            form, now = file.form, self._clock()
        else:
            form = given
            grant = await self._authenticator.authenticate_first_party(*presented(scope, dict(scope["headers"])))  # 1
            now, client = self._clock(), grant.client_id
            subject = _themselves(grant, now)  # 2
            found = await self._files.find(scope["path_params"]["id"], subject, form, now)  # 3
            if found is None:
                raise _none()
            file = found
            first = await self._first(file)
        await self._files.record(file, client, self._fields, now)  # 4
        media, ending = MEDIA[form]
        headers = {
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{_name(form, now)}.{ending}"',
            "content-length": str(file.length),
            "content-security-policy": f"{POLICY}; sandbox",
            "referrer-policy": "no-referrer",
        }
        body = self._pieces(first, file)  # 5
        await StreamingResponse(body, headers=headers, media_type=media)(scope, receive, send)

    async def _once(self, id_: str, text: str) -> tuple[ExportFile, bytes, str]:
        """The file of a ticket with its first piece, and the client that asked for it; the ticket is used by this."""
        found = await self._downloads.find(id_, text, self._clock())
        if found is None:
            raise _none()
        file, ticket = found
        # Before it is used: who gets a damaged export can have another address made.
        first = await self._first(file)
        if not await self._downloads.use(ticket, text):
            raise _none()
        return file, first, ticket.client

    async def _first(self, file: ExportFile) -> bytes:
        """The first piece, while an answer can still say that it is damaged."""
        try:
            return await self._files.piece(file, 0)
        except DamagedExportError:
            raise problems.ProblemError(500, "DATA_DAMAGED", "The export is damaged: ask for another one.") from None

    async def _pieces(self, first: bytes, file: ExportFile) -> AsyncIterator[bytes]:
        yield first
        async for piece in self._files.after_first(file):
            yield piece


def list_routes(
    store: Store, authenticator: Authenticator, model: SchemaModel, clock: Callable[[], datetime]
) -> Sequence[Route]:
    """The route."""
    return [Route("/exports/{id}", Exports(store, authenticator, meanings(model), clock))]


def _none() -> problems.ProblemError:
    return problems.ProblemError(404, "NO_SUCH_EXPORT", "There is no such export, or it can no longer be fetched.")


@dataclass(frozen=True, slots=True)
class OneTimeAddress:
    """An address that was made for one download."""

    ticket: str


def _asked(query: bytes) -> OneTimeAddress | str:
    """The ticket, or the `form` of the query: JSON, HTML or PORTABLE; JSON by default. Problem 400 otherwise."""
    try:
        given: Mapping[str, str] = dict(parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=4))
    except ValueError:
        raise problems.malformed("The query cannot be read.") from None
    if given.keys() == {"t"}:
        return OneTimeAddress(given["t"])
    form = given.get("form", "json").upper()
    if given.keys() - {"form"} or form not in EXPORT_FORMS:
        raise problems.malformed("The query may have `form`: json, html or portable.")
    return form


def _themselves(grant: VerifiedGrant, now: datetime) -> int:
    """The token's customer; Problem 403 for any other token, 401 (step-up, RFC 9470) if the sign-in is too old."""
    if grant.subject is None or Purpose.SELF_SERVICE not in grant.purposes:
        raise problems.ProblemError(
            403, "OWN_DATA_ONLY", "An export is for its own customer: use their SELF_SERVICE token."
        )
    at = grant.authenticated_at
    # SKEW: a replica whose clock is ahead may have signed somebody in "in the future".
    if at is None or not -SKEW <= now.timestamp() - at <= FRESH:
        message = f"Fetching an export needs a sign-in of the last {FRESH // 60} minutes: sign in again."
        raise problems.ProblemError(401, "STEP_UP_REQUIRED", message, ((b"www-authenticate", STEP_UP),))
    return grant.subject


def _name(form: str, now: datetime) -> str:
    """A file name without personal data: it ends up in download lists and backups."""
    return f"my-data-{'portable-' if form == 'PORTABLE' else ''}{now:%Y-%m-%d}"

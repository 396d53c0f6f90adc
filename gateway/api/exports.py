"""Fetching an export at `/exports/{id}`: opened piece by piece on its way out, for its own customer and nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.access.authenticator import Authenticator, VerifiedGrant
from gateway.api.graphql_http import STEP_UP
from gateway.http import problems
from gateway.http.credentials import presented
from policy.purposes import Purpose
from resolvers.commands.dependencies import FRESH, SKEW, Site
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from schema.model.meanings import meanings
from schema.model.model import SchemaModel
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.metadata import Id, instant
from store.tables.exports import EXPORT_FORMS, export_parts, exports, open_part
from workers.exports.contents import Meanings
from workers.exports.html_form import POLICY
from workers.exports.worker import ExportController, Exporter

MEDIA = {"JSON": ("application/json", "json"), "HTML": ("text/html; charset=utf-8", "html")}
MEDIA["PORTABLE"] = MEDIA["JSON"]


@dataclass(frozen=True, slots=True)
class _Found:
    """An export that can be fetched now."""

    id: int
    attempt: int
    pieces: int
    length: int


class Exports:
    """The address of the exports. It answers the bearer of the customer's own token: no cookie counts, no tool may.

    1. who asks, by the token; 2. for oneself, as SELF_SERVICE, and proven within the last minutes (S7); 3. the export
    is there, ready, not expired, and one's own: all else is the same 404; 4. the ledger has the entry before a byte
    leaves; 5. piece by piece: what was changed, moved or cut off breaks the connection instead of passing for whole.
    """

    def __init__(self, store: Store, door: Authenticator, said: Meanings, clock: Callable[[], datetime]) -> None:
        self._store, self._door, self._clock = store, door, clock
        self._fields = sorted({name for each in said.values() for name in each.coordinates})
        self._piece = store.reader.prepare(_piece)
        self._find = store.reader.prepare(_find)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET; Problem 400, 401, 403, 404 or 405."""
        if scope["method"] != "GET":
            raise problems.method_not_allowed(b"GET")
        form = _form(scope["query_string"])
        grant = await self._door.admit_first_party(*presented(scope, dict(scope["headers"])))  # 1
        now = self._clock()
        subject = _themselves(grant, now)  # 2
        found = await self._found(scope["path_params"]["id"], subject, form, now)  # 3
        (key,) = await self._store.keys.subjects([subject])
        if found is None or key is None:
            raise problems.ProblemError(
                404, "NO_SUCH_EXPORT", "There is no such export, or it can no longer be fetched."
            )
        first = await self._piece_at(found, key, form, 0)
        await self._store.ledger.append(self._entry(grant, key, form, now))  # 4
        media, ending = MEDIA[form]
        headers = {
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{_name(form, now)}.{ending}"',
            "content-length": str(found.length),
            "content-security-policy": f"{POLICY}; sandbox",
        }
        body = self._pieces(first, found, key, form)  # 5
        await StreamingResponse(body, headers=headers, media_type=media)(scope, receive, send)

    async def _found(self, text: str, subject: int, form: str, now: datetime) -> _Found | None:
        id_ = self._store.keys.house.ids.decode(text)
        if id_ is None or id_.type_name != "Export":
            return None
        rows = await self._store.reader.fetch(self._find, {"id": id_.key, "owner": subject, "form": form})
        for attempt, expires, pieces, length in rows:
            if expires is not None and now < instant(expires):
                return _Found(id_.key, attempt, pieces, length)
        return None

    def _entry(self, grant: VerifiedGrant, key: SubjectKey, form: str, now: datetime) -> dict[str, Any]:
        return {
            "version": 1,
            "at": int(now.timestamp()),
            "client": grant.client_id,
            "purpose": Purpose.SELF_SERVICE.name,
            "reference": None,
            "operation": hashlib.sha256(f"GET /exports?form={form.lower()}".encode()).hexdigest(),
            "fields": self._fields,
            "subjects": [key.pseudonym],
        }

    async def _pieces(self, first: bytes, found: _Found, key: SubjectKey, form: str) -> AsyncIterator[bytes]:
        yield first
        for position in range(1, found.pieces):
            yield await self._piece_at(found, key, form, position)

    async def _piece_at(self, found: _Found, key: SubjectKey, form: str, position: int) -> bytes:
        place = (found.attempt, form, position)
        values = {"id": found.id, "attempt": found.attempt, "form": form, "position": position}
        rows = await self._store.reader.fetch(self._piece, values)
        try:
            return open_part(key, found.id, place, position == found.pieces - 1, rows[0][0] if rows else b"")
        except SealBrokenError:
            raise problems.ProblemError(500, "DATA_DAMAGED", "The export is damaged: ask for another one.") from None


_find = (
    select(exports.c.attempts, exports.c.expires_at, func.count(), func.sum(export_parts.c.length))
    .join_from(
        exports,
        export_parts,
        (export_parts.c.export_id == exports.c.id) & (export_parts.c.attempt == exports.c.attempts),
    )
    .where(exports.c.id == bindparam("id", type_=Id), exports.c.customer_id == bindparam("owner", type_=Id))
    .where(exports.c.state == "READY", export_parts.c.form == bindparam("form"))
    .group_by(exports.c.id, exports.c.attempts, exports.c.expires_at)
)
_piece = select(export_parts.c.content).where(
    export_parts.c.export_id == bindparam("id", type_=Id),
    export_parts.c.attempt == bindparam("attempt", type_=export_parts.c.attempt.type),
    export_parts.c.form == bindparam("form"),
    export_parts.c.position == bindparam("position", type_=export_parts.c.position.type),
)


def list_routes(
    store: Store, door: Authenticator, model: SchemaModel, clock: Callable[[], datetime]
) -> Sequence[Route]:
    """The address."""
    return [Route("/exports/{id}", Exports(store, door, meanings(model), clock))]


def make_exporter(store: Store, site: Site, model: SchemaModel) -> Exporter:
    """The worker that makes them, and writes to the customer when one is ready."""

    async def tell(connection: AsyncConnection, key: SubjectKey, now: datetime, until: datetime) -> None:
        await write(
            connection,
            key,
            site,
            SignInEmail.EXPORT_READY,
            now,
            platform="CLIENT_AREA",
            until=f"{until:%Y-%m-%d %H:%M} UTC",
        )

    return Exporter(store, meanings(model), ExportController(site.name, site.origin, tell))


def _form(query: bytes) -> str:
    """`?form=`: json, html or portable; json when nothing is said."""
    try:
        given: Mapping[str, str] = dict(parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=4))
    except ValueError:
        raise problems.malformed("The query cannot be read.") from None
    form = given.get("form", "json").upper()
    if given.keys() - {"form"} or form not in EXPORT_FORMS:
        raise problems.malformed("The query may have `form`: json, html or portable.")
    return form


def _themselves(grant: VerifiedGrant, now: datetime) -> int:
    """The customer of the token; Problem unless they read their own data, and proved who they are just now."""
    if grant.subject is None or Purpose.SELF_SERVICE not in grant.purposes:
        raise problems.ProblemError(
            403, "OWN_DATA_ONLY", "An export is for its own customer: use their SELF_SERVICE token."
        )
    at = grant.authenticated_at
    if at is None or not -SKEW <= now.timestamp() - at <= FRESH:
        message = f"Fetching an export needs a sign-in of the last {FRESH // 60} minutes: sign in again."
        raise problems.ProblemError(401, "STEP_UP_REQUIRED", message, ((b"www-authenticate", STEP_UP),))
    return grant.subject


def _name(form: str, now: datetime) -> str:
    """A file name that says nothing of anybody."""
    return f"my-data-{'portable-' if form == 'PORTABLE' else ''}{now:%Y-%m-%d}"

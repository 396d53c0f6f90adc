"""Exports fetched: found for their own customer, recorded, and opened piece by piece (GDPR Art. 15, 20)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from policy.purposes import Purpose
from resolvers.reads.recording import read_entry
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.metadata import Id, instant
from store.tables.exports import export_parts, exports, open_part


class DamagedExportError(Exception):
    """A piece was changed, moved or cut off."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export in one form, which can be fetched now."""

    id: int
    attempt: int
    form: str
    pieces: int
    length: int
    """Bytes of the whole."""
    key: SubjectKey


class ExportFiles:
    """The exports of a store, as files."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._find, self._piece = store.reader.prepare(_find), store.reader.prepare(_piece)

    async def find(self, id_: str, customer: int, form: str, now: datetime) -> ExportFile | None:
        """The export of this id as the world outside knows it; None unless it is there, ready, not expired, and the
        customer's own."""
        known = self._store.keys.system.ids.decode(id_)
        if known is None or known.type_name != "Export":
            return None
        return await self.of_row(known.key, customer, form, now)

    async def of_row(self, row: int, customer: int, form: str, now: datetime) -> ExportFile | None:
        """The export of this primary key; None as for `find`."""
        (key,) = await self._store.keys.subjects([customer])
        rows = await self._store.reader.fetch(self._find, {"id": row, "owner": customer, "form": form})
        for attempt, expires, pieces, length in rows:
            if key is not None and expires is not None and now < instant(expires):
                return ExportFile(row, attempt, form, pieces, length, key)
        return None

    async def record(self, file: ExportFile, client: str, fields: Sequence[str], now: datetime) -> None:
        """Write the reading to the ledger; durable when it returns, and to be called before a byte leaves."""
        operation = hashlib.sha256(f"GET /exports?form={file.form.lower()}".encode()).hexdigest()
        subjects = [file.key.pseudonym]
        await self._store.ledger.append(
            read_entry(client, Purpose.SELF_SERVICE, None, operation, fields, subjects, now)
        )

    async def piece(self, file: ExportFile, position: int) -> bytes:
        """One piece, opened; DamagedExportError when it is not the one that was sealed there."""
        values = {"id": file.id, "attempt": file.attempt, "form": file.form, "position": position}
        rows = await self._store.reader.fetch(self._piece, values)
        place, last = (file.attempt, file.form, position), position == file.pieces - 1
        try:
            return open_part(file.key, file.id, place, last, rows[0][0] if rows else b"")
        except SealBrokenError as error:
            raise DamagedExportError from error

    async def after_first(self, file: ExportFile) -> AsyncIterator[bytes]:
        """All pieces but the first, in their order; DamagedExportError breaks them off."""
        for position in range(1, file.pieces):
            yield await self.piece(file, position)


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

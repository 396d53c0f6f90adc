"""Addresses that download an export once, without a token: what a browser or a mail program of an app can open.

    /exports/Export_1…?t=<base64url>      the sealed ticket: the form, its end and the client that asked

A ticket is sealed under the customer's key and bound to the export, so that nothing of it can be read or changed, it
opens no other export, and it is worth nothing once the key is destroyed. Nothing is stored until it is used: then its
hash is, until the ticket would have ended anyway (`store.queue.single_use`).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import orjson

from messages.message import Message
from policy.exporting import EXPORT_FORMS
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.exports.fetching import ExportFile, ExportFiles
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.queue.single_use import SingleUse

LIFETIME: Final = timedelta(minutes=2)
"""For a browser that opens the address at once; the sign-in behind it may be five minutes old already (S7)."""
PLACE: Final = "exports.download"
"""The place that the ticket is sealed for; no column has this name."""
KIND: Final = "export-download"
LONGEST: Final = 500
"""Maximum characters of a ticket."""

GONE: Final = UserProblem(
    "NOT_FOUND", Message("There is no such export, or it can no longer be downloaded."), ("exportId",)
)


@dataclass(frozen=True, slots=True)
class DownloadMade(Result):
    """The address, and its end. It is shown once: a repeated request does not get it again."""

    repeatable: ClassVar[bool] = False

    url: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DownloadTicket:
    """The content of a ticket."""

    form: str
    until: datetime
    client: str

    def sealed(self, key: SubjectKey, export: int) -> str:
        """The text of the address, under the customer's key."""
        said = orjson.dumps([self.form, int(self.until.timestamp()), self.client])
        return urlsafe_b64encode(key.seal(PLACE, export, said)).rstrip(b"=").decode()

    @classmethod
    def opened(cls, key: SubjectKey, export: int, text: str) -> DownloadTicket | None:
        """Read the text of an address; None unless it was sealed for this export of this customer."""
        if len(text) > LONGEST or not text.isascii():
            return None
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            form, until, client = orjson.loads(key.open(PLACE, export, raw))
        except (SealBrokenError, ValueError):
            return None
        # The last letter has bits that mean nothing: another spelling would be another ticket.
        if urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
            return None
        return cls(form, datetime.fromtimestamp(until, UTC), client)


async def create_export_download(context: CommandContext, given: Mapping[str, Any]) -> DownloadMade:
    """Make an address for an own export that is ready; NOT_FOUND for any other, whatever the reason."""
    form = str(getattr(given["form"], "value", given["form"]))  # An enum value of Strawberry, or its name.
    async with context.store.write():
        # Nothing is stored of the address; the transaction is that of the idempotency key, if the request has one.
        file = await ExportFiles(context.store).of_row(int(given["exportId"]), context.subject, form, context.now)
    if file is None:
        return DownloadMade(problems=(GONE,))
    until = (context.now + LIFETIME).replace(microsecond=0)
    ticket = DownloadTicket(form, until, context.grant.client_id).sealed(file.key, file.id)
    path = f"/exports/{file.key.global_id('Export', file.id)}"
    return DownloadMade(url=context.dependencies.site.link(path, ticket), expires_at=until)


class Downloads:
    """Tickets of a store, each used once."""

    def __init__(self, store: Store) -> None:
        self._store, self._files, self._used = store, ExportFiles(store), SingleUse(store)

    async def find(self, id_: str, text: str, now: datetime) -> tuple[ExportFile, DownloadTicket] | None:
        """The file that a ticket stands for, which is not used by this; None for whatever opens nothing now."""
        known = self._store.keys.system.ids.decode(id_)
        if known is None or known.type_name != "Export":
            return None
        (key,) = await self._store.keys.subjects([known.customer])
        ticket = None if key is None else DownloadTicket.opened(key, known.key, text)
        if ticket is None or ticket.form not in EXPORT_FORMS or now >= ticket.until:
            return None
        file = await self._files.of_row(known.key, known.customer, ticket.form, now)
        return None if file is None else (file, ticket)

    async def use(self, ticket: DownloadTicket, text: str) -> bool:
        """Use the ticket: True to one caller alone, across all replicas. StoreUnavailableError if it is not known."""
        return await self._used.claim(KIND, text, ticket.until)

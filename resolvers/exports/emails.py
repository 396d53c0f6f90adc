"""The letter that an export can be fetched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import Site
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from store.crypto.subject_key import SubjectKey


class ExportEmails:
    """Writes within the transaction that makes an export ready."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def ready(self, connection: AsyncConnection, key: SubjectKey, now: datetime, until: datetime) -> None:
        """Tell the customer, and until when it is kept."""
        day = f"{until:%Y-%m-%d %H:%M} UTC"
        await write(connection, key, self._site, SignInEmail.EXPORT_READY, now, platform="CLIENT_AREA", until=day)

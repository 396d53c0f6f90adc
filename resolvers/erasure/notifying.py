"""Letters and events of an erasure on its way: to the customer in their language, and to internal systems."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import ErasureDates
from resolvers.commands.dependencies import Site
from resolvers.emails.emails import Fact, compose, reader_of, write
from resolvers.emails.erasure import ErasureEmail
from resolvers.events.announcements import announce, announce_erased
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.links.receipts import receipt_of
from store.queue.holding import hold_letter
from store.records.holds import visible_holds


class ErasureTelling:
    """Writes within the transactions of the worker that erases; the worker knows it as `workers.erasure.Letters`."""

    def __init__(self, store: Store, site: Site) -> None:
        self._store, self._site = store, site

    async def notify(
        self,
        connection: AsyncConnection,
        key: SubjectKey,
        kind: str,
        erasure_id: int,
        dates: ErasureDates | None,
        now: datetime,
        void_at: datetime | None,
    ) -> int | None:
        """Write a letter of this kind; its number in the outbox, None without an address or for one about holds.

        With dates, internal systems are told of the deadline, too. After `void_at` the letter is not sent any more.
        """
        if kind == ErasureEmail.HELD.name:
            await self._notify_held(connection, key, erasure_id, now)
            return None
        facts = {} if dates is None else {"due": dates.due, "begin": dates.not_before}
        where = await self._link(erasure_id)
        message = await write(connection, key, self._site, ErasureEmail[kind], now, void_at, link=where, **facts)
        # A customer who was imported without a service is warned because of the import.
        if message is not None and kind == ErasureEmail.WARNING.name:
            await hold_letter(connection, message, key.customer_id)
        if dates is not None:
            await announce(connection, key, "erasure.due", now, facts={"dueAt": dates.due})
        return message

    async def compose(
        self, connection: AsyncConnection, key: SubjectKey, erasure_id: int, now: datetime
    ) -> bytes | None:
        """The last letter, to be sent when the erasure is done; None when there is no address to send it to."""
        reader = await reader_of(connection, key)
        if reader is None:
            return None
        return compose(reader, self._site, ErasureEmail.ERASED, now, link=await self._link(erasure_id))

    async def done(self, connection: AsyncConnection, customer_id: int, now: datetime) -> None:
        """Tell internal systems that the customer is erased."""
        await announce_erased(connection, self._store.keys.system, customer_id, now)

    async def _notify_held(self, connection: AsyncConnection, key: SubjectKey, erasure_id: int, now: datetime) -> None:
        """A letter about each hold that may be told; of a customer without one a restriction keeps the data."""
        where = await self._link(erasure_id)
        holds = await visible_holds(connection, key.customer_id, now)
        if not holds:
            await write(connection, key, self._site, ErasureEmail.HELD_RESTRICTED, now, None, link=where)
        for hold in holds:
            facts: dict[str, Fact] = {"fields": hold.fields, "because": hold.basis}
            await write(
                connection, key, self._site, ErasureEmail.HELD, now, None, link=where, until=hold.until, **facts
            )

    async def _link(self, erasure_id: int) -> str:
        return f"{self._site.address}/erasures/{await receipt_of(self._store.keys.system, erasure_id)}"

"""Where recipients are told of an erasure, and what an operator does by hand: letters, answers, giving up (Art. 19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import end_of_day, start_of_day
from policy.erasing import Method, NotificationState, RecipientAnswer
from policy.recipients import Recipient
from store.database.store import Store
from store.queue.messages import opened
from store.registers.affiliates import affiliates
from store.registers.clients import clients
from store.registers.partners import partners
from store.registers.recipients import recipient_contacts
from store.registers.webhooks import webhooks
from store.sql.ids import new_id
from store.tables.erasures import RECIPIENT_KINDS, TOOL, erasure_recipients
from store.tables.outbox import outbox
from values.mailbox import MailboxError, parse_mailbox
from workers.recipients.closing import forget_messages
from workers.recipients.listing import letter
from workers.recipients.noting import UNSIGNED, look_soon

KINDS = tuple(kind for kind in RECIPIENT_KINDS if kind != Recipient.AUTHORITY.name)
"""Authorities are left out: data that one received under an order is not called back."""
NAMED = {
    Recipient.PAYMENT_AFFILIATE.name: affiliates.c.name,
    Recipient.PARTNER.name: partners.c.name,
    TOOL: clients.c.id,
}
"""Where each kind is registered; registries are those of the disclosures."""


class RecipientError(Exception):
    """The change is refused; the text says why, and how to go on."""


def posting(on: date, zone: tzinfo, listed: datetime, now: datetime) -> datetime:
    """When a letter of this day of the controller's zone was posted: at its beginning, not before it was listed.

    RecipientError for a day to come, or one before the recipient was listed.
    """
    if start_of_day(on, zone) > now or end_of_day(on, zone) + timedelta(seconds=1) <= listed:
        raise RecipientError("A letter was posted between the day on which the recipient was listed and today.")
    return max(start_of_day(on, zone), listed)


class Recipients:
    """Work of operators on recipients of erased data."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def set_contact(self, kind: str, name: str, webhook: str | None, email: str | None, now: datetime) -> None:
        """Say how a recipient is told of erasures: by one subscription or by one mailbox of the company's."""
        if (webhook is None) == (email is None):
            raise RecipientError("Name one way: --webhook NAME, or --email ADDRESS.")
        if email is not None:
            try:
                parse_mailbox(email)
            except MailboxError as error:
                raise RecipientError(f"This is no address to write to. {error}") from None
        async with self._store.write() as connection:
            column = NAMED.get(kind)
            if column is not None and await connection.scalar(select(column).where(column == name)) is None:
                raise RecipientError(f"There is no {kind} of this name.")
            hook = None if webhook is None else await self._webhook(connection, webhook)
            await connection.execute(
                delete(recipient_contacts).where(recipient_contacts.c.kind == kind, recipient_contacts.c.name == name)
            )
            row = {"id": new_id(), "kind": kind, "name": name, "webhook_id": hook, "email": email, "created_at": now}
            await connection.execute(insert(recipient_contacts).values(row))

    async def _webhook(self, connection: AsyncConnection, name: str) -> int:
        id_ = await connection.scalar(select(webhooks.c.id).where(webhooks.c.name == name))
        if id_ is None:
            raise RecipientError(f"There is no system {name}: `gateway webhooks list` shows those there are.")
        return int(id_)

    async def remove_contact(self, kind: str, name: str) -> None:
        """Forget how a recipient is told."""
        async with self._store.write() as connection:
            gone = delete(recipient_contacts).where(
                recipient_contacts.c.kind == kind, recipient_contacts.c.name == name
            )
            if (await connection.execute(gone)).rowcount == 0:
                raise RecipientError("No contact is registered for it: `gateway recipients list` shows all.")

    async def contacts(self) -> Sequence[Any]:
        """Every one, by kind and name, with the name of its subscription."""
        query = select(
            recipient_contacts.c.kind,
            recipient_contacts.c.name,
            recipient_contacts.c.email,
            webhooks.c.name.label("webhook"),
        )
        query = query.join_from(
            recipient_contacts, webhooks, recipient_contacts.c.webhook_id == webhooks.c.id, isouter=True
        )
        async with self._store.write() as connection:
            return (
                await connection.execute(query.order_by(recipient_contacts.c.kind, recipient_contacts.c.name))
            ).all()

    async def letter(self, case: int, name: str) -> str:
        """The text to post to a recipient that nothing has reached yet; RecipientError when it is there no more."""
        row = await self._one(case, name)
        query = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(
            outbox.c.id == row.outbox_id, outbox.c.payload.is_not(None)
        )
        async with self._store.write() as connection:
            message = (await connection.execute(query)).one_or_none()
        (content,) = (None,) if message is None else await opened(self._store.keys, [tuple(message)])
        if content is None:
            raise RecipientError(f"{name} has no letter that waits: `gateway erasures show {case}` tells its state.")
        said = orjson.loads(content)
        return said["text"] if "text" in said else letter("", said["data"])["text"]

    async def posted(self, case: int, name: str, on: date, zone: tzinfo, now: datetime) -> None:
        """Record that a letter was posted on a day of the zone; a message that still waits for it is not sent.

        Of a day the hour is not known: it counts from its beginning, but not from before the recipient was listed, so
        that what is signed keeps the order in which things happened.
        """
        row = await self._one(case, name)
        sent = posting(on, zone, row.listed_at, now)
        values = {
            "state": NotificationState.SENT.name,
            "method": Method.LETTER.name,
            "tries": erasure_recipients.c.tries + 1,
            "sent_at": sent,
        }
        await self._change(
            row,
            (NotificationState.LISTED, NotificationState.GIVEN_UP, NotificationState.SENT),
            values | {"given_up_at": None},
            now,
        )

    async def answered(self, case: int, name: str, answer: RecipientAnswer, now: datetime) -> None:
        """Record what a recipient answered, at the moment at which an operator knows it."""
        row = await self._one(case, name)
        values = {"state": answer.state.name, "answer": answer.name, "answered_at": now, "given_up_at": None}
        await self._change(row, tuple(NotificationState), values, now)

    async def give_up(self, case: int, name: str, now: datetime) -> None:
        """Record that nothing more is waited for from a recipient."""
        row = await self._one(case, name)
        await self._change(
            row,
            (NotificationState.LISTED, NotificationState.SENT),
            {"state": NotificationState.GIVEN_UP.name, "given_up_at": now},
            now,
        )

    async def _one(self, case: int, name: str) -> Any:
        found = (
            select(erasure_recipients)
            .where(erasure_recipients.c.erasure_id == case, erasure_recipients.c.name == name)
            .order_by(erasure_recipients.c.kind)
        )
        async with self._store.write() as connection:
            row = (await connection.execute(found)).first()
        if row is None:
            raise RecipientError(f"This case lists no {name}: `gateway erasures show {case}` lists its recipients.")
        return row

    async def _change(self, row: Any, of: Sequence[NotificationState], values: dict[str, Any], now: datetime) -> None:
        mine = erasure_recipients.c.id == row.id, erasure_recipients.c.state.in_([state.name for state in of]), UNSIGNED
        async with self._store.write() as connection:
            if (await connection.execute(update(erasure_recipients).where(*mine).values(values))).rowcount == 0:
                raise RecipientError(
                    f"{row.name} is {row.state}, or the statement on recipients has been signed: it stays as it is."
                )
            await forget_messages(connection, [row.outbox_id], now)
            await look_soon(connection, row.erasure_id, now)

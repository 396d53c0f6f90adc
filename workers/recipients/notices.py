"""Notifies recipients of a restriction, of its end, and of a correction (GDPR Art. 19; R30).

```
asked for ──a worker──▶ listed ──▶ each recipient: LISTED ─▶ SENT ─▶ ACKNOWLEDGED or REFUSED, or GIVEN_UP
```

The recipients' states and channels are those of an erasure (`workers.recipients.listing`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import ANSWER_WITHIN, NotificationState
from policy.restricting import Notice
from store.accesses.readers import clients_that_read
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.registers.clients import clients
from store.registers.recipients import recipient_contacts
from store.sql.ids import new_id
from store.sql.metadata import Instant
from store.sql.reading import any_of
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.erasures import TOOL
from store.tables.outbox import outbox
from store.tables.restrictions import notice_recipients, notices
from workers.loop.periodic import guarded, run_periodically
from workers.recipients.listing import CopyHolder, facts_for, holders, message_to

PAGE = 20
"""Notices in one round."""

UNCONCERNED = 500
"""Notices of corrections in one round that concern nobody, and are listed together."""

PAUSE = 2.0
"""Seconds between rounds that found nothing."""

SUBJECTS = {
    Notice.RESTRICTION: "Please store your copy and use it for nothing else",
    Notice.LIFTING: "A restriction has ended",
    Notice.RECTIFICATION: "Please correct your copy",
}
TEXTS = {
    Notice.RESTRICTION: "A customer whose data you received from us has processing restricted (GDPR Art. 18), and we "
    "tell you as Art. 19 demands: please store your copy, use it for nothing else, and answer that you do, or why not.",
    Notice.LIFTING: "The restriction of which we told you has ended: you may use your copy as before.",
    Notice.RECTIFICATION: "Data of a customer that you received from us were corrected, and we tell you as GDPR "
    "Art. 19 demands: please obtain them anew, correct your copy, and answer that you did, or why you may not.",
}
SETTLED_NOT = (NotificationState.LISTED.name, NotificationState.SENT.name)


class Notifier:
    """A worker; any number of them may run. Each notice is processed in one transaction, under a lock of its customer.

    Notices of one customer are processed in the order of their requests.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], pause: float = PAUSE) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        waiting = select(notices.c.id, notices.c.customer_id).where(notices.c.listed_at.is_(None), ~_behind_another())
        waiting = waiting.order_by(notices.c.asked_at, notices.c.id).limit(PAGE)
        self._waiting = store.reader.prepare(waiting)
        self._concerning = store.reader.prepare(waiting.where(~and_(*_of_nobody())))
        keeping = exists(select(clients.c.id).where(_keeps()))
        contact = exists(select(recipient_contacts.c.id).where(recipient_contacts.c.kind == TOOL))
        tools: Any = select(keeping.label("keeping"), contact.label("contact"))
        self._tools = store.reader.prepare(tools)
        unconcerned = select(notices.c.id).where(notices.c.listed_at.is_(None), *_of_nobody())
        self._unconcerned = store.reader.prepare(unconcerned.order_by(notices.c.asked_at).limit(UNCONCERNED))
        late = select(notice_recipients.c.id).where(
            notice_recipients.c.state.in_(SETTLED_NOT),
            notice_recipients.c.listed_at <= bindparam("before", type_=Instant),
        )
        self._late = store.reader.prepare(late.order_by(notice_recipients.c.listed_at).limit(PAGE))

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, also across outages of the store."""
        await run_periodically(self.step, stop, self._pause, "notices to recipients")

    async def step(self) -> bool:
        """Do one round; returns whether there was anything to do. A failing notice does not block the others."""
        now = self._clock()
        tools = await self._any_tool()
        settled = not tools and await self._settle(now)
        waiting = await self._store.reader.fetch(self._waiting if tools else self._concerning, {})
        done = [await guarded("a notice to recipients", self.process(id_, owner, now)) for id_, owner in waiting]
        late = await self._store.reader.fetch(self._late, {"before": now - ANSWER_WITHIN})
        if late:
            await self._give_up([id_ for (id_,) in late], now)
        return any(done) or bool(late) or settled

    async def _settle(self, now: datetime) -> bool:
        """List corrections of which nobody has to be told, nearly all where no tool keeps data, with one statement for
        many; returns whether there were any."""
        found = await self._store.reader.fetch(self._unconcerned, {})
        if not found:
            return False
        ids = any_of(notices.c.id, "ids"), notices.c.listed_at.is_(None)
        async with self._store.write(group_commit=True) as connection:
            settled = update(notices).where(*ids, *_of_nobody()).values(listed_at=now)
            await connection.execute(settled, {"ids": [id_ for (id_,) in found]})
        return True

    async def _any_tool(self) -> bool:
        """Whether any client keeps data or has a contact."""
        ((keeping, contact),) = await self._store.reader.fetch(self._tools, {})
        return bool(keeping or contact)

    async def process(self, notice_id: int, owner: int, now: datetime) -> bool:
        """List the recipients that a notice concerns, and write to each; returns whether it was done."""
        (key,) = await self._store.keys.subjects([owner])
        readers = set[str]() if key is None else await self._readers(key)
        async with self._store.write() as connection:
            # key_share: the lock waits neither for readers nor for inserts of rows that refer to the customer.
            free = (
                select(customers.c.id).where(customers.c.id == owner).with_for_update(skip_locked=True, key_share=True)
            )
            if await connection.scalar(free) is None:
                return False  # Another worker, or a change of the customer's rights, has the lock.
            mine = select(notices).where(notices.c.id == notice_id, notices.c.listed_at.is_(None), ~_behind_another())
            row = (await connection.execute(mine)).one_or_none()
            if row is None:
                return False
            if key is not None:
                for holder in await self._concerned(connection, row, readers):
                    await self._write(connection, row, key, holder, now)
            await connection.execute(update(notices).where(notices.c.id == notice_id).values(listed_at=now))
        return True

    async def _readers(self, key: SubjectKey) -> set[str]:
        """Return the clients that read; the ledger is searched only if any client keeps data or has a contact."""
        if not await self._any_tool():
            return set()
        return await clients_that_read(self._store.ledger_reader, key.pseudonym)

    async def _concerned(self, connection: AsyncConnection, row: Any, readers: set[str]) -> Sequence[CopyHolder]:
        """Return the recipients that a notice concerns: of a restriction all of them, of its end those that were
        notified of it, of a correction those that received the corrected fields; of the clients those that keep data,
        or have a contact."""
        if row.about == Notice.LIFTING.name:
            return await self._notified_before(connection, row)
        keeping = set(await connection.scalars(select(clients.c.id).where(_keeps(), clients.c.id.in_(sorted(readers)))))
        keeping |= set(
            await connection.scalars(
                select(recipient_contacts.c.name).where(
                    recipient_contacts.c.kind == TOOL, recipient_contacts.c.name.in_(sorted(readers))
                )
            )
        )
        found = [
            each for each in await holders(connection, row.customer_id, readers)
            if each.kind != TOOL or each.name in keeping
        ]  # fmt: skip
        if row.about == Notice.RECTIFICATION.name:
            got = await self._got(connection, row.customer_id, frozenset(orjson.loads(row.fields or "[]")))
            return [each for each in found if each.kind == TOOL or (each.kind, each.name) in got]
        return found

    async def _notified_before(self, connection: AsyncConnection, row: Any) -> Sequence[CopyHolder]:
        """Return the recipients that were listed for the restriction that ended, with their current references."""
        of, mine = Notice.RESTRICTION.name, notices.c.customer_id == row.customer_id
        begun = (
            select(func.max(notices.c.id)).where(mine, notices.c.about == of, notices.c.id < row.id).scalar_subquery()
        )
        listed = select(notice_recipients.c.kind, notice_recipients.c.name, notice_recipients.c.country).where(
            notice_recipients.c.notice_id == begun, notice_recipients.c.customer_id == row.customer_id
        )
        known = {(each.kind, each.name): each for each in await holders(connection, row.customer_id, ())}
        return [
            known.get((kind, name), CopyHolder(kind, name, country))
            for kind, name, country in await connection.execute(listed.order_by(notice_recipients.c.id))
        ]

    async def _got(self, connection: AsyncConnection, owner: int, fields: frozenset[str]) -> set[tuple[str, str]]:
        """Return the recipients of a disclosure of one of these fields, or of a part of it."""
        rows = (
            select(disclosures.c.recipient_kind, disclosures.c.recipient_name, disclosures.c.fields)
            .where(disclosures.c.customer_id == owner)
            .distinct()
        )
        return {
            (kind, name) for kind, name, had in await connection.execute(rows) if fields.intersection(orjson.loads(had))
        }

    async def _write(
        self, connection: AsyncConnection, row: Any, key: SubjectKey, holder: CopyHolder, now: datetime
    ) -> None:
        """Write one message, encrypted under the customer's key, and the row of its state."""
        about = Notice[row.about]
        facts = _facts(self._store, row, key, holder)
        message, content, way = await message_to(connection, holder, about.wire, facts, partial(letter, about), now)
        message |= {"customer_id": key.customer_id, "payload": key.seal(outbox.c.payload, message["id"], content)}
        await connection.execute(insert(outbox).values(message))
        listed = way | {
            "id": new_id(), "customer_id": key.customer_id, "notice_id": row.id, "about": row.about,
            "kind": holder.kind, "name": holder.name, "country": holder.country, "listed_at": now,
            "state": NotificationState.LISTED.name, "tries": 0,
        }  # fmt: skip
        await connection.execute(insert(notice_recipients).values(listed))

    async def _give_up(self, ids: Sequence[int], now: datetime) -> None:
        async with self._store.write() as connection:
            late = notice_recipients.c.id.in_(ids), notice_recipients.c.state.in_(SETTLED_NOT)
            over = {"state": NotificationState.GIVEN_UP.name, "given_up_at": now}
            await connection.execute(update(notice_recipients).where(*late).values(over))


def _keeps() -> Any:
    """Return the condition for clients that are registered as keeping data."""
    return clients.c.keeps_days > 0


def _of_nobody() -> tuple[Any, ...]:
    """Return the conditions for the correction of a customer of whom nothing was disclosed."""
    disclosed = select(disclosures.c.id).where(disclosures.c.customer_id == notices.c.customer_id)
    return notices.c.about == Notice.RECTIFICATION.name, ~exists(disclosed.correlate(notices))


def _behind_another() -> Any:
    """Return the condition for a notice behind an unprocessed earlier one about the same customer; ids are in the order
    of the requests, which were made under the customer's lock."""
    other = notices.alias("earlier").c
    return exists().where(
        other.customer_id == notices.c.customer_id, other.id < notices.c.id, other.listed_at.is_(None)
    )


def _facts(store: Store, row: Any, key: SubjectKey, holder: CopyHolder) -> dict[str, Any]:
    """Return ids, references and names of fields, without other personal data."""
    about = facts_for(key, holder, store.keys.system.ids.lasting("Notice", row.id, row.id))
    if row.fields is not None:
        about["coordinates"] = orjson.loads(row.fields)
    return about


def letter(about: Notice, to: str, facts: dict[str, Any]) -> dict[str, str]:
    """Return an e-mail, or the letter for an operator."""
    lines = [f"Our case: {facts['case']}"]
    if customer := facts.get("customer"):
        lines.append(f"Customer: {customer}")
    lines += [f"Reference: {each}" for each in facts["references"]]
    if fields := facts.get("coordinates"):
        lines.append(f"Fields: {', '.join(fields)}")
    text = TEXTS[about] + "\n\n" + "\n".join(lines)
    return {"to": to, "subject": f"{SUBJECTS[about]} ({facts['case']})", "text": text, "language": "en"}

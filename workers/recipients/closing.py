"""The signed statement about the recipients of an erasure, once the last one has answered, or was given up (D9).

```
certified ──due──▶ looked at ──somebody is waited for──▶ due when their time is over
                       └── nobody is ──▶ signed ──▶ in the ledger ──▶ closed
```
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import ANSWER_WITHIN, SETTLED, NotificationState
from store.database.store import Store
from store.sql.metadata import Instant
from store.tables.erasures import erasure_recipients, erasures
from store.tables.outbox import outbox
from workers.certificates.certificates import (
    RECIPIENTS,
    Signers,
    case_name,
    recipients_facts,
    recipients_ledger_entry,
    signed,
)
from workers.loop.periodic import guarded

log = logging.getLogger(__name__)

PAGE = 50
LEASE = timedelta(minutes=2)
"""Time after which another worker continues a case whose worker crashed between signing and the ledger."""


class Closing:
    """Closes cases whose recipients are settled, a page in each round, the longest waiting first."""

    def __init__(self, store: Store, signers: Signers) -> None:
        self._store, self._signers = store, signers
        due = select(erasures.c.id).where(erasures.c.recipients_due_at <= bindparam("now", type_=Instant))
        self._due = store.reader.prepare(due.order_by(erasures.c.recipients_due_at, erasures.c.id).limit(PAGE))

    async def run(self, now: datetime) -> None:
        """Process due cases; a failure of one does not block the others (F9)."""
        for (case,) in await self._store.reader.fetch(self._due, {"now": now}):
            await guarded("a statement on recipients", self.close(case, now))

    async def close(self, case: int, now: datetime) -> bool:
        """Give up recipients whose time is over, and sign if no answer is pending; returns whether it was signed.

        The statement is stored before it is recorded in the ledger, and signed once: a worker that takes over finds it.
        """
        signers = await self._signers()
        async with self._store.write() as connection:
            mine = select(erasures).where(erasures.c.id == case, erasures.c.recipients_due_at <= now)
            row = (await connection.execute(mine.with_for_update(skip_locked=True))).one_or_none()
            if row is None:
                return False
            recipients = await give_up(connection, case, now)
            waiting = [each for each in recipients if is_waited_for(each)]
            if waiting and row.recipients_statement is None:
                later = min(each.listed_at for each in waiting) + ANSWER_WITHIN
                await connection.execute(update(erasures).where(erasures.c.id == case).values(recipients_due_at=later))
                return False
            name = case_name(self._store.keys.system, case)
            await forget_messages(connection, [each.outbox_id for each in recipients], now)
            facts = recipients_facts(name, row.certificate, recipients, now)
            statement = row.recipients_statement or signed(signers, facts, RECIPIENTS)
            taken = {"recipients_statement": statement, "recipients_due_at": now + LEASE}
            await connection.execute(update(erasures).where(erasures.c.id == case).values(taken))
        # After the commit: the ledger is another database. A worker that takes over records the stored statement again.
        await self._store.ledger.append(recipients_ledger_entry(statement, now))
        async with self._store.write() as connection:
            await connection.execute(update(erasures).where(erasures.c.id == case).values(recipients_due_at=None))
        return True


async def give_up(connection: AsyncConnection, case: int, now: datetime) -> Sequence[Any]:
    """Give up the recipients of a case that have not answered in time; returns all its recipients."""
    open_ = [state.name for state in NotificationState if state not in SETTLED]
    late = (
        erasure_recipients.c.erasure_id == case,
        erasure_recipients.c.state.in_(open_),
        erasure_recipients.c.listed_at <= now - ANSWER_WITHIN,
    )
    # Tools that keep nothing have nothing to answer, so that they are not given up either.
    over = update(erasure_recipients).where(*late, erasure_recipients.c.keeps_days.is_distinct_from(0))
    await connection.execute(over.values(state=NotificationState.GIVEN_UP.name, given_up_at=now))
    listed = (
        select(erasure_recipients)
        .where(erasure_recipients.c.erasure_id == case)
        .order_by(erasure_recipients.c.kind, erasure_recipients.c.name)
    )
    return (await connection.execute(listed)).all()


async def forget_messages(connection: AsyncConnection, ids: Sequence[int | None], now: datetime) -> None:
    """Delete the content of undelivered messages and letters: they are useless now, and identify an erased customer."""
    over = {"payload": None, "next_attempt_at": None, "leased_until": None, "dead_at": now}
    those = outbox.c.id.in_([each for each in ids if each is not None]), outbox.c.delivered_at.is_(None)
    await connection.execute(update(outbox).where(*those).values(over))


def is_waited_for(recipient: Any) -> bool:
    """Return whether an answer is pending. None is expected of a tool that keeps no data, by its registration."""
    return NotificationState[recipient.state] not in SETTLED and recipient.keeps_days != 0

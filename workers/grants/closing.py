"""Warns before a client's purpose ends, and closes it: unconfirmed by its date, or unused for long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import DELIVER_WITHIN
from policy.grants import GrantEnd, ending, ends_at, may_close
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.queue.lease import RowLease
from store.queue.messages import seal_for_nobody
from store.queue.revocations import client_changed
from store.registers.clients import clients
from store.registers.grants import client_grants
from store.registers.recipients import recipient_contacts
from store.sql.ids import new_id
from store.tables.erasures import TOOL
from store.tables.outbox import outbox
from workers.loop.periodic import guarded, run_periodically

log = logging.getLogger("gateway")

EVERY = 900.0
"""Seconds between two rounds."""

G = client_grants.c
LEASE = RowLease(client_grants, timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class GrantPeriods:
    """How long a purpose is confirmed for, and how long it may be unused; zero: for ever."""

    confirmed: timedelta
    unused: timedelta


class GrantKeeper:
    """A worker; any number of them may run. Each grant is processed under a lease of its row.

    1. each purpose of an enabled client has a row; 2. a client is warned, by a letter to its registered contact and a
    line in the log; 3. at least `policy.grants.NOTICE` later the purpose is taken from the registration, unless it was
    confirmed or used meanwhile; every replica knows it at its next request.
    """

    def __init__(
        self, store: Store, periods: GrantPeriods, site: str, clock: Callable[[], datetime], pause: float = EVERY
    ) -> None:
        """`site` is the name by which the letters call this gateway."""
        self._store, self._periods, self._site, self._clock, self._pause = store, periods, site, clock, pause

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, also across outages of the store."""
        await run_periodically(self._step, stop, self._pause, "ends of purposes")

    async def _step(self) -> None:
        await self.round(self._clock())

    async def round(self, now: datetime) -> None:
        """Do everything that is due; the failure of one grant does not stop the others. StoreUnavailableError."""
        await self._enrol(now)  # 1
        async with self._store.write() as connection:
            rows = (await connection.execute(_open(now))).all()
        for row in rows:
            over = row.ends_at is not None and row.ends_at <= now
            if over or (row.ends_at is None and self._reason(row, now) is not None):
                await guarded("the end of a purpose", self._end(row.id, now))

    def _reason(self, row: Any, now: datetime) -> GrantEnd | None:
        if not may_close(row.purpose):
            return None
        used = max(each for each in (row.granted_at, row.confirmed_at, row.last_used_at) if each is not None)
        return ending(row.confirm_by, used, self._periods.unused, now)

    async def _enrol(self, now: datetime) -> None:
        """Add a row for each purpose that has none, such as those of a client that was just registered."""
        query = select(clients.c.id, clients.c.purposes).where(clients.c.disabled_at.is_(None)).order_by(clients.c.id)
        by = now + self._periods.confirmed if self._periods.confirmed else None
        async with self._store.write() as connection:
            there = select(G.client_id, G.purpose, G.closed_at)
            known = {(row.client_id, row.purpose): row.closed_at for row in await connection.execute(there)}
            for client_id, purposes in (await connection.execute(query)).all():
                for purpose in orjson.loads(purposes):
                    if (client_id, purpose) not in known:
                        row = {"id": new_id(), "client_id": client_id, "purpose": purpose}
                        row |= {"granted_at": now, "confirm_by": by, "attempts": 0}
                        await connection.execute(insert_new(connection, client_grants).values(row))

    async def _end(self, id_: int, now: datetime) -> None:
        """Take the lease, and warn or close in one transaction that only this attempt can commit."""
        async with self._store.write() as connection:
            free = update(client_grants).where(G.id == id_, G.closed_at.is_(None), LEASE.free(now))
            if (await connection.execute(free.values(LEASE.taken(now)))).rowcount == 0:
                return
            attempt = await connection.scalar(select(G.attempts).where(G.id == id_))
        async with self._store.write() as connection:
            mine = LEASE.mine(id_, int(attempt or 0))
            held = update(client_grants).where(mine, G.closed_at.is_(None)).values(leased_until=None)
            if (await connection.execute(held)).rowcount == 0:
                return  # Another worker took it over.
            row = (await connection.execute(select(client_grants).where(mine))).one()
            done: dict[str, Any] = {}  # Confirmed or used since.
            if row.ends_at is not None and row.ends_at <= now:
                done = await self._close(connection, row, now)  # 3
            elif row.ends_at is None and (reason := self._reason(row, now)) is not None:
                done = await self._warn(connection, row, reason, now)  # 2
            if done:
                await connection.execute(update(client_grants).where(mine).values(done))

    async def _warn(self, connection: AsyncConnection, row: Any, reason: GrantEnd, now: datetime) -> dict[str, Any]:
        end = ends_at(reason, row.confirm_by, now)
        contact = select(recipient_contacts.c.email).where(
            recipient_contacts.c.kind == TOOL, recipient_contacts.c.name == row.client_id
        )
        email = await connection.scalar(contact)
        if email is not None:
            content = orjson.dumps(_letter(email, self._site, row.client_id, row.purpose, reason, end))
            id_ = new_id()
            message: dict[str, Any] = {
                "id": id_,
                "customer_id": None,
                "topic": "email",
                "created_at": now,
                "attempts": 0,
            }
            message |= {"next_attempt_at": now, "give_up_at": now + DELIVER_WITHIN, "void_at": end}
            message["payload"] = await seal_for_nobody(self._store.keys.system, id_, content)
            await connection.execute(insert(outbox).values(message))
        facts = {"client": row.client_id, "purpose": row.purpose, "reason": reason.name, "contact": email is not None}
        log.warning("a purpose of a client is about to end", extra=facts)
        return {"warned_at": now, "ends_at": end, "ends_because": reason.name}

    async def _close(self, connection: AsyncConnection, row: Any, now: datetime) -> dict[str, Any]:
        mine = select(clients.c.purposes).where(clients.c.id == row.client_id).with_for_update()
        held = orjson.loads(await connection.scalar(mine) or "[]")
        left = orjson.dumps([each for each in held if each != row.purpose]).decode()
        await connection.execute(update(clients).where(clients.c.id == row.client_id).values(purposes=left))
        await client_changed(connection, row.client_id, now)
        facts = {"client": row.client_id, "purpose": row.purpose, "reason": row.ends_because}
        log.warning("a purpose of a client ended", extra=facts)
        return {"closed_at": now}


def _open(now: datetime) -> Any:
    """The grants of enabled clients that are not closed: some hundreds at most, as each was registered by hand."""
    columns = G.id, G.purpose, G.granted_at, G.confirmed_at, G.confirm_by, G.last_used_at, G.ends_at
    there = client_grants.join(clients, clients.c.id == G.client_id)
    enabled = clients.c.disabled_at.is_(None)
    return select(*columns).select_from(there).where(G.closed_at.is_(None), enabled, LEASE.free(now)).order_by(G.id)


def _letter(to: str, site: str, client_id: str, purpose: str, reason: GrantEnd, end: datetime) -> dict[str, str]:
    text = (
        f"The program {client_id} may read personal data for {purpose} until {end:%Y-%m-%d}. {reason.text}\n\n"
        "If it still needs them, please tell whoever runs the gateway why, before that day; they confirm it by "
        f"`gateway clients confirm {client_id} --purpose {purpose}`. If not, there is nothing to do."
    )
    subject = f"{site}: {client_id} loses {purpose} on {end:%Y-%m-%d}"
    return {"to": to, "subject": subject, "text": text, "language": "en"}

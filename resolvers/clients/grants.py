"""Confirms clients' purposes, and opens, ends and reviews purposes in an emergency; each by a member of staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy import registered
from policy.grants import LONGEST_EMERGENCY
from policy.orders import Order
from policy.purposes import Purpose
from resolvers.clients.emergencies import alone, running_at
from resolvers.clients.registration import RegistrationError
from resolvers.events.references import may_be_personal
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.queue.revocations import client_changed
from store.registers.clients import clients
from store.registers.grants import client_grants, emergency_grants
from store.sql.ids import new_id
from store.tables.oauth import oauth_clients

LONGEST = 200
"""Characters of a reason."""

E, G = emergency_grants.c, client_grants.c


class GrantRegistrar:
    """Writes the dates of clients' purposes to a store; every replica knows a change at its next request."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def confirm(
        self, client_id: str, purposes: Collection[Purpose], until: datetime | None, now: datetime
    ) -> list[str]:
        """Confirm that a client needs these purposes until a date (None: none), which ends a warning.

        One that was closed is granted again. Returns the names, sorted. RegistrationError for a purpose that the client
        was never registered for, or that breaks a hard rule.
        """
        names = sorted(each.name for each in purposes)
        async with self._store.write() as connection:
            held = await _held(connection, client_id)
            query = select(G.purpose).where(G.client_id == client_id, G.closed_at.is_not(None))
            closed = set(await connection.scalars(query))
            if strange := [each for each in names if each not in held and each not in closed]:
                raise RegistrationError(f"{client_id} is not registered for {' '.join(strange)}.")
            if found := registered.offences(registered.ClientRegistration(frozenset(names))):
                raise RegistrationError(f"{found[0]}.")
            for name in names:
                new = {"id": new_id(), "client_id": client_id, "purpose": name, "granted_at": now, "attempts": 0}
                await connection.execute(insert_new(connection, client_grants).values(new))
            mine = update(client_grants).where(G.client_id == client_id, G.purpose.in_(names))
            await connection.execute(mine.values(CONFIRMED | {"confirmed_at": now, "confirm_by": until}))
            if again := set(names) - held:
                text = orjson.dumps(sorted(held | again)).decode()
                await connection.execute(update(clients).where(clients.c.id == client_id).values(purposes=text))
                await client_changed(connection, client_id, now)
        return names

    async def open_emergency(
        self,
        client_id: str,
        purpose: Purpose,
        reference: str,
        because: str,
        length: timedelta,
        staff: str,
        now: datetime,
    ) -> int:
        """Give a tool a purpose for some hours; returns the number of the grant, which is reviewed. RegistrationError.

        Nothing has to end it: each read of the registration compares `ends_at` with the clock.
        """
        _check_emergency(purpose, reference, length)
        reason = _checked(because)
        id_, ends = new_id(), now + length
        row = {"id": id_, "client_id": client_id, "purpose": purpose.name, "reference": reference, "because": reason}
        async with self._store.write() as connection:
            if purpose.name in await _held(connection, client_id):
                raise RegistrationError(f"{client_id} is registered for {purpose.name} already.")
            if not await connection.scalar(_is_our_tool(client_id)):
                raise RegistrationError(
                    f"{client_id} is no tool of our own: nobody else gets a purpose in an emergency."
                )
            running = select(E.id).where(E.client_id == client_id, E.purpose == purpose.name, *running_at(now))
            if await connection.scalar(running) is not None:
                raise RegistrationError(f"{client_id} has {purpose.name} already, until its emergency ends.")
            await connection.execute(
                insert(emergency_grants).values(row | {"opened_at": now, "opened_by": staff, "ends_at": ends})
            )
            await client_changed(connection, client_id, now)
        return id_

    async def end_emergency(self, id_: int, now: datetime) -> None:
        """End an emergency grant before its time. RegistrationError if it does not run."""
        async with self._store.write() as connection:
            client_id = await connection.scalar(select(E.client_id).where(E.id == id_, *running_at(now)))
            if client_id is None:
                raise RegistrationError("No such grant runs: `gateway audit grants` shows them.")
            await connection.execute(update(emergency_grants).where(E.id == id_).values(ended_at=now))
            await client_changed(connection, client_id, now)

    async def review(self, id_: int, finding: str, staff: str, now: datetime) -> None:
        """Record what somebody else than who opened it found, after it ended. RegistrationError."""
        said = _checked(finding)
        async with self._store.write() as connection:
            row = (await connection.execute(select(emergency_grants).where(E.id == id_))).one_or_none()
            if row is None:
                raise RegistrationError("There is no such grant: `gateway audit grants` shows them.")
            if row.reviewed_at is not None:
                raise RegistrationError("It was reviewed already.")
            if (row.ended_at or row.ends_at) > now:
                raise RegistrationError("It still runs: it is reviewed once it has ended.")
            if row.opened_by == staff:
                raise RegistrationError("Somebody else than who opened it reviews it.")
            facts = {"reviewed_at": now, "reviewed_by": staff, "finding": said}
            await connection.execute(update(emergency_grants).where(E.id == id_).values(facts))


@dataclass(frozen=True, slots=True)
class GrantsBacklog:
    """How many grants wait for somebody."""

    ending: int
    running: int
    unreviewed: int


async def grants_backlog(store: Store, now: datetime) -> GrantsBacklog:
    """Count what the metrics show; the tables have a row for each purpose of a client. StoreUnavailableError."""
    ending = select(func.count()).where(G.ends_at.is_not(None), G.closed_at.is_(None))
    over = E.ended_at.is_not(None) | (E.ends_at <= now)
    async with store.write() as connection:
        return GrantsBacklog(
            int(await connection.scalar(ending) or 0),
            int(await connection.scalar(select(func.count()).where(*running_at(now))) or 0),
            int(await connection.scalar(select(func.count()).where(E.reviewed_at.is_(None), over)) or 0),
        )


CONFIRMED = {"warned_at": None, "ends_at": None, "ends_because": None, "closed_at": None, "leased_until": None}
"""The values of a grant that goes on, whatever was announced."""


def _check_emergency(purpose: Purpose, reference: str, length: timedelta) -> None:
    if not Order(reference).sound or may_be_personal(reference):
        raise RegistrationError("A reference is the number of the case, such as INC-4711, and names nobody.")
    if not timedelta() < length <= LONGEST_EMERGENCY:
        raise RegistrationError(f"An emergency is over in {LONGEST_EMERGENCY // timedelta(hours=1)} hours at most.")
    if purpose.own_data_only or not purpose.enabled:
        raise RegistrationError(f"{purpose.name} is nothing that a tool can have.")
    if found := registered.offences(alone(purpose)):
        raise RegistrationError(f"{found[0]}.")


def _checked(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > LONGEST:
        raise RegistrationError(f"Say why in 1 to {LONGEST} characters on one line.")
    if may_be_personal(text):
        raise RegistrationError("Say why without an address or a telephone number.")
    return text


def _is_our_tool(client_id: str) -> Select[Any]:
    """Counts the client if it acts for itself and is of no partner, whose fields are bounded by its undertaking."""
    tool = oauth_clients.c.grants.contains('"client_credentials"') | oauth_clients.c.client_id.is_(None)
    there = clients.join(oauth_clients, oauth_clients.c.client_id == clients.c.id, isouter=True)
    mine = clients.c.id == client_id, clients.c.disabled_at.is_(None), clients.c.partner_id.is_(None)
    return select(func.count()).select_from(there).where(*mine, tool)


async def _held(connection: AsyncConnection, client_id: str) -> set[str]:
    mine = select(clients.c.purposes).where(clients.c.id == client_id).with_for_update()
    text = await connection.scalar(mine)
    if text is None:
        raise RegistrationError(f"There is no client {client_id}.")
    return set(orjson.loads(text))

"""The register of partners (processors): no undertaking, no data (R7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy import registered
from policy.own_names import is_own_name
from policy.purposes import Purpose
from policy.rules import Rule
from store.database.store import Store
from store.queue.revocations import client_changed
from store.registers.clients import clients
from store.registers.partners import partners
from store.sql.ids import new_id

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .&_-]{0,62}")


class PartnerError(Exception):
    """The register refuses the change; the text says why, and how to go on."""


@dataclass(frozen=True, slots=True)
class NewPartner:
    """One that has undertaken nothing yet."""

    name: str
    country: str
    purpose: Purpose
    fields: tuple[str, ...]

    def check(self, rules: Sequence[Rule]) -> None:
        """PartnerError for what cannot be registered: what a hard rule forbids (D11), or no name."""
        if not NAME.fullmatch(self.name):
            raise PartnerError("A name has up to 63 letters, digits, spaces, dots and dashes.")
        if is_own_name(self.name):
            raise PartnerError("The gateway itself goes by this name: take another.")
        if not self.fields:
            raise PartnerError("Name the fields that the partner needs: it gets no others.")
        known = {rule.coordinate: rule for rule in rules}
        entry = registered.PartnerRegistration(self.purpose.name, self.country, frozenset(self.fields), known)
        if found := registered.offences(entry):
            raise PartnerError(f"{found[0]}.")


class Partners:
    """Registers them. Each change holds at every replica with the next request."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def register(self, new: NewPartner, rules: Sequence[Rule], now: datetime) -> None:
        """Note a partner; its clients are let in once it has given its undertaking."""
        new.check(rules)
        row = {
            "id": new_id(),
            "name": new.name,
            "country": new.country,
            "purpose": new.purpose.name,
            "fields": orjson.dumps(sorted(set(new.fields))).decode(),
            "created_at": now,
        }
        async with self._store.write() as connection:
            if await connection.scalar(select(partners.c.id).where(partners.c.name == new.name)) is not None:
                raise PartnerError(f"{new.name} is registered already.")
            await connection.execute(insert(partners).values(row))

    async def undertake(self, name: str, document: bytes, since: datetime, now: datetime) -> None:
        """Note the undertaking, by its date and the hash of its document; one from the future is none yet."""
        if since > now:
            raise PartnerError("An undertaking begins when it is given: this date is still to come.")
        await self._set(name, {"undertaken_at": since, "document": document, "ended_at": None}, now)

    async def end(self, name: str, now: datetime) -> None:
        """The contract or the undertaking has ended: tokens that are out are refused from the next request on."""
        await self._set(name, {"ended_at": now}, now)

    async def tie(self, name: str, client_id: str, now: datetime) -> None:
        """Say that a client is a partner's."""
        async with self._store.write() as connection:
            id_ = await self._id(connection, name)
            purpose = await connection.scalar(select(partners.c.purpose).where(partners.c.id == id_))
            held = await connection.scalar(select(clients.c.purposes).where(clients.c.id == client_id))
            if held is None:
                raise PartnerError(f"There is no client {client_id}: `gateway clients create` makes one.")
            if purpose not in orjson.loads(held):
                raise PartnerError(f"{client_id} is not registered for {purpose}, for which {name} works.")
            await connection.execute(update(clients).where(clients.c.id == client_id).values(partner_id=id_))
            await client_changed(connection, client_id, now)

    async def listed(self) -> Sequence[Any]:
        """Every one, by name."""
        async with self._store.write() as connection:
            return (await connection.execute(select(partners).order_by(partners.c.name))).all()

    async def _set(self, name: str, values: dict[str, Any], now: datetime) -> None:
        async with self._store.write() as connection:
            id_ = await self._id(connection, name)
            await connection.execute(update(partners).where(partners.c.id == id_).values(values))
            for client in (await connection.scalars(select(clients.c.id).where(clients.c.partner_id == id_))).all():
                await client_changed(connection, client, now)

    async def _id(self, connection: AsyncConnection, name: str) -> int:
        id_ = await connection.scalar(select(partners.c.id).where(partners.c.name == name))
        if id_ is None:
            raise PartnerError(f"There is no partner {name}: `gateway partners list` shows those there are.")
        return int(id_)

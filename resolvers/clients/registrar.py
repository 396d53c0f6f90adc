"""Writes registrations: creates and disables clients, rotates secrets; every replica knows it at its next request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import RowMapping, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.grant import Refusal
from resolvers.clients.oauth_clients import CODE
from resolvers.clients.registration import (
    NO_TOOL_HAS_AN_ORIGIN,
    NewClient,
    RegistrationError,
    check_keeping,
    check_logout_uri,
    check_origin,
)
from resolvers.clients.secrets import hashed, new_secret
from store.database.store import Store
from store.queue.revocations import client_changed, void_client, void_families
from store.registers.clients import clients
from store.sql.ids import new_id
from store.tables.oauth import oauth_clients, oauth_secrets


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered client, for display."""

    facts: RowMapping
    secrets: int
    """The number of valid secrets."""


class ClientRegistrar:
    """Writes clients to a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, new: NewClient, now: datetime) -> str | None:
        """Register a client; returns its secret, which is stored nowhere, or None if it has none. RegistrationError."""
        new.check()
        common, terms = _rows(new, now)
        try:
            # One transaction: a client without its OAuth row or secret could not be used, nor registered again.
            async with self._store.write() as connection:
                await connection.execute(insert(clients), common)
                await connection.execute(insert(oauth_clients), terms)
                secret = await self._add_secret(connection, new.id, now) if new.authentication == "SECRET" else None
                await client_changed(connection, new.id, now)
        except IntegrityError:
            raise RegistrationError(f"There is a client {new.id} already.") from None
        return secret

    async def rotate(self, client_id: str, overlap: timedelta, now: datetime) -> str:
        """Add a secret and return it; older ones stay valid for `overlap`. RegistrationError if it has no secret."""
        async with self._store.write() as connection:
            how = select(oauth_clients.c.authentication).where(oauth_clients.c.client_id == client_id)
            kind = await connection.scalar(how)
            if kind is None:
                raise RegistrationError(f"There is no client {client_id}, or it is not registered for OAuth.")
            if kind != "SECRET":
                raise RegistrationError(f"{client_id} has no secret: it proves itself by {_WAYS[kind]}.")
            mine, ends = oauth_secrets.c.client_id == client_id, now + overlap
            # Only shorten: a secret that expires sooner must not live longer because of another rotation.
            lasting = or_(oauth_secrets.c.expires_at.is_(None), oauth_secrets.c.expires_at > ends)
            await connection.execute(update(oauth_secrets).where(mine, lasting).values(expires_at=ends))
            return await self._add_secret(connection, client_id, now)

    async def replace_keys(self, client_id: str, keys: str, now: datetime) -> None:
        """Replace a client's key set; include the old keys while both must work. RegistrationError."""
        mine = oauth_clients.c.client_id == client_id
        async with self._store.write() as connection:
            done = await connection.execute(
                update(oauth_clients).where(mine, oauth_clients.c.authentication == "PRIVATE_KEY_JWT").values(keys=keys)
            )
            if done.rowcount == 0:
                raise RegistrationError(f"There is no client {client_id} that proves itself by a key.")

    async def set_keeping(self, client_id: str, keeps: str, days: int) -> None:
        """Record what data a client stores, and for how many days; 0 for nothing. RegistrationError."""
        check_keeping(keeps, days)
        change = update(clients).where(clients.c.id == client_id).values(keeps=keeps, keeps_days=days)
        async with self._store.write() as connection:
            if (await connection.execute(change)).rowcount == 0:
                raise RegistrationError(f"There is no client {client_id}.")

    async def set_answers(
        self, client_id: str, now: datetime, refusal: Refusal | None = None, origins: Sequence[str] | None = None
    ) -> None:
        """Change how a client is refused, and which pages' scripts may read what it gets (none: empty); None: as it is.

        Replicas know it as soon as any other change of the registration. RegistrationError.
        """
        for origin in origins or ():
            check_origin(origin)
        facts: dict[str, Any] = {} if refusal is None else {"refusal": refusal.name}
        if origins is not None:
            facts["origins"] = orjson.dumps(sorted(set(origins))).decode() if origins else None
        async with self._store.write() as connection:
            grants = select(oauth_clients.c.grants).where(oauth_clients.c.client_id == client_id)
            if origins and "client_credentials" in orjson.loads(await connection.scalar(grants) or "[]"):
                raise RegistrationError(NO_TOOL_HAS_AN_ORIGIN)
            if (await connection.execute(update(clients).where(clients.c.id == client_id).values(facts))).rowcount == 0:
                raise RegistrationError(f"There is no client {client_id}.")
            await client_changed(connection, client_id, now)

    async def set_logout_uri(self, client_id: str, uri: str | None) -> None:
        """Change the address that is told of ended sessions; None: nothing is any more. RegistrationError."""
        async with self._store.write() as connection:
            mine = select(clients.c.scopes, oauth_clients.c.grants).join_from(clients, oauth_clients)
            row = (await connection.execute(mine.where(clients.c.id == client_id))).one_or_none()
            if row is None or CODE not in orjson.loads(row.grants):
                raise RegistrationError(f"There is no client {client_id} that signs customers in.")
            if uri is not None:
                check_logout_uri(uri, orjson.loads(row.scopes))
            change = update(oauth_clients).where(oauth_clients.c.client_id == client_id)
            await connection.execute(change.values(backchannel_logout_uri=uri))

    async def set_person(self, client_id: str, required: bool, now: datetime) -> None:
        """Require each request of a tool to name the member of staff who asks, or not any more. RegistrationError.

        The tool signs the name with its own key, so it must have one.
        """
        async with self._store.write() as connection:
            mine = select(oauth_clients.c["keys"]).where(oauth_clients.c.client_id == client_id)
            if required and await connection.scalar(mine) is None:
                raise RegistrationError(
                    f"{client_id} has no registered key to sign who asks with: "
                    f"`gateway clients rotate {client_id} --public-key FILE` gives it one."
                )
            change = update(clients).where(clients.c.id == client_id).values(names_person=required)
            if (await connection.execute(change)).rowcount == 0:
                raise RegistrationError(f"There is no client {client_id}.")
            await client_changed(connection, client_id, now)

    async def set_disabled(self, client_id: str, disabled: bool, now: datetime) -> None:
        """Disable a client and every token it holds from the next request on, or enable it again. RegistrationError.

        Its tokens stay void when it is enabled again: it must request new ones. Customers' consents stay.
        """
        # `void_until` stays when it is enabled again: tokens from before must not come back to life.
        facts = {"disabled_at": now, "void_until": now} if disabled else {"disabled_at": None}
        async with self._store.write() as connection:
            change = update(clients).where(clients.c.id == client_id).values(facts)
            if (await connection.execute(change)).rowcount == 0:
                raise RegistrationError(f"There is no client {client_id}.")
            if disabled:
                await void_client(connection, client_id)
            await client_changed(connection, client_id, now)
        # In batches of their own transactions, after the one that counts: `void_until` already refuses every token.
        more = disabled
        while more:
            async with self._store.write() as connection:
                more = await void_families(connection, client_id, now, now)

    async def listed(self, now: datetime, client_id: str | None = None) -> Sequence[Registered]:
        """Every client by id, or one of them; without secrets and hashes."""
        good = or_(oauth_secrets.c.expires_at.is_(None), oauth_secrets.c.expires_at > now)
        count = select(func.count()).where(oauth_secrets.c.client_id == clients.c.id, good).scalar_subquery()
        query = select(clients, oauth_clients, count.label("good_secrets")).join_from(
            clients, oauth_clients, oauth_clients.c.client_id == clients.c.id, isouter=True
        )
        if client_id is not None:
            query = query.where(clients.c.id == client_id)
        async with self._store.write() as connection:
            rows = (await connection.execute(query.order_by(clients.c.id))).mappings().all()
        return [Registered(row, row["good_secrets"]) for row in rows]

    async def _add_secret(self, connection: AsyncConnection, client_id: str, now: datetime) -> str:
        secret = new_secret()
        row = {"id": new_id(), "client_id": client_id, "created_at": now}
        await connection.execute(
            insert(oauth_secrets), row | {"hash": await hashed(self._store.keys.system, secret), "expires_at": None}
        )
        return secret


_WAYS = {"NONE": "nothing, being an app", "PRIVATE_KEY_JWT": "a key of its own"}


def _rows(new: NewClient, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    common = {
        "id": new.id,
        "name": new.name,
        "purposes": orjson.dumps(sorted(purpose.name for purpose in new.purposes)).decode(),
        "scopes": orjson.dumps(sorted(new.actions)).decode(),
        "refusal": new.refusal.name,
        "documents_only": new.documents_only,
        "introspection": new.introspection,
        "max_page": new.max_page,
        "customers_per_hour": new.customers_per_hour,
        "beyond": new.beyond.name,
        "created_at": now,
        "keeps": new.keeps,
        "keeps_days": new.keeps_days,
        "origins": orjson.dumps(sorted(set(new.origins))).decode() if new.origins else None,
    }
    terms = {
        "client_id": new.id,
        "authentication": new.authentication,
        "grants": orjson.dumps(new.grants).decode(),
        "redirect_uris": orjson.dumps(new.redirect_uris).decode(),
        "keys": new.keys,
        "platform": new.platform,
        "first_party": new.first_party,
        "dpop": new.dpop,
        "pushed": new.pushed,
        "backchannel_logout_uri": new.backchannel_logout_uri,
        "fapi2": new.fapi2,
    }
    return common, terms

"""Known devices of a credential: browsers with a secret from an earlier successful sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import SignInDependencies
from resolvers.factors.credentials import Account
from resolvers.signins.secrets import hashed, new_secret
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.sql.ids import new_id
from store.sql.metadata import instant
from store.sql.reading import Row
from store.tables.signin import known_devices


class Devices:
    """Recognises known devices."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        found = select(known_devices.c.last_used_at).where(
            known_devices.c.credential_id == bindparam("credential"), known_devices.c.secret_hash == bindparam("secret")
        )
        self._find = store.reader.prepare(found)
        of_customer = (
            known_devices.c.customer_id == bindparam("customer"),
            known_devices.c.secret_hash == bindparam("secret"),
        )
        self._of_customer = store.reader.prepare(select(known_devices.c.last_used_at).where(*of_customer))

    async def knows(self, account: Account | None, visitor: Visitor, now: datetime) -> bool:
        """True if the credential was recently used in this browser. Without an account the statement is the same
        (G7)."""
        if visitor.device_secret is None:
            return False
        # 0 matches no row: the statement runs without an account, too (G7).
        values = {"credential": account.credential.id if account else 0, "secret": hashed(visitor.device_secret)}
        rows = await self._store.reader.fetch(self._find, values)
        return self._lately(rows, now)

    async def knows_customer(self, customer_id: int, visitor: Visitor, now: datetime) -> bool:
        """True if the customer has recently signed in to any platform in this browser."""
        if visitor.device_secret is None:
            return False
        values = {"customer": customer_id, "secret": hashed(visitor.device_secret)}
        return self._lately(await self._store.reader.fetch(self._of_customer, values), now)

    def _lately(self, rows: Sequence[Row], now: datetime) -> bool:
        return any(now - instant(row[0]) < self._dependencies.times.device for row in rows)


async def remember_device(connection: AsyncConnection, account: Account, visitor: Visitor, now: datetime) -> str:
    """Make this browser a known device, in the caller's transaction; returns its secret, a new one if it has none."""
    # The secret is kept over platforms, so that one cookie serves all of them.
    secret = visitor.device_secret or new_secret()
    mine = known_devices.c.credential_id == account.credential.id
    used = update(known_devices).where(mine, known_devices.c.secret_hash == hashed(secret)).values(last_used_at=now)
    if not (await connection.execute(used)).rowcount:
        row = {
            "id": new_id(),
            "customer_id": account.credential.customer_id,
            "credential_id": account.credential.id,
            "secret_hash": hashed(secret),
            "last_used_at": now,
        }
        await connection.execute(insert(known_devices).values(row))
    return secret


async def forget_devices(connection: AsyncConnection, credential_id: int) -> None:
    """Forget all known devices of the credential."""
    await connection.execute(delete(known_devices).where(known_devices.c.credential_id == credential_id))

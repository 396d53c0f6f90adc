"""“It wasn't me”: a customer reports a sign-in; all sessions end, and a new password is required (S9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, delete, select

from resolvers.account.passwords_changing import void_links
from resolvers.account.passwords_resets import Resets
from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.signin import SignInEmail
from resolvers.factors.credentials import COLUMNS, Account, Credential
from resolvers.factors.factors import delete_factors
from resolvers.signin.devices import forget_devices
from resolvers.signin.sessions import end_where
from resolvers.signins.secrets import hashed
from resolvers.signins.signins import opened
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.metadata import instant
from store.tables.access import sign_ins
from store.tables.credentials import credentials, second_factors
from store.tables.signin import alarm_links


@dataclass(frozen=True, slots=True, repr=False)
class Alarm:
    """The reported sign-in, as shown on the page of the link."""

    id: int
    key: SubjectKey
    credential_id: int | None
    platform: str
    at: datetime
    country: str | None
    device: str | None


class Alarms:
    """Follows the links of messages about unusual sign-ins."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._resets = store, Resets(store, dependencies)
        columns = (
            alarm_links.c.id,
            alarm_links.c.customer_id,
            alarm_links.c.credential_id,
            alarm_links.c.expires_at,
            sign_ins.c.id.label("sign_in"),
            sign_ins.c.platform,
            sign_ins.c.at,
            sign_ins.c.country,
            sign_ins.c.device,
        )
        found = select(*columns).join_from(alarm_links, sign_ins, sign_ins.c.id == alarm_links.c.sign_in_id)
        self._find = store.reader.prepare(found.where(alarm_links.c.secret_hash == bindparam("secret")))

    async def find(self, secret: str, now: datetime) -> Alarm | None:
        """The sign-in of the link; None if it was used, is older than a week, or never existed."""
        rows = await self._store.reader.fetch(self._find, {"secret": hashed(secret)})
        if not rows or instant(rows[0][3]) <= now:
            return None
        id_, customer_id, credential_id, _, sign_in, platform, at, country, device = rows[0]
        (key,) = await self._store.keys.subjects([customer_id])
        if key is None:
            return None
        place, what = opened(key, sign_ins.c.country, sign_in, country), opened(key, sign_ins.c.device, sign_in, device)
        return Alarm(id_, key, credential_id, platform, instant(at), place, what)

    async def raise_(self, alarm: Alarm, now: datetime) -> bool:
        """Execute the report; True for the first of concurrent requests, False for the others.

        1. Consume the link. 2. Remove the password. 3. Delete second factors added since the sign-in: they may be the
        attacker's. 4. Forget all devices. 5. Send a password reset link. 6. End all sessions of the customer, on every
        platform.
        """
        async with self._store.write() as connection:
            if (await connection.execute(delete(alarm_links).where(alarm_links.c.id == alarm.id))).rowcount != 1:  # 1
                return False
            which: list[ColumnElement[bool]] = [
                credentials.c.customer_id == alarm.key.customer_id,
                credentials.c.platform == alarm.platform,
            ]
            # Accesses that other platforms reported are not tied to a credential.
            if alarm.credential_id is not None:
                which.append(credentials.c.id == alarm.credential_id)
            rows = (
                # In the order of ids: concurrent commands lock credentials in one order.
                await connection.execute(select(*COLUMNS).where(*which).order_by(credentials.c.id).with_for_update())
            ).all()
            for credential in (Credential.of(row, alarm.key) for row in rows):
                mine = credentials.update().where(credentials.c.id == credential.id)
                # Removed instead of marked: no code path can accept it any more.
                await connection.execute(mine.values(password_hash=None, changed_at=now))  # 2
                since = select(second_factors.c.id).where(
                    second_factors.c.credential_id == credential.id, second_factors.c.confirmed_at >= alarm.at
                )
                await delete_factors(connection, list((await connection.execute(since)).scalars()))  # 3
                await forget_devices(connection, credential.id)  # 4
                await void_links(connection, credential)
                # The state after this change, or the link would be void from the start.
                void = replace(credential, sealed_hash=None, password_hash=None, changed_at=now)
                await self._resets.send(connection, Account(void, alarm.key), SignInEmail.ALARM_RAISED, now)  # 5
            await end_where(connection, alarm.key.customer_id, [], now)  # 6
        return True

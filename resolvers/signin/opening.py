"""The last step of a sign-in, in one transaction: opens the session, records the access, remembers the device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from resolvers.factors.credentials import Account, sealed_hash
from resolvers.factors.factors import Used
from resolvers.signin.devices import Devices, remember_device
from resolvers.signin.sessions import Opening, open_session, renew_session
from resolvers.signin.verdicts import Expired, SignedIn
from resolvers.signins.signins import History, PlatformAccess, Visitor, record
from store.database.store import Store
from store.tables.credentials import credentials


@dataclass(frozen=True, slots=True, repr=False)
class SignInProof:
    """A completed authentication, with the session to open or renew."""

    account: Account
    methods: tuple[str, ...]
    shared: bool
    renews: int | None = None
    """The session to renew (step-up); None to open one."""
    used: Used | None = None


class Opener:
    """Opens and renews sessions after authentication."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._dependencies = dependencies
        self.history = History(store, dependencies)
        self.devices = Devices(store, dependencies)

    async def evaluate(self, account: Account, visitor: Visitor, now: datetime, renews: bool = False) -> PlatformAccess:
        """Evaluate the access against earlier ones; before the transaction, since it reads and decrypts many rows.

        In a step-up the device counts as known by its session cookie; shared computers have no device cookie.
        """
        known = renews or await self.devices.knows_customer(account.credential.customer_id, visitor, now)
        return await self.history.evaluate(account.key, account.credential.platform, visitor, now, known)

    async def open(
        self, connection: AsyncConnection, proof: SignInProof, visitor: Visitor, access: PlatformAccess
    ) -> SignedIn | Expired:
        """Open or renew the session, in the caller's transaction; Expired if the session to renew has ended."""
        account = proof.account
        device_secret = None
        if proof.renews is not None:
            secret = await renew_session(connection, proof.renews, proof.methods, access)
            if secret is None:
                return Expired()
            session_id = proof.renews
        else:
            opening = Opening(account.credential.id, proof.methods, proof.shared)
            session_id, secret = await open_session(connection, account.key, self._dependencies, access, opening)
            # On a shared computer the next person would count as a known device.
            if not proof.shared:
                device_secret = await remember_device(connection, account, visitor, access.at)
        # After the session, in one transaction: no session without its record (R17).
        await record(connection, account.key, self._dependencies, access, account.credential.id)
        if proof.used is not None and proof.used.factor.kind == "RECOVERY_CODES":
            template, left = SignInEmail.RECOVERY_CODE_USED, proof.used.factor.remaining or 0
            site, platform = self._dependencies.site, access.platform
            await write(connection, account.key, site, template, access.at, platform=platform, left=left)
        return SignedIn(session_id, secret, device_secret, proof.shared)


async def unchanged(connection: AsyncConnection, account: Account, fresh: str | None = None) -> bool:
    """Lock the credential; True if its password is still the verified one, and then store a new hash if given.

    Otherwise a sign-in with the old password could complete after the password was changed.
    """
    mine = credentials.c.id == account.credential.id
    stored = await connection.scalar(select(credentials.c.password_hash).where(mine).with_for_update())
    # Ciphertexts are compared: each write gives a new one.
    if stored is None or bytes(stored) != account.credential.sealed_hash:
        return False
    if fresh is not None:
        sealed = sealed_hash(account.key, account.credential.id, fresh)
        await connection.execute(update(credentials).where(mine).values(password_hash=sealed))
    return True

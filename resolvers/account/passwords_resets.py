"""Password reset by a link that is valid once, for half an hour; it does not reveal whether an account exists (S8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.account.passwords_changing import CheckedPassword, NewPasswords
from resolvers.commands.context import UserProblem
from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.emails import EmailTemplate, reader_of, write_alike
from resolvers.emails.limits import EmailKind, EmailLimits
from resolvers.emails.signin import SignInEmail
from resolvers.factors.credentials import Account, Credentials, lock_credentials, nobody
from resolvers.signin.attempts import AttemptBucket, AttemptLimiter, AttemptPace
from resolvers.signin.authentication import no_sooner
from resolvers.signin.buckets import by_network
from resolvers.signin.devices import forget_devices, remember_device
from resolvers.signin.verdicts import Expired, Rejected
from resolvers.signins.secrets import hashed, new_secret
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.sql.ids import new_id
from store.sql.inserting import insert_where
from store.sql.metadata import instant
from store.tables.customers import customers
from store.tables.signin import reset_links


@dataclass(frozen=True, slots=True)
class ResetRequested:
    """The same answer whether or not the account exists; if it does, an e-mail was sent."""


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """A valid link."""

    id: int
    account: Account


@dataclass(frozen=True, slots=True, repr=False)
class Done:
    """The password was set; the browser that did it is a known device from now on."""

    platform: str
    device_secret: str


class Resets:
    """Sends and follows reset links."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self._credentials = Credentials(store)
        self._attempts = AttemptLimiter(store)
        self._passwords = NewPasswords(store, dependencies)
        found = select(
            reset_links.c.id, reset_links.c.credential_id, reset_links.c.account_state, reset_links.c.expires_at
        )
        self._find = store.reader.prepare(found.where(reset_links.c.secret_hash == bindparam("secret")))
        self._email = store.reader.prepare(select(customers.c.email_ref).where(customers.c.id == bindparam("customer")))

    async def request(self, platform: str, login: str, visitor: Visitor, now: datetime) -> ResetRequested | Rejected:
        """Send a reset link if the account exists. Answer, statements and time are the same if it does not (S8, G7).

        Too many requests from one network are refused. Too many for one account get the same answer and send nothing,
        so that nobody can flood a mailbox.
        """

        async def work() -> ResetRequested | Rejected:
            # Refused by network alone: a refusal by account would tell strangers which accounts exist.
            if wait := await self._attempts.consume([by_network(visitor)], now):
                return Rejected(wait)
            index = self._credentials.login_index(login)
            # Looked up even if nothing will be sent: the statements must be the same (G7).
            named = await self._credentials.by_login(platform, index)
            # A login name of a former system may be another one than the address that people remember.
            found = await self._credentials.by_mailbox(platform, login)
            account = named or found
            too_many = await self._attempts.consume([AttemptBucket(AttemptPace.RESET, platform.encode() + index)], now)
            if not too_many:
                async with self._store.write() as connection:
                    # The placeholder has id 0, so that every statement runs and matches no row.
                    someone = account or nobody(platform)
                    if await self._may_send(connection, someone, index, now):
                        await self.send(connection, someone, SignInEmail.PASSWORD_RESET, now)
            return ResetRequested()

        # Always: the answer for an existing account must take as long as for a missing one.
        return await no_sooner(self._dependencies.times.refusal, work(), always=True)

    async def _may_send(self, connection: AsyncConnection, account: Account, index: bytes, now: datetime) -> bool:
        """True if the limit of reset e-mails to this mailbox, over all its accounts, is not reached (S13).

        For an account that does not exist a placeholder mailbox and number are counted, by the same statements (G7).
        """
        reader = await reader_of(connection, account.key)
        # Stable per login name, so that its limit fills up like that of a real mailbox.
        mailbox = f"{index.hex()}@nobody.invalid" if reader is None else reader.email
        customer = account.key.customer_id or int.from_bytes(index[:7])
        return not await EmailLimits(self._store).take(connection, EmailKind.PASSWORD_RESET, customer, mailbox, now)

    async def send(self, connection: AsyncConnection, account: Account, template: EmailTemplate, now: datetime) -> None:
        """Send a new link, in the caller's transaction; earlier links of the credential become invalid.

        The link is bound to the address it is sent to. For a missing account, or a customer without an address, the
        same statements insert nothing (G7).
        """
        secret, customer = new_secret(), account.credential.customer_id
        # One valid link at a time: older e-mails must not open an account later.
        await connection.execute(delete(reset_links).where(reset_links.c.credential_id == account.credential.id))
        email_ref = await connection.scalar(select(customers.c.email_ref).where(customers.c.id == customer))
        row = {
            "id": new_id(),
            "customer_id": customer,
            "credential_id": account.credential.id,
            "secret_hash": hashed(secret),
            "account_state": account_state(account, email_ref),
            "expires_at": now + self._dependencies.times.reset,
        }
        # Decided inside the statement, so that the number of statements reveals nothing.
        there = exists().where(customers.c.id == customer, customers.c.email.is_not(None))
        await connection.execute(insert_where(reset_links, row, there))
        site = self._dependencies.site
        link, minutes = site.link("/password/reset", secret), int(self._dependencies.times.reset.total_seconds() // 60)
        platform = account.credential.platform
        await write_alike(connection, account.key, site, template, now, platform=platform, link=link, minutes=minutes)

    async def find(self, secret: str, now: datetime) -> Link | None:
        """The link of this secret; None if it expired, or if password or address have changed since."""
        rows = await self._store.reader.fetch(self._find, {"secret": hashed(secret)})
        if not rows or instant(rows[0][3]) <= now:
            return None
        id_, credential_id, state, _ = rows[0]
        account = await self._credentials.by_id(credential_id)
        if account is None:
            return None
        found = await self._store.reader.fetch(self._email, {"customer": account.credential.customer_id})
        return Link(id_, account) if found and bytes(state) == account_state(account, found[0][0]) else None

    async def follow(
        self, secret: str, password: str, visitor: Visitor, now: datetime
    ) -> Done | tuple[UserProblem, ...] | Rejected | Expired:
        """Set the password; all sessions of the platform end, and no device but this one stays known.

        The link is consumed only if the password is set: neither opening it nor a refused password consumes it, since
        mail scanners open links.
        """
        if wait := await self._attempts.consume([by_network(visitor)], now):
            return Rejected(wait)
        link = await self.find(secret, now)
        if link is None:
            return Expired()
        prepared = await self._passwords.prepared(link.account, password, now)
        if not isinstance(prepared, CheckedPassword):
            return prepared
        async with self._store.write() as connection:
            if not await self._spent(connection, link):
                return Expired()
            # A thief of the old password may have made a device known.
            await forget_devices(connection, link.account.credential.id)
            device = await remember_device(connection, link.account, visitor, now)
            # Consuming the link and setting the password are one transaction: neither happens alone.
            if await self._passwords.write(connection, prepared, now, [by_network(visitor)]):
                return Expired()  # Another password of theirs was changed in between, so this state is over.
        return Done(link.account.credential.platform, device)

    async def _spent(self, connection: AsyncConnection, link: Link) -> bool:
        """Consume the link; False if it was consumed, or if password or address changed, since it was found."""
        customer = link.account.credential.customer_id
        await lock_credentials(connection, customer)
        held = select(customers.c.email_ref).where(customers.c.id == customer).with_for_update(key_share=True)
        ref = await connection.scalar(held)
        spent = await connection.execute(
            delete(reset_links).where(reset_links.c.id == link.id).returning(reset_links.c.account_state)
        )
        state = spent.scalar_one_or_none()
        return state is not None and bytes(state) == account_state(link.account, ref)


def account_state(account: Account, email_ref: bytes | None) -> bytes:
    """The account state that a link is bound to: password hash, its time, and address. It is hashed under the
    customer's key, since an address can be guessed (D10)."""
    credential = account.credential
    facts = (
        credential.password_hash or "",
        str(int(credential.changed_at.timestamp())),
        bytes(email_ref or b"").hex(),
    )
    return account.key.keyed_hash("reset link", "\0".join(facts).encode())

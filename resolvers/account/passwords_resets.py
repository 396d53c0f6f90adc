"""A new password for somebody who forgot theirs: by a link that works once, for half an hour, and tells nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.account.passwords_changing import CheckedPassword, NewPasswords
from resolvers.commands.context import UserProblem
from resolvers.commands.dependencies import SignInDependencies
from resolvers.factors.credentials import Account, Credentials, lock_credentials, nobody
from resolvers.letters.letters import Letter, reader_of, write_alike
from resolvers.letters.limits import LetterKind, LetterLimits
from resolvers.letters.signin import SignInLetter
from resolvers.signin.attempts import AttemptBucket, AttemptLimiter, AttemptPace
from resolvers.signin.authentication import no_sooner
from resolvers.signin.buckets import by_network
from resolvers.signin.devices import forget_devices, remember_device
from resolvers.signin.verdicts import Expired, Rejected
from resolvers.signins.secrets import hashed, new_secret
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.sql.guarded import insert_where
from store.sql.ids import new_id
from store.sql.metadata import instant
from store.tables.customers import customers
from store.tables.signin import reset_links


@dataclass(frozen=True, slots=True)
class ResetRequested:
    """If there is such a sign-in, its customer was written to; whoever asked is told no more."""


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """A link that leads somewhere."""

    id: int
    account: Account


@dataclass(frozen=True, slots=True, repr=False)
class Done:
    """The password was set. The browser that did it is known from now on."""

    platform: str
    device_secret: str


class Resets:
    """Sends links and follows them."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self._credentials = Credentials(store)
        self._guesses = AttemptLimiter(store)
        self._passwords = NewPasswords(store, dependencies)
        found = select(
            reset_links.c.id, reset_links.c.credential_id, reset_links.c.account_state, reset_links.c.expires_at
        )
        self._find = store.reader.prepare(found.where(reset_links.c.secret_hash == bindparam("secret")))
        self._email = store.reader.prepare(select(customers.c.email_ref).where(customers.c.id == bindparam("customer")))

    async def request(self, platform: str, login: str, visitor: Visitor, now: datetime) -> ResetRequested | Rejected:
        """Write to the customer, if there is one. In any case the answer is the same, by the same statements and after
        the same time (S8, G7).

        Too many requests from one network are refused; too many for one account are answered and not sent, so that
        nobody's mailbox can be filled.
        """

        async def work() -> ResetRequested | Rejected:
            if wait := await self._guesses.consume([by_network(visitor)], now):
                return Rejected(wait)
            index = self._credentials.login_index(login)
            account = await self._credentials.by_login(platform, index)
            much = await self._guesses.consume([AttemptBucket(AttemptPace.RESET, platform.encode() + index)], now)
            if not much:
                async with self._store.write() as connection:
                    someone = account or nobody(platform)
                    if await self._may_send(connection, someone, index, now):
                        await self.send(connection, someone, SignInLetter.PASSWORD_RESET, now)
            return ResetRequested()

        return await no_sooner(self._dependencies.times.refusal, work(), always=True)

    async def _may_send(self, connection: AsyncConnection, account: Account, index: bytes, now: datetime) -> bool:
        """Whether the mailbox is not full of such letters already, whichever sign-ins they were asked for (S13).

        Nobody has a mailbox and a number of their own, so that they are counted by the same statements (G7).
        """
        reader = await reader_of(connection, account.key)
        mailbox = f"{index.hex()}@nobody.invalid" if reader is None else reader.email
        customer = account.key.customer_id or int.from_bytes(index[:7])
        return not await LetterLimits(self._store).take(connection, LetterKind.PASSWORD_RESET, customer, mailbox, now)

    async def send(self, connection: AsyncConnection, account: Account, letter: Letter, now: datetime) -> None:
        """A fresh link by e-mail, in the caller's transaction; earlier links of the credential lead nowhere.

        The link is bound to the address that it is sent to. For nobody, and for a customer without an address, the
        same statements insert nothing.
        """
        secret, customer = new_secret(), account.credential.customer_id
        await connection.execute(delete(reset_links).where(reset_links.c.credential_id == account.credential.id))
        email_ref = await connection.scalar(select(customers.c.email_ref).where(customers.c.id == customer))
        row = {
            "id": new_id(),
            "customer_id": customer,
            "credential_id": account.credential.id,
            "secret_hash": hashed(secret),
            "account_state": _state(account, email_ref),
            "expires_at": now + self._dependencies.times.reset,
        }
        there = exists().where(customers.c.id == customer, customers.c.email.is_not(None))
        await connection.execute(insert_where(reset_links, row, there))
        site = self._dependencies.site
        link, minutes = site.link("/password/reset", secret), int(self._dependencies.times.reset.total_seconds() // 60)
        platform = account.credential.platform
        await write_alike(connection, account.key, site, letter, now, platform=platform, link=link, minutes=minutes)

    async def find(self, secret: str, now: datetime) -> Link | None:
        """The link of this secret, while nothing that it was sent for has changed."""
        rows = await self._store.reader.fetch(self._find, {"secret": hashed(secret)})
        if not rows or instant(rows[0][3]) <= now:
            return None
        id_, credential_id, state, _ = rows[0]
        account = await self._credentials.by_id(credential_id)
        if account is None:
            return None
        found = await self._store.reader.fetch(self._email, {"customer": account.credential.customer_id})
        return Link(id_, account) if found and bytes(state) == _state(account, found[0][0]) else None

    async def follow(
        self, secret: str, password: str, visitor: Visitor, now: datetime
    ) -> Done | tuple[UserProblem, ...] | Rejected | Expired:
        """Set the password. The link is used up by setting it, not by looking at it, and not by a password that is
        refused; every session of the platform ends, and every device is a stranger again but this one."""
        if wait := await self._guesses.consume([by_network(visitor)], now):
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
            await forget_devices(connection, link.account.credential.id)
            device = await remember_device(connection, link.account, visitor, now)
            if await self._passwords.write(connection, prepared, now, [by_network(visitor)]):
                return Expired()  # Another password of theirs was changed in between, so this state is over.
        return Done(link.account.credential.platform, device)

    async def _spent(self, connection: AsyncConnection, link: Link) -> bool:
        """Use the link up; False when that was done, or when what it was sent for has changed, since it was found."""
        customer = link.account.credential.customer_id
        await lock_credentials(connection, customer)
        held = select(customers.c.email_ref).where(customers.c.id == customer).with_for_update(key_share=True)
        ref = await connection.scalar(held)
        spent = await connection.execute(
            delete(reset_links).where(reset_links.c.id == link.id).returning(reset_links.c.account_state)
        )
        state = spent.scalar_one_or_none()
        return state is not None and bytes(state) == _state(link.account, ref)


def _state(account: Account, email_ref: bytes | None) -> bytes:
    """What the link was sent for: void once the password or the e-mail address is another one. It is hashed under the
    customer's own key, since both can be guessed (D10)."""
    credential = account.credential
    facts = (
        credential.password_hash or "",
        str(int(credential.changed_at.timestamp())),
        bytes(email_ref or b"").hex(),
    )
    return account.key.keyed_hash("reset link", "\0".join(facts).encode())

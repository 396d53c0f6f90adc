"""Changing the e-mail address: the new address confirms by a link, the old one is notified (R30, R55; S6, S8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.address_change import AddressChangeEmail
from resolvers.emails.emails import EmailRecipient, Stranger, TypedAddress, reader_of, send_to, send_typed
from resolvers.emails.erasure import ErasureEmail
from resolvers.emails.limits import EmailKind, EmailLimits, rate_limited
from resolvers.events.announcements import announce
from resolvers.events.changes import record
from resolvers.events.rectifying import notify_of_correction
from resolvers.factors.credentials import lock_credentials
from resolvers.signin.attempts import AttemptBucket, AttemptLimiter, AttemptPace
from resolvers.signin.sessions import end_where
from resolvers.signins.secrets import hashed, new_secret
from store.crypto.blind_index import Lookup
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.links.receipts import receipt_of
from store.lookups.reservations import LookupRequest, LookupTakenError, Reservations, reserving
from store.queue.holding import hold_for
from store.sql.ids import new_id
from store.sql.metadata import Id, instant
from store.tables.access import sessions
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.erasures import STANDING_STATES, erasures
from store.tables.signin import email_links, reset_links
from values.mailbox import MailboxError, read_mailbox

LIFE = timedelta(hours=1)

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
SAME = UserProblem("UNCHANGED", "This is the address that we have.", ("email",))
TOO_OFTEN = UserProblem("RATE_LIMITED", "Too many requests. Try again later.", ("email",))
LAPSED = UserProblem("LINK_VOID", "This link is over or was used already: ask for another one.", ("token",))


async def request_change(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Send a confirmation link to the new address. If another customer has it, nothing is sent, and the answer is the
    same (S8)."""
    try:
        # The canonical form, so that look-ups and comparisons see one spelling of a mailbox (S14).
        text = read_mailbox(given["email"]).display
    except MailboxError as error:
        return Result(problems=(UserProblem(error.fault.code, str(error), ("email",)),))
    keys = context.store.keys
    (key,) = await keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    if await AttemptLimiter(context.store).consume(
        [AttemptBucket(AttemptPace.RESET, b"email" + context.subject.to_bytes(8, "big"))], context.now
    ):
        return Result(problems=(TOO_OFTEN,))
    # The key store is another database: it is read before the transaction, which then locks rows for less time.
    held = await keys.lookups.find(Lookup.EMAIL, keys.blind_index(Lookup.EMAIL, text))
    async with context.store.write() as connection:
        present = await connection.scalar(
            select(customers.c.email_ref).where(customers.c.id == context.subject).with_for_update()
        )
        reader = await reader_of(connection, key)
        if present is None or reader is None:
            return Result(problems=(GONE,))
        if bytes(present) == held.ref:
            return Result(problems=(SAME,))
        theirs = select(customers.c.id).where(customers.c.id == held.row_id, customers.c.email_ref == held.ref)
        taken = await connection.scalar(theirs) is not None
        site, minutes, secret = context.dependencies.site, int(LIFE.total_seconds() // 60), new_secret()
        if wait := await _ask(connection, context, key, text, reader.language, None if taken else secret, minutes):
            return Result(problems=(rate_limited(wait, "email"),))
        # One link at a time: an earlier one would still set the address that it names.
        await connection.execute(delete(email_links).where(email_links.c.customer_id == context.subject))
        id_ = new_id()
        row = {
            "id": id_,
            "customer_id": context.subject,
            "email": key.seal(email_links.c.email, id_, text.encode()),
            "session_id": context.grant.session_id,
            "secret_hash": hashed(secret),
            "account_state": _state(key, bytes(present)),
            "expires_at": context.now + LIFE,
        }
        await connection.execute(insert(email_links).values(row))
        await send_to(connection, reader, site, AddressChangeEmail.ASKED, context.now)
    return Result(affected={"customer": context.subject})


async def _ask(
    connection: AsyncConnection,
    context: CommandContext,
    key: SubjectKey,
    text: str,
    language: str,
    secret: str | None,
    minutes: int,
) -> int:
    """Send the link, or with `secret` None only count it, so that limits do not reveal taken addresses; seconds to
    wait, or 0."""
    # A taken address is counted like a free one, so that the limits do not reveal it (S8).
    limits, site = EmailLimits(context.store), context.dependencies.site
    if secret is None:
        return await limits.take(connection, EmailKind.EMAIL_CONFIRMATION, key.customer_id, text, context.now)
    to, link = Stranger(key, TypedAddress(text), language), site.link("/email/confirm", secret)
    kind, template = EmailKind.EMAIL_CONFIRMATION, AddressChangeEmail.CONFIRM
    return await send_typed(connection, limits, kind, to, site, template, context.now, link=link, minutes=minutes)


async def confirm_change(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API; the link must belong to the caller."""
    found = await EmailLinks(context.store, context.dependencies).find(given["token"], context.now)
    if found is None or found.key.customer_id != context.subject:
        return Result(problems=(LAPSED,))
    return await EmailLinks(context.store, context.dependencies).follow(found, context)


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """A valid link."""

    id: int | None
    """None: the former system of an import confirmed the address, and there is no link."""
    key: SubjectKey
    email: str
    state: bytes
    """The blind index of the address that it replaces."""
    session_id: int | None


def _state(key: SubjectKey, index: bytes) -> bytes:
    """The stored hash of the address that a link replaces; keyed by the customer's key, since an address can be guessed
    (D10)."""
    return key.keyed_hash("e-mail link", index)


class EmailLinks:
    """Finds and follows confirmation links."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        columns = select(
            email_links.c.id,
            email_links.c.customer_id,
            email_links.c.email,
            email_links.c.account_state,
            email_links.c.session_id,
            email_links.c.expires_at,
        )
        self._find = store.reader.prepare(columns.where(email_links.c.secret_hash == bindparam("secret")))
        self._state = store.reader.prepare(
            select(customers.c.email_ref).where(customers.c.id == bindparam("id", type_=Id))
        )

    async def find(self, secret: str, now: datetime) -> Found | None:
        """The link of this secret; None if it expired, or if the address that it replaces has changed since."""
        rows = await self._store.reader.fetch(self._find, {"secret": hashed(secret)})
        if not rows or instant(rows[0][5]) <= now:
            return None
        id_, customer, sealed, state, session, _ = rows[0]
        (key,) = await self._store.keys.subjects([customer])
        present = await self._store.reader.fetch(self._state, {"id": customer})
        if key is None or not present or _state(key, bytes(present[0][0] or b"")) != bytes(state):
            return None
        return Found(id_, key, key.open(email_links.c.email, id_, sealed).decode(), bytes(present[0][0]), session)

    async def follow(self, found: Found, context: CommandContext, held_by: int | None = None) -> Result:
        """Set the new address; both addresses are notified, and all sessions but the requesting one end.

        The letters wait if they are `held_by` a run of an import.

        1. consume the link; 2. reserve the new address, and replace the old one if it is still the present one;
        3. delete password reset links, which were sent to the old address; 4. change login names equal to the old
        address; 5. end sessions, as the last statement (`end_where`).
        """
        keys, owner = self._store.keys, found.key.customer_id
        wanted = LookupRequest(Lookup.EMAIL, keys.blind_index(Lookup.EMAIL, found.email), owner, owner)
        async with reserving(self._store) as reserved, self._store.write() as connection:
            # Credentials before the customer's row, as in every command: one lock order, so no deadlocks.
            await lock_credentials(connection, owner)
            await connection.execute(
                select(customers.c.id).where(customers.c.id == owner).with_for_update(key_share=True)
            )
            if not await self._spent(connection, found):  # 1
                return Result(problems=(LAPSED,))
            before = await reader_of(connection, found.key)
            if before is None or not await _taken(reserved, connection, wanted, found.state, context.now):
                return Result(problems=(LAPSED,))
            change = {
                "email": found.key.seal(customers.c.email, owner, found.email.encode()),
                "email_ref": wanted.ref,
                "version": customers.c.version + 1,
                "updated_at": context.now,
            }
            # Compare-and-swap: the address may have been changed through another link meanwhile.
            here = customers.c.id == owner, customers.c.email_ref == found.state
            if (await connection.execute(update(customers).where(*here).values(change))).rowcount != 1:  # 2
                return Result(problems=(LAPSED,))
            await connection.execute(delete(reset_links).where(reset_links.c.customer_id == owner))  # 3
            await self._logins(connection, reserved, found, before, context.now)  # 4
            await record(connection, context, found.key, ["Customer.email"])
            await notify_of_correction(connection, owner, ["Customer.email"], context.now)
            await announce(connection, found.key, Event.EMAIL_CHANGED.wire, context.now, ["Customer.email"])
            asked, letters, site = await self._asked(connection, owner), list[int](), self._dependencies.site
            # To both addresses: the owner of the old one may not have made the change (S8).
            for reader in (before, await reader_of(connection, found.key)):
                if reader is not None:
                    changed = AddressChangeEmail.CHANGED
                    letters.append(await send_to(connection, reader, site, changed, context.now))
                if reader is not None and asked is not None:
                    template = ErasureEmail.ADDRESS_CHANGED
                    letters.append(await send_to(connection, reader, site, template, context.now, link=asked))
            if held_by is not None:
                await hold_for(connection, letters, held_by)
            # 0 is no id: without a session of its own the request ends all of them.
            await end_where(connection, owner, [sessions.c.id != (found.session_id or 0)], context.now)  # 5
            await reserved.written(connection)
        return Result(affected={"customer": owner})

    async def _spent(self, connection: AsyncConnection, found: Found) -> bool:
        """Consume the link; False if it was consumed before."""
        if found.id is None:
            return True
        return (await connection.execute(delete(email_links).where(email_links.c.id == found.id))).rowcount == 1

    async def _asked(self, connection: AsyncConnection, owner: int) -> str | None:
        """The receipt URL of a standing erasure request, which both addresses are informed of (R55); None without
        one."""
        query = select(erasures.c.id).where(
            erasures.c.customer_id == owner, erasures.c.state.in_(STANDING_STATES), erasures.c.cause == "REQUEST"
        )
        id_ = await connection.scalar(query)
        return (
            None
            if id_ is None
            else f"{self._dependencies.site.address}/erasures/{await receipt_of(self._store.keys.system, id_)}"
        )

    async def _logins(
        self, connection: AsyncConnection, reserved: Reservations, found: Found, before: EmailRecipient, now: datetime
    ) -> None:
        """Change the login names that equal the old address to the new one, unless it is taken on that platform."""
        keys, owner = self._store.keys, found.key.customer_id
        old, new = (keys.blind_index(Lookup.LOGIN, each) for each in (before.email, found.email))
        mine = select(credentials.c.id, credentials.c.platform, credentials.c.login_ref).where(
            credentials.c.customer_id == owner
        )
        for id_, platform, ref in (await connection.execute(mine)).all():
            held = await keys.lookups.find(Lookup.LOGIN, old, platform)
            wanted = LookupRequest(Lookup.LOGIN, new, owner, id_, platform)
            # Only a look-up that still refers to this row: a stale one may belong to another customer by now.
            same = ref is not None and (held.row_id, held.ref) == (id_, bytes(ref))
            if same and await _taken(reserved, connection, wanted, ref, now):
                name = found.key.seal(
                    credentials.c.login_name, id_, credentials.c.login_name.info["sealing"].encode(found.email)
                )
                change = (
                    update(credentials).where(credentials.c.id == id_).values(login_name=name, login_ref=wanted.ref)
                )
                await connection.execute(change)


async def _taken(
    reserved: Reservations, connection: AsyncConnection, wanted: LookupRequest, replaced: bytes, now: datetime
) -> bool:
    """True if the new value could be reserved in place of the replaced one; False if somebody else has it."""
    try:
        await reserved.take(connection, [wanted], now, replacing=[(wanted.customer_id, replaced)])
    except LookupTakenError:
        return False
    return True

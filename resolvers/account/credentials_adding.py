"""Sets up the sign-in of a further platform, with a password that no other platform has (R38)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.platforms import DEFAULT, PLATFORMS, Platform
from resolvers.account.mailboxes import OwnMailboxes
from resolvers.account.passwords_changing import CONFLICT, CheckedPassword, NewPasswords, at_field, unchanged
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from resolvers.factors.credentials import EPOCH, Account, Credential, sealed_hash
from resolvers.signin.actor import Actor, actor_at, too_often
from resolvers.signin.verdicts import Rejected
from store.crypto.blind_index import Lookup
from store.lookups.reservations import LookupRequest, LookupTakenError, Reservations, reserving
from store.sql.ids import new_id
from store.tables.credentials import credentials
from values.mailbox import Mailbox, MailboxError, read_mailbox

EXISTS = UserProblem("CREDENTIAL_EXISTS", "You can sign in there already: change its password instead.", ("platform",))
NOT_YOURS = UserProblem(
    "LOGIN_NAME_NOT_YOURS",
    "Take your e-mail address, or an address at a domain that you have registered with us.",
    ("loginName",),
)
TAKEN = UserProblem("LOGIN_NAME_TAKEN", "This login name is in use: take another one.", ("loginName",))


async def add(actor: Actor, platform: Platform, login_name: str, password: str) -> Result:
    """Make the credential of a platform that the customer has none for.

    1. the platform has none; 2. the login name is a mailbox of the customer's, because behind webmail it names the
    mailbox that is opened; 3. the password keeps the rules and differs from the others; 4. all is written and notified.
    """
    (key,) = await actor.store.keys.subjects([actor.customer_id])
    if key is None:
        return Result(problems=(NOT_YOURS,))
    passwords = NewPasswords(actor.store, actor.dependencies)
    if platform in await passwords.platforms_of(key):  # 1
        return Result(problems=(EXISTS,))
    try:
        mailbox = read_mailbox(login_name)  # 2
    except MailboxError as error:
        return Result(problems=(UserProblem(error.fault.code, str(error), ("loginName",)),))
    if not await OwnMailboxes(actor.store).has(key, mailbox, actor.now):
        return Result(problems=(NOT_YOURS,))
    account = Account(Credential(new_id(), actor.customer_id, platform, b"", None, None, EPOCH), key)
    prepared = await passwords.prepared(account, password, actor.now)  # 3
    if isinstance(prepared, Rejected):
        return Result(problems=(too_often(prepared.wait, "newPassword"),))
    if not isinstance(prepared, CheckedPassword):
        return Result(problems=at_field(prepared, "newPassword"))
    return await _write(actor, prepared, mailbox)  # 4


async def _write(actor: Actor, new: CheckedPassword, mailbox: Mailbox) -> Result:
    credential, key = new.account.credential, new.account.key
    index = actor.store.keys.blind_index(Lookup.LOGIN, mailbox.display)
    wanted = LookupRequest(Lookup.LOGIN, index, actor.customer_id, credential.id, credential.platform)
    async with reserving(actor.store) as reserved, actor.store.write() as connection:
        # Of two requests at once the second finds another list than it has read.
        if not await unchanged(connection, new):
            return Result(problems=(CONFLICT,))
        if not await _reserved(reserved, connection, wanted, actor):
            return Result(problems=(TAKEN,))
        name = credentials.c.login_name
        row = {
            "id": credential.id,
            "customer_id": actor.customer_id,
            "platform": credential.platform,
            "login_name": key.seal(name, credential.id, name.info["sealing"].encode(mailbox.display)),
            "login_ref": wanted.ref,
            "password_hash": sealed_hash(key, credential.id, new.hash),
            "changed_at": actor.now,
            "strength": new.strength,
        }
        await connection.execute(insert(credentials), row)
        site, template = actor.dependencies.site, SignInEmail.CREDENTIAL_ADDED
        await write(connection, key, site, template, actor.now, platform=credential.platform)
        await reserved.written(connection)
    return Result(affected={"credential": credential.id})


async def _reserved(reserved: Reservations, connection: AsyncConnection, wanted: LookupRequest, actor: Actor) -> bool:
    try:
        await reserved.take(connection, [wanted], actor.now)
    except LookupTakenError:
        return False
    return True


async def add_credential(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    # An enumeration of the API, whose members are named like the platforms.
    word = getattr(given.get("platform"), "name", given.get("platform"))
    platform = next((each for each in PLATFORMS if each == word), DEFAULT)
    return await add(actor_at(context), platform, given.get("loginName") or "", given.get("newPassword") or "")

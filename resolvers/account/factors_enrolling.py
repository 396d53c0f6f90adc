"""Enrols and removes second factors: authenticator app, passkeys, recovery codes; each platform has its own (R39)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.message import Message
from policy.platforms import WITH_SECOND_FACTOR
from resolvers.commands.context import Result, UserProblem
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from resolvers.factors.credentials import Account
from resolvers.factors.factors import Factor, confirmed, delete_factors, remove_factor
from resolvers.factors.passkeys import MOST, PasskeyError, Passkeys
from resolvers.factors.recovery import kept, new_codes
from resolvers.factors.totp import Enrolment, accepted_step, new_enrolment
from resolvers.signin.actor import NOT_FOUND, WRONG_CODE, Actor, too_often
from resolvers.signin.buckets import Secret
from resolvers.signin.sessions import SECOND, add_method, end_where
from resolvers.signins.devices import described
from resolvers.signins.signins import opened, sealed
from store.sql.ids import new_id
from store.tables.access import sessions
from store.tables.credentials import credentials, second_factors
from store.tables.signin import passkeys, session_proofs

NOT_OFFERED = UserProblem(
    "FACTOR_NOT_OFFERED", "This platform has no second step: mail programs cannot ask for one.", ("credentialId",)
)
NOT_BEGUN = UserProblem("NOT_BEGUN", "Begin anew: there is no enrolment to confirm.")
NO_FACTOR = UserProblem("NO_SECOND_FACTOR", "Recovery codes stand in for another factor: add one first.")
NO_SUCH_FACTOR = UserProblem("NOT_FOUND", "There is no such second factor.", ("secondFactorId",))
TOO_MANY = UserProblem("TOO_MANY_PASSKEYS", Message("There are {most} passkeys already: remove one first.", most=MOST))
NOT_ACCEPTED = UserProblem("PASSKEY_NOT_ACCEPTED", "The passkey could not be verified. Try again.", ("response",))


@dataclass(frozen=True, slots=True, repr=False)
class Begun(Result):
    """An enrolment that was begun. Its secrets are returned once, so a repeated request does not get them again."""

    repeatable: ClassVar[bool] = False
    secret: str | None = None
    uri: str | None = None
    qr_svg: str | None = None
    options: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Enrolled(Result):
    """An active factor, with recovery codes if new ones were generated; returned once."""

    repeatable: ClassVar[bool] = False
    recovery_codes: list[str] | None = None


async def begin_totp(actor: Actor, credential_id: int | None, code: str = "") -> Begun:
    """Create a secret for an authenticator app. It is inactive until a code confirms it; an app that is enrolled
    already stays active until then."""
    account = await actor.account(credential_id)
    if problem := await _refusal(actor, account, code):
        return Begun(problems=(problem,))
    assert account is not None
    # The name helps people to tell entries in the app apart; it is their own login name.
    enrolment = new_enrolment(actor.dependencies.site.name, await login_name(actor, account))
    async with actor.store.write() as connection:
        mine = second_factors.c.credential_id == account.credential.id
        await connection.execute(
            delete(second_factors).where(mine, second_factors.c.kind == "TOTP", second_factors.c.confirmed_at.is_(None))
        )
        # Unconfirmed ones are deleted before: the first code must belong to the secret that was shown last.
        id_ = await _insert(connection, account, "TOTP", enrolment.secret)
    return _shown(id_, enrolment)


def _shown(factor_id: int, enrolment: Enrolment) -> Begun:
    return Begun(affected={"factor": factor_id}, secret=enrolment.secret, uri=enrolment.uri, qr_svg=enrolment.qr_svg)


async def confirm_totp(actor: Actor, credential_id: int | None, code: str) -> Enrolled:
    """Activate the app: the first code proves that it has the secret. An earlier app is removed."""
    account = await actor.account(credential_id)
    if account is None:
        return Enrolled(problems=(NOT_FOUND,))
    # Counted before the code is looked at: six digits can be guessed (S11).
    if wait := await actor.consume(account, Secret.ENROLMENT):
        return Enrolled(problems=(too_often(wait, "code"),))
    async with actor.store.write() as connection:
        mine = second_factors.c.credential_id == account.credential.id, second_factors.c.kind == "TOTP"
        begun = (
            select(second_factors.c.id, second_factors.c.secret)
            .where(*mine, second_factors.c.confirmed_at.is_(None))
            .with_for_update()
        )
        row = (await connection.execute(begun)).one_or_none()
        if row is None:
            return Enrolled(problems=(NOT_BEGUN,))
        # No earlier step to compare with: the secret is new.
        step = accepted_step(
            account.key.open(second_factors.c.secret, row.id, row.secret).decode(), code, actor.now, None
        )
        if step is None:
            return Enrolled(problems=(WRONG_CODE,))
        earlier = (
            await connection.execute(select(second_factors.c.id).where(*mine, second_factors.c.id != row.id))
        ).scalars()
        await delete_factors(connection, list(earlier))
        # The code counts as used, so that it cannot be replayed at a sign-in (S3).
        change = {"confirmed_at": actor.now, "last_used_at": actor.now, "last_timecode": step}
        await connection.execute(update(second_factors).where(second_factors.c.id == row.id).values(change))
        codes = await _added(connection, actor, account, ("otp", SECOND))
        await actor.reset(connection, account, Secret.ENROLMENT)
    return Enrolled(affected={"factor": row.id}, recovery_codes=codes)


async def regenerate_recovery_codes(actor: Actor, credential_id: int | None, code: str = "") -> Enrolled:
    """Generate ten new recovery codes; the old ones become invalid."""
    account = await actor.account(credential_id)
    if problem := await _refusal(actor, account, code):
        return Enrolled(problems=(problem,))
    assert account is not None
    async with actor.store.write() as connection:
        factors = await confirmed(connection, account.credential.id)
        if all(each.kind == "RECOVERY_CODES" for each in factors):
            return Enrolled(problems=(NO_FACTOR,))
        id_, codes = await _new_codes(connection, actor, account, factors)
    return Enrolled(affected={"factor": id_}, recovery_codes=codes)


async def begin_passkey(actor: Actor, credential_id: int | None, code: str = "") -> Begun:
    """Create the options for registering a passkey."""
    account = await actor.account(credential_id)
    if problem := await _refusal(actor, account, code):
        return Begun(problems=(problem,))
    assert account is not None
    async with actor.store.write(apart=True) as connection:
        factors = await confirmed(connection, account.credential.id)
    if sum(each.kind == "PASSKEY" for each in factors) >= MOST:
        return Begun(problems=(TOO_MANY,))
    name = await login_name(actor, account)
    return Begun(options=await Passkeys(actor.store, actor.dependencies).registration(account, name, actor.now))


async def finish_passkey(actor: Actor, credential_id: int | None, answer: str, label: str) -> Enrolled:
    """Verify and store the passkey that the browser created, with the customer's label."""
    account = await actor.account(credential_id)
    if account is None:
        return Enrolled(problems=(NOT_FOUND,))
    try:
        made = await Passkeys(actor.store, actor.dependencies).registered(account, answer, actor.now)
    except PasskeyError:
        return Enrolled(problems=(NOT_ACCEPTED,))
    row = {"handle": made.credential_id, "public_key": made.credential_public_key, "sign_count": made.sign_count}
    try:
        async with actor.store.write() as connection:
            id_ = await _insert(connection, account, "PASSKEY", "passkey", described(label), actor)
            owned = {"id": new_id(), "customer_id": actor.customer_id, "factor_id": id_}
            await connection.execute(insert(passkeys).values(owned | row))
            codes = await _added(connection, actor, account, ("hwk", SECOND))
    except IntegrityError:  # The same passkey twice: its handle is unique over all customers.
        return Enrolled(problems=(NOT_ACCEPTED,))
    return Enrolled(affected={"factor": id_}, recovery_codes=codes)


async def remove(actor: Actor, factor_id: int, code: str = "") -> Result:
    """Remove a factor after proof of a second factor; the other sessions of the platform end (S3, S6)."""
    async with actor.store.write(apart=True) as connection:
        found = await connection.scalar(
            select(second_factors.c.credential_id).where(
                second_factors.c.id == factor_id, second_factors.c.customer_id == actor.customer_id
            )
        )
    account = await actor.account(found) if found is not None else None
    if account is None:
        return Result(problems=(NO_SUCH_FACTOR,))
    # Between the transactions, since it opens its own: failed attempts must stay counted.
    if problem := await actor.shows_factor(account, code):
        return Result(problems=(problem,))
    platform = account.credential.platform
    async with actor.store.write() as connection:
        await remove_factor(connection, account.key, actor.dependencies, factor_id, platform, actor.now)
        # A removed factor may have been an attacker's: sessions that it opened must not survive (S6).
        others = [sessions.c.platform == platform, sessions.c.id != (actor.session_id or 0)]
        await end_where(connection, actor.customer_id, others, actor.now)
    return Result(affected={"credential": account.credential.id})


async def _refusal(actor: Actor, account: Account | None, code: str) -> UserProblem | None:
    """The reason why a factor may not be added; None if it may. A customer with a factor has to prove it first."""
    if account is None:
        return NOT_FOUND
    if account.credential.platform not in WITH_SECOND_FACTOR:
        return NOT_OFFERED
    return await actor.shows_factor(account, code)


async def _added(
    connection: AsyncConnection, actor: Actor, account: Account, words: tuple[str, ...]
) -> list[str] | None:
    """Complete the addition of a factor: recovery codes if there are none, and an e-mail. Returns new codes or None."""
    factors = await confirmed(connection, account.credential.id)
    codes = None
    # With the first factor, or when all codes are used: nobody should depend on one device.
    if not any(each.kind == "RECOVERY_CODES" and each.remaining for each in factors):
        _, codes = await _new_codes(connection, actor, account, factors)
    # The enrolment proved the factor, so the session counts as multi-factor from now on.
    if actor.session_id is not None and await _is_own(connection, actor.session_id, account):
        await add_method(connection, actor.session_id, words)
    template, platform = SignInEmail.FACTOR_ADDED, account.credential.platform
    await write(connection, account.key, actor.dependencies.site, template, actor.now, platform=platform)
    return codes


async def _new_codes(
    connection: AsyncConnection, actor: Actor, account: Account, factors: list[Factor]
) -> tuple[int, list[str]]:
    await delete_factors(connection, [each.id for each in factors if each.kind == "RECOVERY_CODES"])
    codes = new_codes()
    id_ = new_id()
    left = kept(id_, codes)
    await _insert(connection, account, "RECOVERY_CODES", left.text.decode(), None, actor, id_, left.count)
    return id_, codes


async def _insert(
    connection: AsyncConnection,
    account: Account,
    kind: str,
    secret: str,
    label: str | None = None,
    confirmed_by: Actor | None = None,
    id_: int | None = None,
    remaining: int | None = None,
) -> int:
    """Insert a row of `second_factors`, active at once if `confirmed_by` is given; returns its id."""
    row_id = id_ or new_id()
    row: dict[str, Any] = {
        "id": row_id,
        "customer_id": account.credential.customer_id,
        "credential_id": account.credential.id,
        "kind": kind,
        # For passkeys a placeholder: their public keys are in their own table.
        "secret": sealed(account.key, second_factors.c.secret, row_id, secret),
        "label": sealed(account.key, second_factors.c.label, row_id, label),
        "confirmed_at": confirmed_by.now if confirmed_by else None,
        "remaining": remaining,
    }
    await connection.execute(insert(second_factors).values(row))
    return row_id


async def _is_own(connection: AsyncConnection, session_id: int, account: Account) -> bool:
    found = select(session_proofs.c.credential_id).where(session_proofs.c.session_id == session_id)
    return await connection.scalar(found) == account.credential.id


async def login_name(actor: Actor, account: Account) -> str:
    """The login name, under which an authenticator app lists the account."""
    id_ = account.credential.id
    async with actor.store.write(apart=True) as connection:
        resting = await connection.scalar(select(credentials.c.login_name).where(credentials.c.id == id_))
    return opened(account.key, credentials.c.login_name, id_, resting) or ""

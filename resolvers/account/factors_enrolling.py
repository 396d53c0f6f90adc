"""Adding and removing second factors: an app, passkeys, recovery codes; each platform has its own (R39)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.message import Message
from resolvers.commands.context import Result, UserProblem
from resolvers.factors.credentials import Account
from resolvers.factors.factors import OFFERED, Factor, confirmed, delete_factors, remove_factor
from resolvers.factors.passkeys import MOST, PasskeyError, Passkeys
from resolvers.factors.recovery import kept, new_codes
from resolvers.factors.totp import Enrolment, accepted_step, new_enrolment
from resolvers.letters.letters import write
from resolvers.letters.signin import SignInLetter
from resolvers.signin.actor import NOT_FOUND, WRONG_CODE, Actor, too_often
from resolvers.signin.buckets import Secret
from resolvers.signin.sessions import SECOND, add_method, end_where
from resolvers.signins.devices import told
from resolvers.signins.signins import opened, sealed
from store.sql.ids import new_id
from store.tables.access import sessions
from store.tables.credentials import credentials, second_factors
from store.tables.signin import passkeys, session_proofs

F, K = second_factors.c, credentials.c

NOT_OFFERED = UserProblem(
    "FACTOR_NOT_OFFERED", "This platform has no second step: mail programs cannot ask for one.", ("credential",)
)
NOT_BEGUN = UserProblem("NOT_BEGUN", "Begin anew: there is no enrolment to confirm.")
NO_FACTOR = UserProblem("NO_SECOND_FACTOR", "Recovery codes stand in for another factor: add one first.")
NO_SUCH_FACTOR = UserProblem("NOT_FOUND", "There is no such second factor.", ("id",))
TOO_MANY = UserProblem("TOO_MANY_PASSKEYS", Message("There are {most} passkeys already: remove one first.", most=MOST))
NOT_ACCEPTED = UserProblem("PASSKEY_NOT_ACCEPTED", "The passkey could not be verified. Try again.", ("response",))


@dataclass(frozen=True, slots=True, repr=False)
class Begun(Result):
    """An enrolment that was begun; what is in it is shown this once."""

    repeatable: ClassVar[bool] = False
    secret: str | None = None
    uri: str | None = None
    qr_svg: str | None = None
    options: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Enrolled(Result):
    """A factor that protects from now on, and the recovery codes if new ones were made; shown this once."""

    repeatable: ClassVar[bool] = False
    recovery_codes: list[str] | None = None


async def begin_totp(actor: Actor, credential_id: int | None, code: str = "") -> Begun:
    """A new secret for an authenticator app. It protects nothing until a code has confirmed it; until then an app that
    is enrolled already goes on being asked for."""
    account = await actor.account(credential_id)
    if problem := await _refusal(actor, account, code):
        return Begun(problems=(problem,))
    assert account is not None
    enrolment = new_enrolment(actor.means.site.name, await login_name(actor, account))
    async with actor.store.write() as connection:
        mine = F.credential_id == account.credential.id
        await connection.execute(delete(second_factors).where(mine, F.kind == "TOTP", F.confirmed_at.is_(None)))
        id_ = await _insert(connection, account, "TOTP", enrolment.secret)
    return _shown(id_, enrolment)


def _shown(factor_id: int, enrolment: Enrolment) -> Begun:
    return Begun(affected={"factor": factor_id}, secret=enrolment.secret, uri=enrolment.uri, qr_svg=enrolment.qr_svg)


async def confirm_totp(actor: Actor, credential_id: int | None, code: str) -> Enrolled:
    """A first code proves that the app has the secret: from now on it is asked for, in place of an earlier app."""
    account = await actor.account(credential_id)
    if account is None:
        return Enrolled(problems=(NOT_FOUND,))
    if wait := await actor.charge(account, Secret.ENROLMENT):
        return Enrolled(problems=(too_often(wait, "code"),))
    async with actor.store.write() as connection:
        mine = F.credential_id == account.credential.id, F.kind == "TOTP"
        begun = select(F.id, F.secret).where(*mine, F.confirmed_at.is_(None)).with_for_update()
        row = (await connection.execute(begun)).one_or_none()
        if row is None:
            return Enrolled(problems=(NOT_BEGUN,))
        step = accepted_step(account.key.open(F.secret, row.id, row.secret).decode(), code, actor.now, None)
        if step is None:
            return Enrolled(problems=(WRONG_CODE,))
        earlier = (await connection.execute(select(F.id).where(*mine, F.id != row.id))).scalars()
        await delete_factors(connection, list(earlier))
        change = {"confirmed_at": actor.now, "last_used_at": actor.now, "last_timecode": step}
        await connection.execute(update(second_factors).where(F.id == row.id).values(change))
        codes = await _added(connection, actor, account, ("otp", SECOND))
        await actor.forgive(connection, account, Secret.ENROLMENT)
    return Enrolled(affected={"factor": row.id}, recovery_codes=codes)


async def regenerate_recovery_codes(actor: Actor, credential_id: int | None, code: str = "") -> Enrolled:
    """Ten new codes; the old ones are void."""
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
    """What a browser needs to make a passkey."""
    account = await actor.account(credential_id)
    if problem := await _refusal(actor, account, code):
        return Begun(problems=(problem,))
    assert account is not None
    async with actor.store.write() as connection:
        factors = await confirmed(connection, account.credential.id)
    if sum(each.kind == "PASSKEY" for each in factors) >= MOST:
        return Begun(problems=(TOO_MANY,))
    name = await login_name(actor, account)
    return Begun(options=await Passkeys(actor.store, actor.means).registration(account, name, actor.now))


async def finish_passkey(actor: Actor, credential_id: int | None, answer: str, label: str) -> Enrolled:
    """Keep the passkey that the browser made, under the name that its owner gives it."""
    account = await actor.account(credential_id)
    if account is None:
        return Enrolled(problems=(NOT_FOUND,))
    try:
        made = await Passkeys(actor.store, actor.means).registered(account, answer, actor.now)
    except PasskeyError:
        return Enrolled(problems=(NOT_ACCEPTED,))
    row = {"handle": made.credential_id, "public_key": made.credential_public_key, "sign_count": made.sign_count}
    try:
        async with actor.store.write() as connection:
            id_ = await _insert(connection, account, "PASSKEY", "passkey", told(label), actor)
            owned = {"id": new_id(), "customer_id": actor.customer_id, "factor_id": id_}
            await connection.execute(insert(passkeys).values(owned | row))
            codes = await _added(connection, actor, account, ("hwk", SECOND))
    except IntegrityError:  # The same passkey twice.
        return Enrolled(problems=(NOT_ACCEPTED,))
    return Enrolled(affected={"factor": id_}, recovery_codes=codes)


async def remove(actor: Actor, factor_id: int, code: str = "") -> Result:
    """Take a factor away, with a fresh second factor; the other sessions of the platform end (S3, S6)."""
    async with actor.store.write() as connection:
        found = await connection.scalar(
            select(F.credential_id).where(F.id == factor_id, F.customer_id == actor.customer_id)
        )
    account = await actor.account(found) if found is not None else None
    if account is None:
        return Result(problems=(NO_SUCH_FACTOR,))
    if problem := await actor.shows_factor(account, code):
        return Result(problems=(problem,))
    platform = account.credential.platform
    async with actor.store.write() as connection:
        await remove_factor(connection, account.key, actor.means, factor_id, platform, actor.now)
        others = [sessions.c.platform == platform, sessions.c.id != (actor.session_id or 0)]
        await end_where(connection, actor.customer_id, others, actor.now)
    return Result(affected={"credential": account.credential.id})


async def _refusal(actor: Actor, account: Account | None, code: str) -> UserProblem | None:
    """Why a factor may not be added here and now: whoever has one already shows it first."""
    if account is None:
        return NOT_FOUND
    if account.credential.platform not in OFFERED:
        return NOT_OFFERED
    return await actor.shows_factor(account, code)


async def _added(
    connection: AsyncConnection, actor: Actor, account: Account, words: tuple[str, ...]
) -> list[str] | None:
    """What follows when a factor was added: recovery codes with the first one, and a message."""
    factors = await confirmed(connection, account.credential.id)
    codes = None
    if not any(each.kind == "RECOVERY_CODES" and each.remaining for each in factors):
        _, codes = await _new_codes(connection, actor, account, factors)
    if actor.session_id is not None and await _is_own(connection, actor.session_id, account):
        await add_method(connection, actor.session_id, words)
    letter, platform = SignInLetter.FACTOR_ADDED, account.credential.platform
    await write(connection, account.key, actor.means.site, letter, actor.now, platform=platform)
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
    """A row of `second_factors`; it protects at once when it is confirmed."""
    row_id = id_ or new_id()
    row: dict[str, Any] = {
        "id": row_id,
        "customer_id": account.credential.customer_id,
        "credential_id": account.credential.id,
        "kind": kind,
        "secret": sealed(account.key, F.secret, row_id, secret),
        "label": sealed(account.key, F.label, row_id, label),
        "confirmed_at": confirmed_by.now if confirmed_by else None,
        "remaining": remaining,
    }
    await connection.execute(insert(second_factors).values(row))
    return row_id


async def _is_own(connection: AsyncConnection, session_id: int, account: Account) -> bool:
    found = select(session_proofs.c.credential_id).where(session_proofs.c.session_id == session_id)
    return await connection.scalar(found) == account.credential.id


async def login_name(actor: Actor, account: Account) -> str:
    """What the customer signs in with, to be recognised in an authenticator app."""
    id_ = account.credential.id
    async with actor.store.write() as connection:
        resting = await connection.scalar(select(K.login_name).where(K.id == id_))
    return opened(account.key, K.login_name, id_, resting) or ""

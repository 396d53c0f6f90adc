"""The second factors of a credential: lists them, verifies codes and removes factors (R39)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from resolvers.factors.recovery import spend
from resolvers.factors.totp import DIGITS, accepted_step, typed
from store.crypto.subject_key import SubjectKey
from store.tables.credentials import second_factors
from store.tables.signin import passkeys


@dataclass(frozen=True, slots=True)
class Factor:
    """A confirmed second factor."""

    id: int
    kind: str
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """A code was right and is used up."""

    factor: Factor
    methods: tuple[str, ...] = ("otp",)


def is_short(code: str) -> bool:
    """True if it has the form of a TOTP code, which is short enough to be guessed."""
    return len(typed(code)) == DIGITS and typed(code).isdecimal()


async def confirmed(connection: AsyncConnection, credential_id: int) -> list[Factor]:
    """The active factors of the credential."""
    found = select(second_factors.c.id, second_factors.c.kind, second_factors.c.remaining).where(
        second_factors.c.credential_id == credential_id, second_factors.c.confirmed_at.is_not(None)
    )
    return [Factor(*row) for row in await connection.execute(found.order_by(second_factors.c.id))]


async def use_code(
    connection: AsyncConnection, key: SubjectKey, credential_id: int, code: str, now: datetime
) -> Used | None:
    """Verify a code and use it up, in the caller's transaction, on every replica (S3, S4); None if it is wrong or used.

    The rows are locked first: of two concurrent requests with the same code, the second finds the time step or recovery
    code used.
    """
    # By form, so that an attempt counts for one kind of secret only (S11).
    kind = "TOTP" if is_short(code) else "RECOVERY_CODES"
    rows = await _locked(connection, credential_id, kind)
    for row in rows:
        used = await (_totp if kind == "TOTP" else _recovery)(connection, key, row, code, now)
        if used is not None:
            return used
    return None


async def _locked(connection: AsyncConnection, credential_id: int, kind: str) -> Sequence[Any]:
    found = select(
        second_factors.c.id, second_factors.c.secret, second_factors.c.last_timecode, second_factors.c.remaining
    ).where(
        second_factors.c.credential_id == credential_id,
        second_factors.c.kind == kind,
        second_factors.c.confirmed_at.is_not(None),
    )
    return (await connection.execute(found.order_by(second_factors.c.id).with_for_update())).all()


async def _totp(connection: AsyncConnection, key: SubjectKey, row: Any, code: str, now: datetime) -> Used | None:
    step = accepted_step(key.open(second_factors.c.secret, row.id, row.secret).decode(), code, now, row.last_timecode)
    if step is None:
        return None
    await connection.execute(
        update(second_factors).where(second_factors.c.id == row.id).values(last_timecode=step, last_used_at=now)
    )
    return Used(Factor(row.id, "TOTP"))


async def _recovery(connection: AsyncConnection, key: SubjectKey, row: Any, code: str, now: datetime) -> Used | None:
    left = spend(key.open(second_factors.c.secret, row.id, row.secret), row.id, code)
    if left is None:
        return None
    change = {
        "secret": key.seal(second_factors.c.secret, row.id, left.text),
        "remaining": left.count,
        "last_used_at": now,
    }
    await connection.execute(update(second_factors).where(second_factors.c.id == row.id).values(change))
    return Used(Factor(row.id, "RECOVERY_CODES", left.count))


async def remove_factor(
    connection: AsyncConnection,
    key: SubjectKey,
    dependencies: SignInDependencies,
    factor_id: int,
    platform: str,
    now: datetime,
) -> None:
    """Remove a factor; recovery codes are removed with the last other factor. The customer is notified."""
    credential_id = await connection.scalar(
        select(second_factors.c.credential_id).where(second_factors.c.id == factor_id)
    )
    await delete_factors(connection, [factor_id])
    rest = await confirmed(connection, credential_id or 0)
    # Codes alone are no second factor: they stand in for one that is lost.
    if all(each.kind == "RECOVERY_CODES" for each in rest):
        await delete_factors(connection, [each.id for each in rest])
    await write(connection, key, dependencies.site, SignInEmail.FACTOR_REMOVED, now, platform=platform)


async def delete_factors(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Delete the factors and their passkeys."""
    if ids:
        # Referring rows first, for the foreign key.
        await connection.execute(delete(passkeys).where(passkeys.c.factor_id.in_(ids)))
        await connection.execute(delete(second_factors).where(second_factors.c.id.in_(ids)))

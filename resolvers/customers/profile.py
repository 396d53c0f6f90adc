"""The command that changes the customer's profile (R30; GDPR Art. 16)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.events.announcements import announce
from resolvers.events.changes import record
from resolvers.events.rectifying import tell_of_correction
from resolvers.inputs.texts import InputReader
from store.crypto.subject_key import SubjectKey
from store.sql.statements import Statement
from store.tables.customers import customers

NAME = {"givenName": 0, "familyName": 1}
ADDRESS = ("street", "street2", "postalCode", "city", "region", "country")


async def update_profile(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Change the given fields and leave the rest; nothing is changed if there are problems.

    With `ifVersion`, the profile is changed only if its version is still this one (optimistic locking); otherwise the
    problem is CONFLICT.
    """
    texts = InputReader(given)
    reads = {"phone": texts.phone, "locale": texts.language, "givenName": texts.name, "familyName": texts.name}
    wanted = {name: read(name) for name, read in reads.items() if name in given}
    address = texts.address("postalAddress") if given.get("postalAddress") is not None else None
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    # Nothing but statements is awaited inside, so it may take part in a group commit.
    async with context.store.write(brief=True) as connection:
        rows = await CURRENT.rows(connection, {"own": context.subject})
        if not rows:
            return Result(problems=(GONE,))
        # The stored name is needed too: its parts are sealed in one value.
        version, name = rows[0]
        if given.get("ifVersion") not in (None, version):
            return Result(problems=(CONFLICT,))
        changes = _changes(key, name, given, wanted, address)
        if changes:
            await _write(connection, context, changes | {"version": version + 1})
            coordinates = _coordinates(given)
            await record(connection, context, key, coordinates)
            await tell_of_correction(connection, context.subject, coordinates, context.now)
            await announce(connection, key, Event.PROFILE_CHANGED.wire, context.now, coordinates)
    return Result(affected={"customer": context.subject})


GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
CONFLICT = UserProblem(
    "CONFLICT", "The profile was changed in the meantime. Read it again and repeat your change.", ("ifVersion",)
)


# Built once: SQLAlchemy takes longer to build a statement than the database to execute it.
CURRENT = Statement(
    select(customers.c.version, customers.c.name).where(customers.c.id == bindparam("own")).with_for_update()
)


@cache
def _update(columns: tuple[str, ...]) -> Statement:
    """The UPDATE statement of these columns, cached by their names."""
    written: Any = {name: bindparam(f"new_{name}") for name in columns}
    # Cached by columns: there are few combinations, and building is slower than executing.
    return Statement(update(customers).where(customers.c.id == bindparam("own")).values(written))


def _changes(
    key: SubjectKey,
    sealed_name: bytes | None,
    given: Mapping[str, Any],
    wanted: Mapping[str, Any],
    address: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The values of the columns to write, encrypted where the column is sealed."""
    changes: dict[str, Any] = {}
    if "phone" in wanted:
        changes["phone"] = _sealed(key, customers.c.phone, wanted["phone"])
    if "locale" in wanted:
        changes["locale"] = wanted["locale"]
    if "givenName" in wanted or "familyName" in wanted:
        name = _opened(key, sealed_name)
        for part, place in NAME.items():
            if part in wanted:
                name[place] = wanted[part]
        changes["name"] = _sealed(key, customers.c.name, name)
    if address is not None:
        changes["postal_address"] = _sealed(key, customers.c.postal_address, [address.get(part) for part in ADDRESS])
    elif "postalAddress" in given:
        changes["postal_address"] = None
    return changes


def _sealed(key: SubjectKey, column: Any, value: Any) -> bytes | None:
    return None if value is None else key.seal(column, key.customer_id, column.info["sealing"].encode(value))


def _opened(key: SubjectKey, sealed: bytes | None) -> list[Any]:
    return (
        [None, None]
        if sealed is None
        else customers.c.name.info["sealing"].decode(key.open(customers.c.name, key.customer_id, sealed))
    )


def _coordinates(given: Mapping[str, Any]) -> list[str]:
    return [f"Customer.{name}" for name in given if name != "ifVersion"]


async def _write(connection: AsyncConnection, context: CommandContext, changes: Mapping[str, Any]) -> None:
    written = {**changes, "updated_at": context.now}
    values = {f"new_{name}": value for name, value in written.items()}
    await _update(tuple(written)).run(connection, {"own": context.subject, **values})

"""The command that changes the customer's profile (R30; GDPR Art. 16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Column, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.events.announcements import announce
from resolvers.events.changes import record
from resolvers.events.rectifying import notify_of_correction
from resolvers.inputs.texts import InputReader
from store.crypto.subject_key import SubjectKey
from store.sql.statements import Statement
from store.tables.customers import customers
from values.lines import LONGEST
from values.postal_address import PARTS

NAME = {"givenName": 0, "familyName": 1}
FORMS: dict[Column[Any], Callable[[InputReader, str], str | None]] = {
    customers.c.phone: InputReader.phone,
    customers.c.locale: InputReader.language,
}
"""Columns with a form of their own; every other one holds a line of text."""


async def update_profile(
    columns: Mapping[str, Column[Any]], context: CommandContext, given: Mapping[str, Any]
) -> Result:
    """Change the given fields and leave the rest; nothing is changed if there are problems.

    `columns` are those that hold one text, by the name of their input field; name and address have parts. With
    `ifVersion`, the profile is changed only if its version is still this one (optimistic locking); otherwise the
    problem is CONFLICT.
    """
    texts = InputReader(given)
    wanted = {name: _read(texts, name, column) for name, column in columns.items() if name in given}
    named = {part: texts.name(part) for part in NAME if part in given}
    address = texts.address("postalAddress") if given.get("postalAddress") is not None else None
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    # Nothing but statements is awaited inside, so it may take part in a group commit.
    async with context.store.write(group_commit=True) as connection:
        rows = await CURRENT.rows(connection, {"own": context.subject})
        if not rows:
            return Result(problems=(GONE,))
        # The stored name is needed too: its parts are sealed in one value.
        version, name = rows[0]
        if given.get("ifVersion") not in (None, version):
            return Result(affected={"customer": context.subject}, problems=(CONFLICT,))
        changes = {columns[each].name: _resting(key, columns[each], value) for each, value in wanted.items()}
        changes |= _changes(key, name, given, named, address)
        if changes:
            await _write(connection, context, changes | {"version": version + 1})
            coordinates = _coordinates(given)
            await record(connection, context, key, coordinates)
            await notify_of_correction(connection, context.subject, coordinates, context.now)
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
    named: Mapping[str, str | None],
    address: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The values of the columns with parts to write, encrypted."""
    changes: dict[str, Any] = {}
    if named:
        name = _opened(key, sealed_name)
        for part, value in named.items():
            name[NAME[part]] = value
        changes["name"] = _resting(key, customers.c.name, name)
    if address is not None:
        changes["postal_address"] = _resting(key, customers.c.postal_address, [address.get(part) for part in PARTS])
    elif "postalAddress" in given:
        changes["postal_address"] = None
    return changes


def _read(texts: InputReader, name: str, column: Column[Any]) -> str | None:
    form = FORMS.get(column)
    most = getattr(column.type, "length", None) or LONGEST
    return texts.line(name, most) if form is None else form(texts, name)


def _resting(key: SubjectKey, column: Any, value: Any) -> Any:
    """The value as its column holds it: sealed, or as it is."""
    sealing = column.info.get("sealing")
    return value if value is None or sealing is None else key.seal(column, key.customer_id, sealing.encode(value))


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

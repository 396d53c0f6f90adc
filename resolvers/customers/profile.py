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
from resolvers.inputs.texts import InputReader, nameless
from store.crypto.blind_index import Lookup
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.lookups.reservations import Reservations, own_request, reserving
from store.sql.statements import Statement
from store.tables.customers import customers
from values.lines import LONGEST
from values.postal_address import PARTS

NAME = {"givenName": 0, "familyName": 1}
ADDRESSES: Mapping[str, Column[Any]] = {"postalAddress": customers.c.postal_address}
DAMAGED = object()
"""Stands for a value that cannot be opened: it differs from all others, and may be replaced."""
FORMS: dict[Column[Any], Callable[[InputReader, str], str | None]] = {
    customers.c.phone: InputReader.phone,
    customers.c.locale: InputReader.language,
}
"""Columns with a form of their own; every other one holds a line of text."""


async def update_profile(
    columns: Mapping[str, Column[Any]], context: CommandContext, given: Mapping[str, Any]
) -> Result:
    """Change the given fields and leave the rest; nothing is changed if there are problems.

    `columns` are those that hold one text, by the name of their input field; name and address have parts. What is given
    as it is kept already is no change: it is neither written nor recorded nor announced. With `ifVersion`, the profile
    is changed only if its version is still this one (optimistic locking); otherwise the problem is CONFLICT.
    """
    texts = InputReader(given)
    wanted: dict[Column[Any], Any] = {
        columns[name]: _read(texts, name, columns[name]) for name in columns if name in given
    }
    named = {part: texts.name_part(part) for part in NAME if part in given}
    if "postalAddress" in given:
        wanted[customers.c.postal_address] = _address(texts, given)
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    # Nothing but statements is awaited inside, so it may take part in a group commit; but for a telephone number,
    # whose look-up is reserved in the key store.
    found_by = customers.c.phone in wanted
    async with reserving(context.store) as reserved, context.store.write(group_commit=not found_by) as connection:
        # The stored name is needed, too, if a part of it is given: both are sealed in one value.
        there = (*wanted, *((customers.c.name,) if named else ()), *((customers.c.phone_ref,) if found_by else ()))
        rows = await _current(there).rows(connection, {"own": context.subject})
        if not rows:
            return Result(problems=(GONE,))
        version, *resting = rows[0]
        if given.get("ifVersion") not in (None, version):
            return Result(affected={"customer": context.subject}, problems=(CONFLICT,))
        kept = {column: _opened(key, column, value) for column, value in zip(there, resting, strict=True)}
        changes = {column: value for column, value in wanted.items() if value != kept[column]}
        coordinates = [f"Customer.{field}" for field in given if columns.get(field, ADDRESSES.get(field)) in changes]
        if named:
            before = kept[customers.c.name] if isinstance(kept[customers.c.name], list) else [None, None]
            name = [named.get(part, before[place]) for part, place in NAME.items()]
            if not any(name):
                return Result(problems=(nameless(*named),))
            if differing := [part for part, place in NAME.items() if name[place] != before[place]]:
                changes[customers.c.name] = name
                coordinates += [f"Customer.{part}" for part in differing]
        if changes:
            written = {column.name: _resting(key, column, value) for column, value in changes.items()}
            if customers.c.phone in changes:
                phone, before = changes[customers.c.phone], kept[customers.c.phone_ref]
                written["phone_ref"] = await index_phone(reserved, connection, context, phone, before)
            await _write(connection, context, written | {"version": version + 1})
            await record(connection, context, key, coordinates)
            await notify_of_correction(connection, context.subject, coordinates, context.now)
            await announce(connection, key, Event.PROFILE_CHANGED.wire, context.now, coordinates)
        await reserved.written(connection)
    return Result(affected={"customer": context.subject})


GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
CONFLICT = UserProblem(
    "CONFLICT", "The profile was changed in the meantime. Read it again and repeat your change.", ("ifVersion",)
)


# Built once for the same columns: SQLAlchemy takes longer to build a statement than the database to execute it.
@cache
def _current(columns: tuple[Column[Any], ...]) -> Statement:
    """The SELECT statement of the version and these columns."""
    return Statement(select(customers.c.version, *columns).where(customers.c.id == bindparam("own")).with_for_update())


@cache
def _update(columns: tuple[str, ...]) -> Statement:
    """The UPDATE statement of these columns, cached by their names."""
    written: Any = {name: bindparam(f"new_{name}") for name in columns}
    # Cached by columns: there are few combinations, and building is slower than executing.
    return Statement(update(customers).where(customers.c.id == bindparam("own")).values(written))


async def index_phone(
    reserved: Reservations,
    connection: AsyncConnection,
    context: CommandContext,
    phone: str | None,
    before: bytes | None,
) -> bytes | None:
    """Reserve the look-up of a telephone number, None for none, in the place of the one before; returns its `ref`."""
    keys, own = context.store.keys, context.subject
    wanted = [] if phone is None else [own_request(keys, Lookup.PHONE, phone, own, own)]
    await reserved.take(connection, wanted, context.now, replacing=[(own, before)])
    return wanted[0].ref if wanted else None


def _address(texts: InputReader, given: Mapping[str, Any]) -> list[str | None] | None:
    if given["postalAddress"] is None:
        return None
    address = texts.address("postalAddress")
    return [address.get(part) for part in PARTS]


def _read(texts: InputReader, name: str, column: Column[Any]) -> str | None:
    form = FORMS.get(column)
    most = getattr(column.type, "length", None) or LONGEST
    return texts.line(name, most) if form is None else form(texts, name)


def _resting(key: SubjectKey, column: Any, value: Any) -> Any:
    """The value as its column holds it: sealed, or as it is."""
    sealing = column.info.get("sealing")
    return value if value is None or sealing is None else key.seal(column, key.customer_id, sealing.encode(value))


def _opened(key: SubjectKey, column: Column[Any], resting: Any) -> Any:
    """The value of a column as it was given: opened, or as it is; DAMAGED for one that cannot be opened."""
    sealing = column.info.get("sealing")
    if resting is None or sealing is None:
        return resting
    try:
        return sealing.decode(key.open(column, key.customer_id, resting))
    except SealBrokenError:
        return DAMAGED


async def _write(connection: AsyncConnection, context: CommandContext, changes: Mapping[str, Any]) -> None:
    written = {**changes, "updated_at": context.now}
    values = {f"new_{name}": value for name, value in written.items()}
    await _update(tuple(written)).run(connection, {"own": context.subject, **values})

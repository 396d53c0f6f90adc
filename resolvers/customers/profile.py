"""A customer changes the profile (R30)."""

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
from resolvers.events.rectifying import tell_of_correction
from resolvers.inputs.texts import InputReader
from store.crypto.subject_key import SubjectKey
from store.sql.statements import Statement
from store.tables.customers import customers
from values.lines import LONGEST

C = customers.c
NAME = {"givenName": 0, "familyName": 1}
ADDRESS = ("street", "street2", "postalCode", "city", "region", "country")
FORMS: dict[Column[Any], Callable[[InputReader, str], str | None]] = {
    C.phone: InputReader.phone,
    C.locale: InputReader.language,
}
"""What has a form of its own; everything else is a line of text."""


async def update_profile(columns: Mapping[str, Column[Any]], desk: CommandContext, given: Mapping[str, Any]) -> Result:
    """Change what was given and leave the rest; nothing is changed when anything is wrong.

    `columns` are those that hold one text, by the name of their input field; name and address have parts. With
    `ifVersion`, only if the profile is still the one that the caller read: an edit made in between is a CONFLICT, and
    is not overwritten.
    """
    texts = InputReader(given)
    wanted = {name: _read(texts, name, column) for name, column in columns.items() if name in given}
    named = {part: texts.name(part) for part in NAME if part in given}
    address = texts.address("postalAddress") if given.get("postalAddress") is not None else None
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    (key,) = await desk.store.keys.subjects([desk.subject])
    if key is None:
        return Result(problems=(GONE,))
    async with desk.store.write(group_commit=True) as connection:
        rows = await CURRENT.rows(connection, {"own": desk.subject})
        if not rows:
            return Result(problems=(GONE,))
        version, name = rows[0]
        if given.get("ifVersion") not in (None, version):
            return Result(problems=(CONFLICT,))
        changes = {columns[each].name: _resting(key, columns[each], value) for each, value in wanted.items()}
        changes |= _changes(key, name, given, named, address)
        if changes:
            await _write(connection, desk, changes | {"version": version + 1})
            coordinates = _coordinates(given)
            await record(connection, desk, key, coordinates)
            await tell_of_correction(connection, desk.subject, coordinates, desk.now)
            await announce(connection, key, Event.PROFILE_CHANGED.wire, desk.now, coordinates)
    return Result(affected={"customer": desk.subject})


GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
CONFLICT = UserProblem(
    "CONFLICT", "The profile was changed in the meantime. Read it again and repeat your change.", ("ifVersion",)
)


# Built once: building a statement takes longer than running it.
CURRENT = Statement(select(C.version, C.name).where(C.id == bindparam("own")).with_for_update())


@cache
def _update(columns: tuple[str, ...]) -> Statement:
    """The statement that writes these columns."""
    written: Any = {name: bindparam(f"new_{name}") for name in columns}
    return Statement(update(customers).where(C.id == bindparam("own")).values(written))


def _changes(
    key: SubjectKey,
    sealed_name: bytes | None,
    given: Mapping[str, Any],
    named: Mapping[str, str | None],
    address: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The columns with parts to write, sealed."""
    changes: dict[str, Any] = {}
    if named:
        name = _opened(key, sealed_name)
        for part, value in named.items():
            name[NAME[part]] = value
        changes["name"] = _resting(key, C.name, name)
    if address is not None:
        changes["postal_address"] = _resting(key, C.postal_address, [address.get(part) for part in ADDRESS])
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
    return [None, None] if sealed is None else C.name.info["sealing"].decode(key.open(C.name, key.customer_id, sealed))


def _coordinates(given: Mapping[str, Any]) -> list[str]:
    return [f"Customer.{name}" for name in given if name != "ifVersion"]


async def _write(connection: AsyncConnection, desk: CommandContext, changes: Mapping[str, Any]) -> None:
    written = {**changes, "updated_at": desk.now}
    values = {f"new_{name}": value for name, value in written.items()}
    await _update(tuple(written)).run(connection, {"own": desk.subject, **values})

"""The command that changes the customer's profile (R30; GDPR Art. 16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Column, Integer, bindparam, exists, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from policy.restricting import Notice
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.events.announcements import announce, heard
from resolvers.events.changes import record
from resolvers.events.rectifying import notify_of_correction
from resolvers.inputs.texts import InputReader, nameless
from store.crypto.blind_index import Lookup
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.lookups.reservations import Reservations, own_request, reserving
from store.sql.ids import new_id
from store.sql.metadata import Id
from store.sql.reading import PreparedStatement, Reader, Row
from store.sql.statements import Statement
from store.tables.changes import customer_changes
from store.tables.customers import customers
from store.tables.restrictions import notices
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
    asked = _Asked(given, columns, wanted, named, key)
    if context.store.at_once and not asked.looked_up and (done := await _at_once(context, asked)) is not None:
        return done
    # Nothing but statements is awaited inside, so it may take part in a group commit; but for a telephone number,
    # whose look-up is reserved in the key store.
    group_commit = not asked.looked_up
    async with reserving(context.store) as reserved, context.store.write(group_commit=group_commit) as connection:
        rows = await _current(asked.there).rows(connection, {"own": context.subject})
        change = _change_of(asked, context.subject, rows)
        if isinstance(change, Result):
            return change
        if change.written:
            written = {**change.written, "version": change.version + 1}
            if customers.c.phone.name in written:
                phone, before = wanted[customers.c.phone], rows[0][-1]
                written["phone_ref"] = await index_phone(reserved, connection, context, phone, before)
            await _write(connection, context, written)
            await record(connection, context, key, change.coordinates)
            await notify_of_correction(connection, context.subject, change.coordinates, context.now)
            await announce(connection, key, Event.PROFILE_CHANGED.wire, context.now, change.coordinates)
        await reserved.written(connection)
    return Result(affected={"customer": context.subject})


@dataclass(frozen=True, slots=True)
class _Asked:
    """The values that the caller asks for, with what they are compared with."""

    given: Mapping[str, Any]
    columns: Mapping[str, Column[Any]]
    wanted: Mapping[Column[Any], Any]
    named: Mapping[str, Any]
    key: SubjectKey

    @property
    def there(self) -> tuple[Column[Any], ...]:
        """The columns whose present values are needed; both parts of a name are sealed in one."""
        name = (customers.c.name,) if self.named else ()
        return (*self.wanted, *name, *((customers.c.phone_ref,) if self.looked_up else ()))

    @property
    def looked_up(self) -> bool:
        """Whether a value is among them that customers are found by: its look-up is in the key store."""
        return customers.c.phone in self.wanted


@dataclass(frozen=True, slots=True)
class _Change:
    """The columns to write in the place of a version, and the coordinates that differ; none if nothing does."""

    version: int
    written: Mapping[str, Any]
    coordinates: Sequence[str]


def _change_of(asked: _Asked, subject: int, rows: Sequence[Row]) -> _Change | Result:
    """Compare with the present row; `rows` is what `_current` found. Returns the change, or the problem."""
    if not rows:
        return Result(problems=(GONE,))
    version, *resting = rows[0]
    if asked.given.get("ifVersion") not in (None, version):
        return Result(affected={"customer": subject}, problems=(CONFLICT,))
    key, named = asked.key, asked.named
    kept = {column: _opened(key, column, value) for column, value in zip(asked.there, resting, strict=True)}
    changes = {column: value for column, value in asked.wanted.items() if value != kept[column]}
    coordinates = [
        f"Customer.{field}" for field in asked.given if asked.columns.get(field, ADDRESSES.get(field)) in changes
    ]
    if named:
        before = kept[customers.c.name] if isinstance(kept[customers.c.name], list) else [None, None]
        name = [named.get(part, before[place]) for part, place in NAME.items()]
        if not any(name):
            return Result(problems=(nameless(*named),))
        if differing := [part for part, place in NAME.items() if name[place] != before[place]]:
            changes[customers.c.name] = name
            coordinates += [f"Customer.{part}" for part in differing]
    written = {column.name: _resting(key, column, value) for column, value in changes.items()}
    return _Change(version, written, coordinates)


async def _at_once(context: CommandContext, asked: _Asked) -> Result | None:
    """The change, its record and the request to tell recipients as one statement, on what was read without a lock; None
    if the row has changed since, or a system has to be told of the event: then it takes a transaction."""
    reader = context.store.reader
    rows = await reader.fetch(_seen(reader, asked.there), {"own": context.subject})
    change = _change_of(asked, context.subject, rows)
    if isinstance(change, Result):
        return change
    if change.written:
        fields = orjson.dumps(sorted(set(change.coordinates))).decode()
        values: dict[str, Any] = {f"new_{name}": value for name, value in change.written.items()}
        values |= {"own": context.subject, "seen": change.version, "new_version": change.version + 1}
        values |= {"change_id": new_id(), "notice_id": new_id(), "through": context.grant.client_id}
        values |= {"coordinates": fields, "now": context.now}
        if not await context.store.once(_whole(tuple(change.written)), values):
            return None
    return Result(affected={"customer": context.subject})


@cache
def _whole(columns: tuple[str, ...]) -> Statement:
    """The statement of `_at_once` for these columns; it returns a row if it did anything."""
    now = bindparam("now", type_=customers.c.updated_at.type)
    written: Any = {name: bindparam(f"new_{name}") for name in (*columns, "version")}
    here = customers.c.id == bindparam("own", type_=Id), customers.c.version == bindparam("seen", type_=Integer)
    change = update(customers).where(*here, ~exists(heard())).values(written | {"updated_at": now})
    changed = change.returning(customers.c.id).cte("changed")
    fields = bindparam("coordinates", type_=customer_changes.c.fields.type)
    through = bindparam("through", type_=customer_changes.c.client.type)
    row = select(bindparam("change_id", type_=Id), changed.c.id, fields, through, now)
    recorded = insert(customer_changes).from_select(("id", "customer_id", "fields", "client", "at"), row)
    about = literal(Notice.RECTIFICATION.name, notices.c.about.type)
    asking = select(bindparam("notice_id", type_=Id), changed.c.id, about, fields, now)
    asked = insert(notices).from_select(("id", "customer_id", "about", "fields", "asked_at"), asking)
    return Statement(asked.returning(notices.c.id).add_cte(recorded.cte("recorded")))


_SEEN: WeakKeyDictionary[Reader, dict[tuple[Column[Any], ...], PreparedStatement]] = WeakKeyDictionary()


def _seen(reader: Reader, columns: tuple[Column[Any], ...]) -> PreparedStatement:
    """The statement of the version and these columns, without a lock."""
    known = _SEEN.setdefault(reader, {})
    if columns not in known:
        query = select(customers.c.version, *columns).where(customers.c.id == bindparam("own", type_=Id))
        known[columns] = reader.prepare(query)
    return known[columns]


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

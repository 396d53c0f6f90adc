"""Messages to customers: written in their language, sealed, and left in the outbox.

A message is JSON of `to`, `language`, `subject` and `text`. Subjects are the same for everybody (D1).

Who is written to decides how: to a `ProvenAddress`, which only this module makes, from the customer's own row, a letter
goes out as it is written; to a `TypedAddress` only through the limits (S13). There is no third way into the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

import orjson
from jinja2 import Template
from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.catalogue import translate
from messages.dates import day, moment
from messages.message import Message
from messages.negotiation import written
from messages.templates import environment
from messages.words import Words
from resolvers.commands.dependencies import Site
from resolvers.letters.limits import LetterKind, LetterLimits
from store.crypto.subject_key import SubjectKey
from store.sql.guarded import insert_where
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.outbox import outbox

C = customers.c
TOPIC = "email"
NOBODY = "nobody@example.invalid"
"""Whom a letter is composed for, and never sent to, where there is nobody (RFC 2606)."""

PLATFORM = Words(
    {"CLIENT_AREA": "client area", "MANAGEMENT_INTERFACE": "management interface", "WEBMAIL": "webmail"},
)
REMEDY = Message(
    "You may complain to the data protection authority of your country (GDPR Art. 77), or go to court (Art. 79)."
)


class Letter(Enum):
    """What can be written; each member is a subject and a text, both messages."""

    @property
    def subject(self) -> str:
        """The same for everybody (D1)."""
        return str(self.value[0])

    @property
    def text(self) -> str:
        """With `{name}` for what is put in."""
        return str(self.value[1])


@dataclass(frozen=True, slots=True, repr=False)
class ProvenAddress:
    """The customer's own e-mail address, as it rests with them."""

    text: str


@dataclass(frozen=True, slots=True, repr=False)
class TypedAddress:
    """An e-mail address that somebody typed who need not be the one who reads there."""

    text: str


@dataclass(frozen=True, slots=True, repr=False)
class LetterRecipient:
    """The customer, whom a message is for."""

    key: SubjectKey
    address: ProvenAddress
    language: str

    @property
    def email(self) -> str:
        """The address."""
        return self.address.text


@dataclass(frozen=True, slots=True, repr=False)
class Stranger:
    """Somebody else whom a message is for; it is written in the language of the customer through whom they are known,
    and sealed with that customer's key."""

    key: SubjectKey
    address: TypedAddress
    language: str

    @property
    def email(self) -> str:
        """The address."""
        return self.address.text


async def reader_of(connection: AsyncConnection, key: SubjectKey) -> LetterRecipient | None:
    """The customer as somebody to write to; None without an e-mail address."""
    row = (await connection.execute(select(C.email, C.locale).where(C.id == key.customer_id))).one_or_none()
    if row is None or row.email is None:
        return None
    address = key.open(C.email, key.customer_id, row.email).decode()
    return LetterRecipient(key, ProvenAddress(address), written(row.locale))


def compose(
    reader: LetterRecipient | Stranger, site: Site, letter: Letter, now: datetime, **facts: str | int | datetime
) -> bytes:
    """The message; instants, periods and platforms among the facts are written out as people read them."""
    language = reader.language
    said = {name: _worded(name, value, language, site) for name, value in facts.items()}
    values = {"site": site.name, "origin": site.origin, "at": moment(now, language), "remedy": REMEDY} | said
    text = translate(Message(letter.text, None, None, **values), language)
    message = {
        "to": reader.email,
        "language": language,
        "subject": translate(letter.subject, language),
        "text": _template().render(language=language, text=text),
    }
    return orjson.dumps(message)


@cache
def _template() -> Template:
    return environment("resolvers").get_template("letter.txt")


def _worded(name: str, value: str | int | datetime, language: str, site: Site) -> object:
    match name, value:
        case _, datetime():
            return day(value, language, site.zone)
        case "platform", str():
            return PLATFORM.message(value)
        case "minutes", int():
            return Message("{count} minute", plural="{count} minutes", count=value)
        case "days", int():
            return Message("{count} day", plural="{count} days", count=value)
        case _:
            return value


async def write(
    connection: AsyncConnection,
    key: SubjectKey,
    site: Site,
    letter: Letter,
    now: datetime,
    void_at: datetime | None = None,
    **facts: str | int | datetime,
) -> int | None:
    """Put a message in the outbox, in the caller's transaction; none when the customer has no e-mail address.

    The number of the message, or None. From `void_at` on it is never sent; without, from the first date that it names.
    """
    reader = await reader_of(connection, key)
    if reader is None:
        return None
    row = _row(reader, site, letter, now, facts)
    row |= {} if void_at is None else {"void_at": void_at}
    await connection.execute(insert(outbox).values(row))
    return int(row["id"])


async def write_alike(
    connection: AsyncConnection,
    key: SubjectKey,
    site: Site,
    letter: Letter,
    now: datetime,
    **facts: str | int | datetime,
) -> None:
    """The same by statements that are the same for nobody, to whom nothing is written (G7)."""
    reader = await reader_of(connection, key) or LetterRecipient(key, ProvenAddress(NOBODY), "en")
    row = _row(reader, site, letter, now, facts)
    there = exists().where(C.id == key.customer_id, C.email.is_not(None))
    await connection.execute(insert_where(outbox, row, there))


async def send_to(
    connection: AsyncConnection,
    reader: LetterRecipient,
    site: Site,
    letter: Letter,
    now: datetime,
    **facts: str | int | datetime,
) -> None:
    """The same to a customer who was read before: to the address that they had then."""
    await connection.execute(insert(outbox).values(_row(reader, site, letter, now, facts)))


async def send_typed(
    connection: AsyncConnection,
    limits: LetterLimits,
    kind: LetterKind,
    stranger: Stranger,
    site: Site,
    letter: Letter,
    now: datetime,
    **facts: str | int | datetime,
) -> int:
    """The same to an address that somebody typed; or the seconds until there may be a letter, and none was written."""
    wait = await limits.take(connection, kind, stranger.key.customer_id, stranger.email, now)
    if not wait:
        await connection.execute(insert(outbox).values(_row(stranger, site, letter, now, facts)))
    return wait


def _row(
    reader: LetterRecipient | Stranger,
    site: Site,
    letter: Letter,
    now: datetime,
    facts: Mapping[str, str | int | datetime],
) -> dict[str, Any]:
    id_ = new_id()
    ahead = [fact for fact in facts.values() if isinstance(fact, datetime) and fact > now]
    return {
        "id": id_,
        "customer_id": reader.key.customer_id,
        "topic": TOPIC,
        "payload": reader.key.seal(outbox.c.payload, id_, compose(reader, site, letter, now, **facts)),
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
        "void_at": min(ahead, default=None),  # No letter names a date that is over when it arrives.
    }

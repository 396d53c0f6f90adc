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
from string import Template
from typing import Any

import orjson
from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import Site
from resolvers.letters.limits import LetterKind, LetterLimits
from store.crypto.subject_key import SubjectKey
from store.sql.guarded import insert_where
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.outbox import outbox

TOPIC = "email"
NOBODY = "nobody@example.invalid"
"""Whom a letter is composed for, and never sent to, where there is nobody (RFC 2606)."""

PLATFORM = {
    "en": {"CLIENT_AREA": "client area", "MANAGEMENT_INTERFACE": "management interface", "WEBMAIL": "webmail"},
    "fr": {"CLIENT_AREA": "espace client", "MANAGEMENT_INTERFACE": "interface de gestion", "WEBMAIL": "webmail"},
}


class Letter(Enum):
    """What can be written; each member is a subject and a text in English, then in French."""

    def in_language(self, language: str) -> tuple[str, str]:
        """Subject and text."""
        english, text, french, texte = self.value
        return (french, texte) if language == "fr" else (english, text)


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
    row = (
        await connection.execute(select(customers.c.email, customers.c.locale).where(customers.c.id == key.customer_id))
    ).one_or_none()
    if row is None or row.email is None:
        return None
    address = key.open(customers.c.email, key.customer_id, row.email).decode()
    return LetterRecipient(key, ProvenAddress(address), "fr" if (row.locale or "").lower().startswith("fr") else "en")


def compose(
    reader: LetterRecipient | Stranger, site: Site, letter: Letter, now: datetime, **facts: str | int | datetime
) -> bytes:
    """The message; instants among the facts are written out as people read them."""
    long = "%d/%m/%Y, %H:%M UTC" if reader.language == "fr" else "%d %B %Y, %H:%M UTC"
    day = "%d/%m/%Y" if reader.language == "fr" else "%d %B %Y"
    said = {
        name: value.astimezone(site.zone).strftime(day) if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
    if "platform" in said:
        said["platform"] = PLATFORM[reader.language][str(said["platform"])]
    subject, text = letter.in_language(reader.language)
    values = {"site": site.name, "origin": site.origin, "at": now.strftime(long)} | said
    message = {
        "to": reader.email,
        "language": reader.language,
        "subject": subject,
        "text": Template(text).substitute(values),
    }
    return orjson.dumps(message)


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
    there = exists().where(customers.c.id == key.customer_id, customers.c.email.is_not(None))
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

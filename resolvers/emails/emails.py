"""Composes e-mails in the recipient's language, and puts them encrypted into the outbox.

A message is JSON with `to`, `language`, `subject` and `text`. Subjects contain no personal data (D1).

The type of the address decides about limits: e-mails to a `ProvenAddress`, which only this module creates from the
customer's row, have none; e-mails to a `TypedAddress` are rate-limited (S13). There is no third way into the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from messages.dates import country, day, moment
from messages.message import Message, marked
from messages.negotiation import written
from messages.templates import environment
from messages.words import Words
from policy.platforms import NAMES
from resolvers.commands.dependencies import Site
from resolvers.emails.limits import EmailKind, EmailLimits
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.sql.inserting import insert_where
from store.tables.customers import customers
from store.tables.outbox import outbox

TOPIC = "email"
NOBODY = "nobody@example.invalid"
"""The placeholder address of an e-mail that is composed and not sent, if there is no recipient (RFC 2606; G7)."""

PLATFORM = Words(NAMES)
REMEDY = Message(
    "You may complain to the data protection authority of your country (GDPR Art. 77), or go to court (Art. 79)."
)


class EmailTemplate(Enum):
    """An e-mail; each member is a subject and a text, both messages."""

    @property
    def subject(self) -> str:
        """The same for everybody (D1)."""
        return str(self.value[0])

    @property
    def text(self) -> str:
        """With `{name}` for what is put in."""
        return str(self.value[1])


Fact = str | int | datetime | tuple[str, ...]
"""A fact of a letter; coordinates of the schema (`fields`) become words."""
WHOLE = marked("All of your data.")


@dataclass(frozen=True, slots=True, repr=False)
class ProvenAddress:
    """The customer's own e-mail address, from their row."""

    text: str


@dataclass(frozen=True, slots=True, repr=False)
class TypedAddress:
    """An e-mail address that somebody typed, and that may belong to somebody else."""

    text: str


@dataclass(frozen=True, slots=True, repr=False)
class EmailRecipient:
    """A customer as recipient of an e-mail."""

    key: SubjectKey
    address: ProvenAddress
    language: str

    @property
    def email(self) -> str:
        """The e-mail address."""
        return self.address.text


@dataclass(frozen=True, slots=True, repr=False)
class Stranger:
    """Another person as recipient: in the language of the customer who named them, and encrypted with that customer's
    key."""

    key: SubjectKey
    address: TypedAddress
    language: str

    @property
    def email(self) -> str:
        """The e-mail address."""
        return self.address.text


async def reader_of(connection: AsyncConnection, key: SubjectKey) -> EmailRecipient | None:
    """The customer as recipient; None without an e-mail address."""
    row = (
        await connection.execute(select(customers.c.email, customers.c.locale).where(customers.c.id == key.customer_id))
    ).one_or_none()
    if row is None or row.email is None:
        return None
    return recipient_of(key, key.customer_id, row.email, row.locale)


def recipient_of(key: SubjectKey, row_id: int, email: bytes, locale: str | None) -> EmailRecipient:
    """Return a customer as recipient, of the columns of their own row."""
    address = key.open(customers.c.email, row_id, email).decode()
    return EmailRecipient(key, ProvenAddress(address), written(locale))


def compose(
    reader: EmailRecipient | Stranger, site: Site, template: EmailTemplate, now: datetime, **facts: Fact
) -> bytes:
    """The message; instants, periods and platforms among the facts are written out as people read them."""
    language = reader.language
    said = {name: _worded(name, value, language, site) for name, value in facts.items()}
    values = {"site": site.name, "origin": site.address, "at": moment(now, language), "remedy": REMEDY} | said
    text = translate(Message(template.text, None, None, **values), language)
    message = {
        "to": reader.email,
        "language": language,
        "subject": translate(template.subject, language),
        "text": _template().render(language=language, text=text),
    }
    return orjson.dumps(message)


@cache
def _template() -> Template:
    return environment("resolvers").get_template("letter.txt")


def _worded(name: str, value: Fact, language: str, site: Site) -> object:
    match name, value:
        case _, datetime():
            return day(value, language, site.zone)
        case "platform", str():
            return PLATFORM.message(value)
        case "fields", tuple():
            return _kinds(value, language, site)
        case "country" | "place", str():
            return country(value, language)
        case "minutes", int():
            return Message("{count} minute", plural="{count} minutes", count=value)
        case "days", int():
            return Message("{count} day", plural="{count} days", count=value)
        case _:
            return value


def _kinds(coordinates: Sequence[str], language: str, site: Site) -> str:
    """The kinds of data in words, each once; what this release does not know any more by its coordinate."""
    known = ((each, site.category(each)) for each in coordinates)
    kinds = [each if category is None else translate(category.text, language) for each, category in known]
    return " ".join(dict.fromkeys(kinds)) or translate(WHOLE, language)


async def write(
    connection: AsyncConnection,
    key: SubjectKey,
    site: Site,
    template: EmailTemplate,
    now: datetime,
    void_at: datetime | None = None,
    **facts: Fact,
) -> int | None:
    """Put a message into the outbox, in the caller's transaction; returns its id, None without an e-mail address.

    It is not sent after `void_at`, or, without it, after the first future date among the facts.
    """
    reader = await reader_of(connection, key)
    if reader is None:
        return None
    row = _row(reader, site, template, now, facts)
    row |= {} if void_at is None else {"void_at": void_at}
    await connection.execute(insert(outbox).values(row))
    return int(row["id"])


async def write_alike(
    connection: AsyncConnection,
    key: SubjectKey,
    site: Site,
    template: EmailTemplate,
    now: datetime,
    **facts: Fact,
) -> None:
    """Like `write`, with the same statements if there is no recipient, for whom nothing is inserted (G7)."""
    reader = await reader_of(connection, key) or EmailRecipient(key, ProvenAddress(NOBODY), "en")
    row = _row(reader, site, template, now, facts)
    # Decided inside the statement: statements are the same for a missing account (G7).
    there = exists().where(customers.c.id == key.customer_id, customers.c.email.is_not(None))
    await connection.execute(insert_where(outbox, row, there))


async def send_to(
    connection: AsyncConnection,
    reader: EmailRecipient,
    site: Site,
    template: EmailTemplate,
    now: datetime,
    **facts: Fact,
) -> int:
    """Put a message to an earlier read recipient into the outbox: to the address of that time; returns its id."""
    row = _row(reader, site, template, now, facts)
    await connection.execute(insert(outbox).values(row))
    return int(row["id"])


async def send_each(
    connection: AsyncConnection,
    letters: Sequence[tuple[int, EmailRecipient, Mapping[str, str | int]]],
    site: Site,
    template: EmailTemplate,
    now: datetime,
) -> None:
    """Put a message to each of these customers into the outbox, under a given id and with facts of its own, in one
    statement."""
    rows = [_row(reader, site, template, now, facts, id_) for id_, reader, facts in letters]
    await connection.execute(insert(outbox), rows)


async def send_typed(
    connection: AsyncConnection,
    limits: EmailLimits,
    kind: EmailKind,
    stranger: Stranger,
    site: Site,
    template: EmailTemplate,
    now: datetime,
    **facts: Fact,
) -> int:
    """Put a message to a typed address into the outbox if the limits allow; seconds to wait otherwise, else 0."""
    # Counted in the same transaction: a rolled back e-mail does not count.
    wait = await limits.take(connection, kind, stranger.key.customer_id, stranger.email, now)
    if not wait:
        await connection.execute(insert(outbox).values(_row(stranger, site, template, now, facts)))
    return wait


def _row(
    reader: EmailRecipient | Stranger,
    site: Site,
    template: EmailTemplate,
    now: datetime,
    facts: Mapping[str, Fact] | Mapping[str, str | int],
    given_id: int | None = None,
) -> dict[str, Any]:
    id_ = new_id() if given_id is None else given_id
    ahead = [fact for fact in facts.values() if isinstance(fact, datetime) and fact > now]
    return {
        "id": id_,
        "customer_id": reader.key.customer_id,
        "topic": TOPIC,
        # Under the customer's key: erasing the customer makes waiting e-mails unreadable.
        "payload": reader.key.seal(outbox.c.payload, id_, compose(reader, site, template, now, **facts)),
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
        "void_at": min(ahead, default=None),  # So that no e-mail arrives with a date that has passed.
    }

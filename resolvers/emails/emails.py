"""Composes e-mails in the recipient's language, and puts them encrypted into the outbox.

A message is JSON with `to`, `language`, `subject` and `text`. Subjects contain no personal data (D1).

The type of the address decides about limits: e-mails to a `ProvenAddress`, which only this module creates from the
customer's row, have none; e-mails to a `TypedAddress` are rate-limited (S13). There is no third way into the outbox.
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
from resolvers.emails.limits import EmailKind, EmailLimits
from store.crypto.subject_key import SubjectKey
from store.sql.guarded import insert_where
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.outbox import outbox

TOPIC = "email"
NOBODY = "nobody@example.invalid"
"""The placeholder address of an e-mail that is composed and not sent, if there is no recipient (RFC 2606; G7)."""

PLATFORM = {
    "en": {"CLIENT_AREA": "client area", "MANAGEMENT_INTERFACE": "management interface", "WEBMAIL": "webmail"},
    "fr": {"CLIENT_AREA": "espace client", "MANAGEMENT_INTERFACE": "interface de gestion", "WEBMAIL": "webmail"},
}


class EmailTemplate(Enum):
    """An e-mail; each member is subject and text in English, then in French."""

    def in_language(self, language: str) -> tuple[str, str]:
        """Subject and text in French or English."""
        english, text, french, texte = self.value
        return (french, texte) if language == "fr" else (english, text)


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
    # From the row at the time of writing: an e-mail always goes to the present address.
    address = key.open(customers.c.email, key.customer_id, row.email).decode()
    return EmailRecipient(key, ProvenAddress(address), "fr" if (row.locale or "").lower().startswith("fr") else "en")


def compose(
    reader: EmailRecipient | Stranger, site: Site, template: EmailTemplate, now: datetime, **facts: str | int | datetime
) -> bytes:
    """Compose a message; times among the facts are formatted as dates in the site's time zone."""
    long = "%d/%m/%Y, %H:%M UTC" if reader.language == "fr" else "%d %B %Y, %H:%M UTC"
    day = "%d/%m/%Y" if reader.language == "fr" else "%d %B %Y"
    formatted = {
        name: value.astimezone(site.zone).strftime(day) if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
    if "platform" in formatted:
        formatted["platform"] = PLATFORM[reader.language][str(formatted["platform"])]
    subject, text = template.in_language(reader.language)
    values = {"site": site.name, "origin": site.origin, "at": now.strftime(long)} | formatted
    message = {
        "to": reader.email,
        "language": reader.language,
        "subject": subject,
        # Not safe_substitute(): a missing fact must be an error, not a `$name` in an e-mail.
        "text": Template(text).substitute(values),
    }
    return orjson.dumps(message)


async def write(
    connection: AsyncConnection,
    key: SubjectKey,
    site: Site,
    template: EmailTemplate,
    now: datetime,
    void_at: datetime | None = None,
    **facts: str | int | datetime,
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
    **facts: str | int | datetime,
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
    **facts: str | int | datetime,
) -> None:
    """Put a message to an earlier read recipient into the outbox: to the address of that time."""
    await connection.execute(insert(outbox).values(_row(reader, site, template, now, facts)))


async def send_typed(
    connection: AsyncConnection,
    limits: EmailLimits,
    kind: EmailKind,
    stranger: Stranger,
    site: Site,
    template: EmailTemplate,
    now: datetime,
    **facts: str | int | datetime,
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
    facts: Mapping[str, str | int | datetime],
) -> dict[str, Any]:
    id_ = new_id()
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

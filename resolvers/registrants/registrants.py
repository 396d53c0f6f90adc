"""Reads and writes the registrant of a domain, and sends e-mails to them (R52)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.registries import registry_of
from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.emails import Stranger, TypedAddress, reader_of, send_typed
from resolvers.emails.limits import EmailKind, EmailLimits
from resolvers.emails.registrants import RegistrantEmail
from resolvers.inputs.texts import InputReader
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.records.registrations import runs
from store.sql.metadata import ADDRESS_PARTS, Instant
from store.tables.domains import domains
from values.domain_name import to_unicode
from values.mailbox import same_mailbox
from values.postal_address import PARTS

DETAILS: Final[Mapping[str, Column[Any]]] = {
    "name": domains.c.registrant_name,
    "address": domains.c.registrant_address,
    "country": domains.c.registrant_country,
    "email": domains.c.registrant_email,
    "phone": domains.c.registrant_phone,
}
"""The details by their names in inputs."""
COORDINATES: Final = {column: f"Registrant.{name}" for name, column in DETAILS.items()}


def read_details(given: Mapping[str, Any]) -> tuple[dict[Column[Any], Any], InputReader]:
    """Read the details of an input by column, None for a cleared one; the reader has the problems."""
    texts, found = InputReader(given, ("registrant",)), dict[Column[Any], Any]()
    reads = {"name": texts.owner_name, "email": texts.email, "phone": texts.phone}
    for name, read in reads.items():
        if name in given:
            found[DETAILS[name]] = read(name)
    if "address" in given:
        there = given["address"] is not None
        address = texts.address("address") if there else {}
        found[domains.c.registrant_address] = [address.get(part) for part in PARTS] if there else None
        found[domains.c.registrant_country] = address.get("country") if there else None
    return found, texts


def sealed(key: SubjectKey, domain: int, details: Mapping[Column[Any], Any]) -> dict[str, bytes | None]:
    """The encrypted values by column name."""
    return {
        column.name: None if value is None else key.seal(column, domain, column.info["sealing"].encode(value))
        for column, value in details.items()
    }


async def differing(
    connection: AsyncConnection, key: SubjectKey, domain: int, details: Mapping[Column[Any], Any]
) -> dict[Column[Any], Any]:
    """The details that are not as they are kept; a form that is sent whole has all of them."""
    if not details:
        return {}
    row = (await connection.execute(select(*details).where(domains.c.id == domain))).one()
    return {
        column: value
        for (column, value), resting in zip(details.items(), row, strict=True)
        if not _is_kept(key, column, domain, value, resting)
    }


def _is_kept(key: SubjectKey, column: Column[Any], domain: int, value: Any, resting: bytes | None) -> bool:
    if value is None or resting is None:
        return value is resting
    try:
        return bool(column.info["sealing"].decode(key.open(column, domain, resting)) == value)
    except SealBrokenError:  # It may be replaced.
        return False


@dataclass(frozen=True, slots=True)
class EmailContext:
    """The context of e-mails to registrants: store, dependencies and time."""

    store: Store
    dependencies: SignInDependencies
    now: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Owned:
    """A domain with the data needed for e-mails to its registrant; its row is locked."""

    id: int
    tld: str
    kind: str
    name: str
    email: str | None
    live: bool
    """True if the registration runs, so that the registrant must be known (R45)."""
    erasure_at: datetime | None
    confirmed: bool
    """True if the registrant has confirmed; until then nothing typed about them is published or sent (S13)."""


async def owned(connection: AsyncConnection, key: SubjectKey, domain: int, now: datetime) -> Owned | None:
    """The customer's own domain, locked; None for another customer's or a missing one."""
    columns = (
        domains.c.tld,
        domains.c.registrant_kind,
        domains.c.name,
        domains.c.registrant_email,
        domains.c.registrant_erasure_at,
        domains.c.registrant_confirmed_at,
    )
    found = select(*columns, runs(literal(now, Instant())).label("live"))
    # `of=domains`: the row alone is locked, not what the expression of `live` reads.
    mine = found.where(domains.c.id == domain, domains.c.customer_id == key.customer_id).with_for_update(of=domains)
    row = (await connection.execute(mine)).one_or_none()
    if row is None:
        return None
    name, email = (
        opened(key, column, domain, row._mapping[column.name])
        for column in (domains.c.name, domains.c.registrant_email)
    )
    confirmed, erasure = row.registrant_confirmed_at is not None, row.registrant_erasure_at
    return Owned(domain, row.tld, row.registrant_kind, name or "", email, bool(row.live), erasure, confirmed)


def opened(key: SubjectKey, column: Column[Any], domain: int, resting: bytes | None) -> str | None:
    """Decrypt one text of a domain."""
    return None if resting is None else key.open(column, domain, resting).decode()


async def notify_owner(
    connection: AsyncConnection,
    context: EmailContext,
    key: SubjectKey,
    template: RegistrantEmail,
    domain: Owned,
    **facts: str | int,
) -> None:
    """Send an e-mail to a present or former registrant, in the customer's language.

    Customers who are their own registrants get only links, which they requested. Nothing is sent to unconfirmed
    addresses, or beyond the rate limits (S13).
    """
    reader = await reader_of(connection, key)
    own = reader is not None and domain.email is not None and same(reader.email, domain.email)
    link = template is RegistrantEmail.LINK
    # The rule of S13 in one place, for all e-mails to registrants.
    if domain.email is None or not domain.confirmed or (own and not link):
        return
    registry = registry_of(domain.tld)
    named = registry.name if registry is not None else f".{domain.tld}"
    to = Stranger(key, TypedAddress(domain.email), reader.language if reader is not None else "en")
    values = {
        "domain": to_unicode(domain.name),
        **({"registry": named} if template is RegistrantEmail.NOTICE else {}),
        **facts,
    }
    kind = EmailKind.OWNER_LINK if link else EmailKind.OWNER_NEWS
    await send_typed(
        connection, EmailLimits(context.store), kind, to, context.dependencies.site, template, context.now, **values
    )


def same(one: str | None, other: str | None) -> bool:
    """True if both addresses are the same mailbox."""
    return same_mailbox(one or "", other or "")


# Two lists in the same order, one in GraphQL names, one in column names.
assert len(PARTS) == len(ADDRESS_PARTS)

"""The registers as they stand: who is bound, who takes payments, which registry gets what, and who keeps copies.

Notice and record are made from the schema and from these; `SCHEMA_ALONE` stands for a schema of another team, or a
store that cannot be read, and then the papers say that nobody looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Select, and_, select

from audits.schema.sources import UnreadableError
from policy.purposes import Purpose
from policy.registered import AffiliateRegistration, offences
from policy.registries import COUNTRIES, FIELDS, LEGAL, NATURAL, REGISTRIES
from store.registers.affiliates import affiliates
from store.registers.clients import clients
from store.registers.partners import partners
from store.sql.metadata import instant
from store.sql.reading import Reader
from store.tables.oauth import oauth_clients

MOST: Final = 10_000
"""Rows of one register; a paper of a part of them would be none."""


@dataclass(frozen=True, slots=True)
class BoundPartner:
    """A company under an undertaking of confidentiality that has not ended; its `fields` are schema coordinates."""

    name: str
    country: str
    purpose: Purpose
    fields: tuple[str, ...]
    since: datetime
    document: str = ""
    """The SHA-256 of what it signed, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class PaymentAffiliate:
    """A company that may receive a card, or another method's data, for one payment."""

    name: str
    kind: str
    country: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RegistryDisclosure:
    """What the registry of one ending publishes of the owner, whose details it is handed at registration."""

    tld: str
    name: str
    country: str
    published: Mapping[str, Mapping[str, str]]
    """By kind of owner and field, the policy's word."""


@dataclass(frozen=True, slots=True)
class Copies:
    """A program that may keep copies of what it reads; `days` None: nobody has said for how long."""

    client: str
    name: str
    keeps: str | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Registers:
    """What the operator has registered and set."""

    partners: tuple[BoundPartner, ...] = ()
    affiliates: tuple[PaymentAffiliate, ...] = ()
    registries: tuple[RegistryDisclosure, ...] = ()
    copies: tuple[Copies, ...] = ()
    periods: Mapping[str, str | None] | None = None
    """The settings that lengthen or shorten what is kept, by name (ISO 8601); a period None has no end that is said.
    None in place of all: the settings were not at hand."""
    read: bool = True


SCHEMA_ALONE: Final = Registers(read=False)
"""No register was read."""


async def registers_of(reader: Reader, periods: Mapping[str, str | None] | None = None) -> Registers:
    """The registers of a store, in three statements; Unreadable when one is too long to be told."""
    return Registers(
        await bound_partners(reader),
        await payment_affiliates(reader),
        registry_rules(),
        await copies_kept(reader),
        periods,
    )


async def bound_partners(reader: Reader) -> tuple[BoundPartner, ...]:
    """Those that may be served now, by name; a purpose that the policy does not know gives nothing to anybody."""
    bound = partners.c.undertaken_at.is_not(None), partners.c.document.is_not(None), partners.c.ended_at.is_(None)
    query = (
        select(
            partners.c.name,
            partners.c.country,
            partners.c.purpose,
            partners.c.fields,
            partners.c.undertaken_at,
            partners.c.document,
        )
        .where(*bound)
        .order_by(partners.c.name)
    )
    return tuple(
        BoundPartner(name, country, Purpose[purpose], tuple(orjson.loads(fields)), instant(since), bytes(signed).hex())
        for name, country, purpose, fields, since, signed in await _rows(reader, query)
        if purpose in Purpose.__members__
    )


async def payment_affiliates(reader: Reader) -> tuple[PaymentAffiliate, ...]:
    """Those that take payments now, by name; what breaks a hard rule receives nothing, and is not told."""
    query = (
        select(affiliates.c.name, affiliates.c.kind, affiliates.c.country, affiliates.c.created_at, affiliates.c.url)
        .where(affiliates.c.disabled_at.is_(None))
        .order_by(affiliates.c.name)
    )
    return tuple(
        PaymentAffiliate(name, kind, country, instant(since))
        for name, kind, country, since, url in await _rows(reader, query)
        if not offences(AffiliateRegistration(url, country))
    )


async def copies_kept(reader: Reader) -> tuple[Copies, ...]:
    """The programs that may hold copies, by id: neither a partner's, which is told as such, nor our own pages."""
    ours = and_(oauth_clients.c.client_id == clients.c.id, oauth_clients.c.first_party)
    terms = clients.outerjoin(oauth_clients, ours)
    theirs = (
        clients.c.disabled_at.is_(None),
        clients.c.partner_id.is_(None),
        oauth_clients.c.client_id.is_(None),
        clients.c.keeps_days.is_distinct_from(0),
    )
    query = (
        select(clients.c.id, clients.c.name, clients.c.keeps, clients.c.keeps_days)
        .select_from(terms)
        .where(*theirs)
        .order_by(clients.c.id)
    )
    return tuple(Copies(*row) for row in await _rows(reader, query))


def registry_rules() -> tuple[RegistryDisclosure, ...]:
    """Every ending of the policy, since each may be registered with the next request."""
    return tuple(
        RegistryDisclosure(
            tld,
            each.name,
            COUNTRIES[each.name],
            {kind: {name: each.rule(kind, name).name for name in FIELDS} for kind in (NATURAL, LEGAL)},
        )
        for tld, each in REGISTRIES.items()
    )


async def _rows(reader: Reader, query: Select[Any]) -> Any:
    rows = await reader.fetch(reader.prepare(query.limit(MOST + 1)), {})
    if len(rows) > MOST:
        raise UnreadableError(
            f"A register has more than {MOST} rows: a paper that names a part of them would not be true."
        )
    return rows

"""The present registers: partners, payment affiliates, registries, and programs that keep copies.

Notice and record are made from the schema and from these; `SCHEMA_ALONE` is for a schema of another team, or a store
that cannot be read, and then the papers say that the registers were not read.
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
"""Maximum rows of one register; a paper with a part of them would be wrong, so more is an error."""


@dataclass(frozen=True, slots=True)
class BoundPartner:
    """A partner under a current undertaking of confidentiality; its `fields` are schema coordinates."""

    name: str
    country: str
    purpose: Purpose
    fields: tuple[str, ...]
    since: datetime
    document: str = ""
    """The SHA-256 of the signed document, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class PaymentAffiliate:
    """A company that may receive a card, or another method's data, for one payment."""

    name: str
    kind: str
    country: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RegistryDisclosure:
    """The fields of an owner that the registry of one ending publishes."""

    tld: str
    name: str
    country: str
    published: Mapping[str, Mapping[str, str]]
    """The policy's rule by kind of owner and field."""


@dataclass(frozen=True, slots=True)
class Copies:
    """A program that may keep copies of the data that it reads, for `days`; None: unknown."""

    client: str
    name: str
    keeps: str | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Registers:
    """The operator's registers and settings."""

    partners: tuple[BoundPartner, ...] = ()
    affiliates: tuple[PaymentAffiliate, ...] = ()
    registries: tuple[RegistryDisclosure, ...] = ()
    copies: tuple[Copies, ...] = ()
    periods: Mapping[str, str | None] | None = None
    """The settings that change retention, by name (ISO 8601); a period None is unknown.
    None for the whole mapping: the settings were not available."""
    read: bool = True


SCHEMA_ALONE: Final = Registers(read=False)
"""Stands for registers that were not read."""


async def registers_of(reader: Reader, periods: Mapping[str, str | None] | None = None) -> Registers:
    """Read the registers of a store, in three statements; UnreadableError when one has too many rows."""
    return Registers(
        await bound_partners(reader),
        await payment_affiliates(reader),
        registry_rules(),
        await copies_kept(reader),
        periods,
    )


async def bound_partners(reader: Reader) -> tuple[BoundPartner, ...]:
    """Return the active partners, by name; those with a purpose that the policy does not know receive nothing."""
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
    """Return the active payment affiliates, by name; those that break a hard rule receive nothing, and are left out."""
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
    """Return the programs that may keep copies, by id, without those of partners, which are listed as such, and our
    own."""
    ours = and_(oauth_clients.c.client_id == clients.c.id, oauth_clients.c.first_party)
    terms = clients.outerjoin(oauth_clients, ours)
    # IS DISTINCT FROM: null is unknown, and counts as keeping copies.
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
    """Return every ending of the policy, since a domain of any of them may be registered at any time."""
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
    # One row more than allowed, to notice a longer register.
    rows = await reader.fetch(reader.prepare(query.limit(MOST + 1)), {})
    if len(rows) > MOST:
        raise UnreadableError(
            f"A register has more than {MOST} rows: a paper that names a part of them would not be true."
        )
    return rows

"""Records disclosures: recipient, purpose, legal basis and fields, in the transaction that precedes them (R23)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import orjson
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.bases import LegalBasis
from policy.causes import Cause
from policy.purposes import Purpose
from policy.recipients import Recipient
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.tables.disclosures import disclosures

COORDINATE = re.compile(r"[A-Z][A-Za-z]*\.[a-z][A-Za-z0-9]*")
COUNTRY = re.compile(r"[A-Z]{2}")
Word = TypeVar("Word", Recipient, Purpose, LegalBasis)
LONGEST = 200
"""Maximum characters of a name or trigger, as in the column."""


async def disclose(
    connection: AsyncConnection,
    key: SubjectKey,
    *,
    recipient_kind: Recipient | str,
    recipient_name: str,
    country: str | None,
    purpose: Purpose | str,
    legal_basis: LegalBasis | str,
    coordinates: Iterable[str],
    trigger: str,
    now: datetime,
    embargoed_until: datetime | None = None,
) -> int:
    """Record one disclosure and return its id; the customer sees it in `Customer.disclosures`.

    ValueError for a disclosure that the policy does not permit: an unknown kind of recipient (R27), a purpose for which
    this kind may receive nothing (R2), a legal basis that the purpose does not have, or no field at all.
    `coordinates` are names of the schema, `trigger` is that of a `Cause`: neither is personal data.
    """
    kind, why = _member(Recipient, recipient_kind), _member(Purpose, purpose)
    basis = _member(LegalBasis, legal_basis)
    fields = sorted(set(coordinates))
    # Checked where it is recorded, since registers are filled at run time (D11).
    if not kind.may_receive_for(why):
        raise ValueError(f"{kind.name} receives nothing for {why.name}")
    if basis not in why.bases:
        raise ValueError(f"{why.name} does not rest on {basis.name}")
    if not fields or not all(map(COORDINATE.fullmatch, fields)):
        raise ValueError("a disclosure names the fields that left, such as Customer.email")
    if not (0 < len(recipient_name) <= LONGEST and 0 < len(trigger) <= LONGEST):
        raise ValueError(f"a recipient and a trigger have 1 to {LONGEST} characters")
    if Cause.of_trigger(trigger) is None:
        raise ValueError("a disclosure names its cause (policy.causes)")
    if country is not None and not COUNTRY.fullmatch(country):
        raise ValueError("a country is two capitals (ISO 3166-1)")
    id_ = new_id()
    row = {
        "id": id_,
        "customer_id": key.customer_id,
        "recipient_kind": kind.name,
        "recipient_name": recipient_name,
        "recipient_country": country,
        "purpose": why.name,
        "legal_basis": basis.name,
        "fields": orjson.dumps(fields).decode(),
        "trigger": trigger,
        "at": now,
        "embargoed_until": embargoed_until,
    }
    await connection.execute(insert(disclosures).values(row))
    return id_


def _member(catalogue: type[Word], named: Word | str) -> Word:
    """The enum member that is given itself or by its name; ValueError if there is none."""
    if isinstance(named, catalogue):
        return named
    try:
        return catalogue[str(named)]
    except KeyError:
        raise ValueError(f"no {catalogue.__name__} has this name") from None

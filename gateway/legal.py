"""A binding request is answered by reference, authority, ground, scope, and two persons (R24, R53, A9)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Column, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.bases import LegalBasis
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.references import References
from resolvers.disclosing import disclose
from resolvers.references import REFERENCES, may_be_personal
from schema.build import core_schema
from schema.model import SchemaModel
from schema.sources import Embedded, Value
from store.blindindex import Lookup
from store.customers import customers
from store.database import Store
from store.ids import new_id
from store.legal import legal_requests
from store.metadata import instant
from store.subjectkey import SubjectKey

L, C = legal_requests.c, customers.c
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./:_-]{1,63}")
COUNTRY = re.compile(r"[A-Z]{2}")
CLIENT = "legal"


class LegalRefused(Exception):  # noqa: N818  (it is an answer, not a defect)
    """What was asked cannot be done; the text says why, and what to do. It repeats no value of a person."""


@dataclass(frozen=True, slots=True, repr=False)
class NewRequest:
    """A request as it came in."""

    reference: str
    authority: str
    country: str
    ground: str
    customer_number: str
    fields: tuple[str, ...]
    officer: str
    embargoed_until: datetime | None = None


class Legal:
    """Files requests, has a second person decide, and answers what was approved, once."""

    def __init__(self, store: Store, references: References = REFERENCES) -> None:
        self._store, self._references = store, references
        self._columns = resting_columns()

    async def file(self, new: NewRequest, now: datetime) -> None:
        """Note a request; nothing is read. LegalRefused for a field that no answer can hold, or nobody's number."""
        if not self._is_reference(new.reference) or not COUNTRY.fullmatch(new.country):
            raise LegalRefused(
                f"A reference is the order's number, as {self._expected}, and nothing like a telephone number or an "
                "e-mail address; a country is two capitals (ISO 3166-1)."
            )
        if not all(1 <= len(each.strip()) <= most for each, most in self._texts(new)):
            raise LegalRefused("Name the authority, the legal ground and the officer who files it.")
        if unknown := sorted(set(new.fields) - self._columns.keys()):
            raise LegalRefused(f"{unknown[0]} is no field that rests with us: `gateway legal fields` lists them.")
        if not new.fields:
            raise LegalRefused("Name the fields that the order names: no others may be answered.")
        mark = self._store.keys.blind_index(Lookup.CUSTOMER_NUMBER, new.customer_number)
        async with self._store.write() as connection:
            owner = await connection.scalar(select(C.id).where(C.customer_number_index == mark))
            if owner is None:
                raise LegalRefused("There is no customer with this number. What was erased cannot be answered (R53).")
            if await connection.scalar(select(L.id).where(L.reference == new.reference)) is not None:
                raise LegalRefused("A request with this reference was filed already.")
            row = {
                "id": new_id(),
                "customer_id": owner,
                "reference": new.reference,
                "authority": new.authority.strip(),
                "country": new.country,
                "ground": new.ground.strip(),
                "fields": orjson.dumps(sorted(set(new.fields))).decode(),
                "state": "FILED",
                "officer": new.officer.strip(),
                "filed_at": now,
                "embargoed_until": new.embargoed_until,
            }
            await connection.execute(insert(legal_requests).values(row))

    @staticmethod
    def _texts(new: NewRequest) -> Sequence[tuple[str, int]]:
        return ((new.authority, 200), (new.ground, 200), (new.officer, 100))

    @property
    def _expected(self) -> str:
        """What the operator set for LEGAL_REQUEST; courts number as they like, so nothing else is set beforehand."""
        own = self._references.patterns.get(Purpose.LEGAL_REQUEST.name)
        return own.text if own is not None else "4 O 123/26"

    def _is_reference(self, text: str) -> bool:
        own = self._references.patterns.get(Purpose.LEGAL_REQUEST.name)
        if own is not None:
            return self._references.fits(Purpose.LEGAL_REQUEST, text)
        return is_order_number(text)

    async def decide(self, reference: str, officer: str, approved: bool, now: datetime) -> None:
        """A second person approves the request, or refuses it; a refusal stays on record."""
        async with self._store.write() as connection:
            row = await self._row(connection, reference)
            if row.state != "FILED":
                raise LegalRefused(f"This request is {row.state.lower()} already.")
            if not officer.strip() or officer.strip().casefold() == row.officer.casefold():
                raise LegalRefused("Somebody else than who filed it has to decide: it takes two persons.")
            state = "APPROVED" if approved else "REFUSED"
            change = {"state": state, "second_officer": officer.strip()[:100], "decided_at": now}
            await connection.execute(update(legal_requests).where(L.id == row.id).values(change))

    async def answer(self, reference: str, now: datetime) -> dict[str, Any]:
        """The values of the fields that the order names, and nothing else.

        1. it was approved by a second person; 2. the columns of its fields are read, for its customer; 3. the
        disclosure is committed, embargoed if the order says so; 4. the ledger entry is durable; 5. the answer leaves.
        """
        async with self._store.write() as connection:
            row = await self._row(connection, reference)
            if row.state not in ("APPROVED", "ANSWERED"):  # 1
                raise LegalRefused("A second person has to approve it first: gateway legal approve.")
            fields = orjson.loads(row.fields)
            (key,) = await self._store.keys.subjects([row.customer_id])
            if key is None:
                raise LegalRefused("The customer was erased: there is nothing to answer (R53).")
            values = {each: await self._values(connection, key, each) for each in fields}  # 2
            await disclose(
                connection,
                key,
                recipient_kind=Recipient.AUTHORITY,
                recipient_name=row.authority,
                country=row.country,
                purpose=Purpose.LEGAL_REQUEST,
                legal_basis=LegalBasis.A6_1_C,
                coordinates=fields,
                trigger=f"order:{row.reference}",
                now=now,
                embargoed_until=row.embargoed_until,
            )
            change = {"state": "ANSWERED", "answered_at": now}
            await connection.execute(update(legal_requests).where(L.id == row.id).values(change))  # 3
        told = row.embargoed_until is None or row.embargoed_until <= now
        await self._store.ledger.append(_entry(key if told else None, row.reference, fields, now))  # 4
        return {"reference": row.reference, "authority": row.authority, "fields": values}  # 5

    async def listed(self) -> Sequence[Any]:
        """Every request, the newest first; nobody is named but by the officers' names."""
        columns = (L.reference, L.state, L.authority, L.fields, L.officer, L.second_officer, L.filed_at)
        async with self._store.write() as connection:
            return (await connection.execute(select(*columns).order_by(L.id.desc()))).all()

    async def _row(self, connection: AsyncConnection, reference: str) -> Any:
        found = select(legal_requests).where(L.reference == reference).with_for_update()
        row = (await connection.execute(found)).one_or_none()
        if row is None:
            raise LegalRefused("There is no request with this reference: `gateway legal list` shows them.")
        return row

    async def _values(self, connection: AsyncConnection, key: SubjectKey, coordinate: str) -> list[Any]:
        table, column = self._columns[coordinate]
        owner = table.c.id if table is customers else table.c.customer_id
        rows = await connection.execute(select(table.c.id, column).where(owner == key.customer_id).order_by("id"))
        return [_opened(key, column, id_, value) for id_, value in rows.all() if value is not None]


def is_order_number(text: str) -> bool:
    """Whether it may be the number of an order; what may be a person's number or address is none (D1)."""
    return bool(REFERENCE.fullmatch(text)) and any(each.isdigit() for each in text) and not may_be_personal(text)


def resting_columns() -> Mapping[str, tuple[Table, Column[Any]]]:
    """Where each field of the schema rests."""
    found = {}
    for field in SchemaModel(core_schema()).fields.values():
        if isinstance(field.source, (Value, Embedded)) and field.source.column.info.get("output", True):
            found[field.coordinate] = field.source.column.table, field.source.column
    return found


def _opened(key: SubjectKey, column: Column[Any], id_: int, value: Any) -> Any:
    sealing = column.info.get("sealing")
    if sealing is not None:
        return sealing.decode(key.open(column, id_, value))
    return instant(value).isoformat() if isinstance(value, datetime) else value


def _entry(key: SubjectKey | None, reference: str, fields: Sequence[str], now: datetime) -> dict[str, Any]:
    """Under an embargo it names no subject, or `accesses` would tell the customer; the disclosure does on its day."""
    return {
        "version": 1,
        "at": int(now.timestamp()),
        "client": CLIENT,
        "purpose": Purpose.LEGAL_REQUEST.name,
        "reference": reference,
        "operation": sha256(b"legal answer").hexdigest(),
        "fields": sorted(fields),
        "subjects": [] if key is None else [key.pseudonym],
    }

"""The contents of an export: every holding with the meaning of its fields, and the accesses to them (GDPR Art. 15)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Column, bindparam, select

from policy.categories import Category
from policy.meanings import Meaning, Origin, is_portable, kept_for, origin_of
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from store.accesses.accesses import Accesses
from store.accesses.check import altered_accesses
from store.accesses.disclosure_embargo import VisibleCases
from store.accesses.staff_pseudonyms import shown_code
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.ledger.proofs import Prover
from store.records.declared import ExportDetail
from store.records.holdings import (
    DamagedValue,
    Holding,
    Row,
    count_of,
    held_apart,
    holdings,
    is_fingerprint,
    is_key,
    rows_of,
)
from store.registers.clients import clients
from store.sql.metadata import Id, Instant
from store.tables.disclosures import disclosures

log = logging.getLogger(__name__)

PAGE = 200
"""Ledger entries in one read."""

Meanings = Mapping[str, Meaning]
"""The schema's description of columns, by `table.column`."""


@dataclass(frozen=True, slots=True)
class ExportedField:
    """One field of a holding, with everything that the data subject has a right to know about it."""

    name: str
    source: str
    """`table.column`."""
    category: Category | None
    purposes: tuple[Purpose, ...]
    recipients: tuple[Recipient, ...]
    retention: RetentionRule
    origin: Origin
    description: str | None = None
    coordinates: tuple[str, ...] = ()
    withheld: str | None = None
    """SECRET, FINGERPRINT or STAFF: the reason why the value is held but not exported; None: it is exported."""
    key: bool = False
    """True if it only identifies the row."""

    @property
    def portable(self) -> bool:
        """True if it is portable (Art. 20)."""
        return self.withheld is None and is_portable(self.category, self.purposes)


@dataclass(frozen=True, slots=True)
class ExportedSection:
    """One holding: its fields, and whether its rows are exported one by one (`row_by_row`) or only counted."""

    name: str
    retention: RetentionRule
    fields: tuple[ExportedField, ...]
    row_by_row: bool = True
    apart: bool = False
    """True if rows are held that cannot be found by customer, so that they cannot be counted either."""

    @property
    def portable(self) -> bool:
        """True if any of its fields is portable."""
        return self.row_by_row and any(field.portable for field in self.fields)


ACCESSES = ExportedSection(
    "accesses",
    RetentionRule.LEDGER,
    tuple(
        ExportedField(
            name,
            "ledger_entries.entry",
            Category.ACCESS_HISTORY,
            (Purpose.ACCOUNTABILITY_LOG,),
            (),
            RetentionRule.LEDGER,
            Origin.MADE,
            description,
        )
        for name, description in (
            ("index", "The entry's place in the ledger, by which its proof is found."),
            ("at", "When it was read."),
            ("client", "The program that read."),
            ("purpose", "What for."),
            ("reference", "In which case, where the purpose needs one."),
            ("personRole", "The role of the member of staff who asked; null for a program that acts by itself."),
            ("personCode", "A code of that person, the same for each reading by them; it names nobody."),
            ("fields", "What was read, by schema coordinate."),
        )
    ),
)
"""The section of accesses: the ledger's entries about the customer."""


def section_of(holding: Holding, meanings: Meanings) -> ExportedSection:
    """Describe a table by its declarations and by the schema fields that show it."""
    retention: RetentionRule = holding.table.info["retention"]
    fields = tuple(_field(column, retention, meanings) for column in holding.table.c)
    apart = holding.declared.export is ExportDetail.HELD
    return ExportedSection(holding.name, retention, fields, holding.row_by_row, apart)


def _field(column: Column[Any], retention: RetentionRule, meanings: Meanings) -> ExportedField:
    source = f"{column.table.name}.{column.name}"
    said = meanings.get(source)
    category = column.info["category"] or (said.category if said else None)
    withheld = None if column.info["output"] else _withheld(column)
    return ExportedField(
        str(column.name),
        source,
        category,
        said.purposes if said else (kept_for(retention),),
        said.recipients if said else (),
        retention,
        origin_of(category),
        said.description if said else None,
        said.coordinates if said else (),
        withheld,
        is_key(column),
    )


def _withheld(column: Column[Any]) -> str:
    if column.info.get("staff"):
        return "STAFF"
    return "FINGERPRINT" if is_fingerprint(column) else "SECRET"


class Contents:
    """Everything held about one customer at a given time, section by section, each read in pages."""

    def __init__(self, store: Store, meanings: Meanings, key: SubjectKey, now: datetime) -> None:
        self._store, self._meanings, self._key, self._now = store, meanings, key, now
        self._holdings = {holding.name: holding for holding in holdings()}
        self._prover = Prover(store.ledger_reader)

    def sections(self) -> list[ExportedSection]:
        """Return the sections: customers first, then the other tables in the order of their dependencies, then
        accesses, and at the end the tables that cannot be exported by row."""
        found = sorted(self._holdings.values(), key=lambda holding: holding.name != "customers")
        sections = [section_of(holding, self._meanings) for holding in found]
        return [*sections, ACCESSES, *(section_of(holding, self._meanings) for holding in held_apart())]

    def records(self, section: ExportedSection) -> AsyncIterator[Row]:
        """Return the rows of a section that is exported by row."""
        if section is ACCESSES:
            return self._accesses()
        return rows_of(self._store.reader, self._holdings[section.name], self._key, self._now)

    async def transfers(self) -> list[dict[str, str]]:
        """Return the recipients of the customer's data with their countries, unless under embargo (Art. 15(1)(c),
        15(2))."""
        shown = disclosures.c.embargoed_until.is_(None) | (
            disclosures.c.embargoed_until <= bindparam("now", type_=Instant)
        )
        columns = (disclosures.c.recipient_kind, disclosures.c.recipient_name, disclosures.c.recipient_country)
        mine = select(*columns).where(disclosures.c.customer_id == bindparam("owner", type_=Id), shown)
        known = mine.where(disclosures.c.recipient_country.is_not(None)).distinct().order_by(*columns)
        reader = self._store.reader
        rows = await reader.fetch(reader.prepare(known), {"owner": self._key.customer_id, "now": self._now})
        return [dict(zip(("recipientKind", "recipientName", "country"), row, strict=True)) for row in rows]

    async def count(self, section: ExportedSection) -> int | None:
        """Count the rows of a section that is not exported by row; None if they cannot be found by customer."""
        if section.apart:
            return None
        return await count_of(self._store.reader, self._holdings[section.name], self._key.customer_id)

    async def _accesses(self) -> AsyncIterator[Row]:
        """Yield the accesses, verified against the signed tree (D14). An entry that is not in it is exported as
        damaged, with its index only: the customer gets the rest, and learns of the damage."""
        reader = self._store.reader
        registered = await reader.fetch(reader.prepare(select(clients.c.id, clients.c.name)), {})
        names = {row[0]: row[1] for row in registered}
        embargo = await VisibleCases.about(reader, self._key.customer_id, self._now)
        accesses, before = Accesses(self._store.ledger_reader), None
        head = await self._store.heads.latest()
        while page := (await accesses.pages([self._key.pseudonym], before, PAGE)).get(self._key.pseudonym):
            altered = await altered_accesses(self._prover, self._key.pseudonym, page, head)
            for access in page:
                if access.index in altered:
                    # Critical: somebody has changed the ledger's database.
                    log.critical("an entry of the ledger is not as it was signed", extra={"entry": access.index})
                    yield dict.fromkeys((field.name for field in ACCESSES.fields), DamagedValue()) | {
                        "index": access.index
                    }
                    continue
                entry = orjson.loads(access.entry)
                if embargo.allows(entry):
                    person = entry.get("person") or {}
                    yield {
                        "index": access.index,
                        "at": _moment(entry["at"]),
                        "client": names.get(entry["client"], entry["client"]),
                        "purpose": entry["purpose"],
                        "reference": entry.get("reference"),
                        "personRole": person.get("role"),
                        "personCode": shown_code(person["pseudonym"]) if person else None,
                        "fields": list(entry["fields"]),
                    }
            before = page[-1].index


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")

"""Counts of reads from the ledger, by client, purpose and period, without personal data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from sqlalchemy import bindparam, select

from audits.schema.checks import Check, Finding
from audits.schema.places import SourcePosition
from store.ledger.entries import ledger_entries
from store.sql.metadata import Id, instant
from store.sql.reading import Reader

PAGE: Final = 5_000
KEYS: Final = frozenset({"version", "at", "client", "purpose", "operation", "fields", "subjects", "nonce"})
"""The keys of every entry about a read."""
Period = Literal["day", "month", "year"]
LENGTHS: Final = {"day": 10, "month": 7, "year": 4}


@dataclass(slots=True)
class LedgerUse:
    """The reads of one client for one purpose in one period."""

    client: str
    purpose: str
    period: str
    """Such as `2026-11`, in UTC."""
    operations: int = 0
    subjects: int = 0
    """Data subjects, counted once for each operation."""
    with_reference: int = 0
    first: int = 0
    last: int = 0
    """Seconds since 1970."""

    def add(self, entry: dict[str, Any]) -> None:
        """Count one entry."""
        at = entry["at"]
        # An entry with `counts` is a sum of anonymous reads, with a number for each of its subjects.
        self.operations += sum(entry["counts"]) if entry.get("counts") else 1
        self.subjects += sum(entry["counts"]) if entry.get("counts") else len(entry["subjects"])
        self.with_reference += bool(entry.get("reference"))
        self.first = min(self.first or at, at)  # 0 stands for none yet.
        self.last = max(self.last, at)


@dataclass(slots=True)
class LedgerFacts:
    """The counts, and the entries that could not be parsed."""

    entries: int = 0
    others: int = 0
    """Entries that are not about a read, such as certificates."""
    uses: dict[tuple[str, str, str], LedgerUse] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    """The number of operations that read each coordinate."""
    findings: list[Finding] = field(default_factory=list)

    def sorted_uses(self) -> list[LedgerUse]:
        """Return the uses by period, client and purpose."""
        return [self.uses[key] for key in sorted(self.uses, key=lambda key: (key[2], key[0], key[1]))]

    def last_use(self) -> dict[tuple[str, str], datetime]:
        """Return the time at which each client last used each purpose."""
        found: dict[tuple[str, str], int] = {}
        for use in self.uses.values():
            key = (use.client, use.purpose)
            found[key] = max(found.get(key, 0), use.last)
        return {key: datetime.fromtimestamp(at, UTC) for key, at in found.items()}


async def ledger_facts(
    reader: Reader, since: datetime | None = None, until: datetime | None = None, period: Period = "month"
) -> LedgerFacts:
    """Count the entries appended from `since` on and before `until`, in pages, so that memory stays bounded."""
    found = LedgerFacts()
    async for sequence, raw, at in _entries(reader):
        if (since is None or at >= since) and (until is None or at < until):
            _count(found, sequence, raw, LENGTHS[period])
    return found


class LedgerEntries:
    """The entries of a ledger, in pages, so that memory stays bounded."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def reads(self, since: datetime) -> AsyncIterator[dict[str, Any]]:
        """Yield every entry about a read from a moment on; those that cannot be parsed are left out."""
        async for _, raw, at in _entries(self._reader):
            entry = parse_entry(raw) if at >= since else None
            if entry is not None and entry.keys() >= KEYS:
                yield entry


async def _entries(reader: Reader) -> AsyncIterator[tuple[int, bytes, datetime]]:
    column = ledger_entries.c
    page = reader.prepare(
        select(column.sequence, column.entry, column.at)
        .where(column.sequence > bindparam("after", type_=Id))
        .order_by(column.sequence)
        .limit(PAGE)
    )
    after = 0
    while rows := await reader.fetch(page, {"after": after}):
        for sequence, raw, at in rows:
            yield sequence, raw, instant(at)
        after = rows[-1][0]


def _count(found: LedgerFacts, sequence: int, raw: bytes, length: int) -> None:
    found.entries += 1
    entry = parse_entry(raw)
    if entry is None:
        message = f"Entry {sequence} of the ledger is not in canonical form: it was changed."
        found.findings.append(Finding(Check.LEDGER_ENTRY, message, str(sequence), SourcePosition("ledger", sequence)))
    # Entries of another kind lack some of the keys.
    elif not entry.keys() >= KEYS:
        found.others += 1
    else:
        month = datetime.fromtimestamp(entry["at"], UTC).date().isoformat()[:length]
        key = (str(entry["client"]), str(entry["purpose"] or "none"), month)
        found.uses.setdefault(key, LedgerUse(*key)).add(entry)
        for coordinate in entry["fields"]:
            found.fields[coordinate] = found.fields.get(coordinate, 0) + 1


def parse_entry(raw: bytes) -> dict[str, Any] | None:
    """Parse an entry; None when it is not canonical JSON, as after most accidental changes."""
    try:
        entry = orjson.loads(raw)
        # A changed byte usually breaks the canonical form. Only `gateway ledger verify` proves that nothing was
        # changed.
        sound = isinstance(entry, dict) and orjson.dumps(entry, option=orjson.OPT_SORT_KEYS) == bytes(raw)
    except orjson.JSONDecodeError:
        return None
    return entry if sound and _typed(entry) else None


def _typed(entry: dict[str, Any]) -> bool:
    counts = entry.get("counts", [])
    lists: Sequence[Any] = (entry.get("subjects", []), entry.get("fields", []), counts)
    if not isinstance(entry.get("at", 0), int) or not all(isinstance(each, list) for each in lists):
        return False
    return all(isinstance(each, int) for each in counts)

"""The readings of a client in a period: persons, fields and purposes from the ledger, each held against the tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from audits.breach.persons import ConcernedPersons, fields_of
from audits.reports.ledger import KEYS, parse_entry
from audits.schema.checks import Check, Finding
from audits.schema.places import SourcePosition
from store.accesses.period import PeriodEntries, RecordedEntry
from store.ledger.proof_files import header_line, proof_line
from store.ledger.proofs import Prover
from store.ledger.signed_checkpoints import Checkpoints, Signed
from store.merkle.merkle_tree import leaf_hash
from store.merkle.tiles import TileMissingError
from store.sql.reading import Reader

Leave = Callable[[bytes], object]
"""Takes the lines of the file of proofs."""


@dataclass(slots=True)
class FieldReadings:
    """The readings of one field."""

    operations: int = 0
    persons: int = 0
    purposes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class BreachScope:
    """The extent of a breach, without anybody's name."""

    client: str
    since: datetime
    until: datetime
    operations: int = 0
    with_reference: int = 0
    first: int = 0
    last: int = 0
    """The first and the last reading, in seconds since 1970; 0: there was none."""
    proven: int = 0
    unsigned: int = 0
    """Entries that no checkpoint covers yet."""
    checkpoint: Signed | None = None
    purposes: Counter[str] = field(default_factory=Counter)
    """The operations for each purpose."""
    fields: dict[str, FieldReadings] = field(default_factory=dict)
    persons: int = 0
    records: int = 0
    """Values: each field of each person counts once, however often it was read (Art. 33(3)(a))."""
    findings: list[Finding] = field(default_factory=list)

    def count(self, entry: Mapping[str, Any]) -> None:
        """Count one entry about a reading."""
        at, times = int(entry["at"]), sum(entry.get("counts") or [1])
        self.operations += times
        self.with_reference += bool(entry.get("reference"))
        self.first, self.last = min(self.first or at, at), max(self.last, at)
        purpose = str(entry["purpose"] or "")
        self.purposes[purpose] += times
        for coordinate in fields_of(entry):
            read = self.fields.setdefault(coordinate, FieldReadings())
            read.operations += times
            read.purposes.add(purpose)

    def sum_up(self, persons: ConcernedPersons, categories: Mapping[str, str | None]) -> Counter[str]:
        """Count the persons, their values, and the persons for each category, which is returned."""
        concerned: Counter[str] = Counter()
        for person in persons:
            self.persons += 1
            self.records += len(person.fields)
            for coordinate in person.fields:
                self.fields[coordinate].persons += 1
            concerned.update({category for each in person.fields if (category := categories.get(each))})
        return concerned


async def breach_scope(
    reader: Reader,
    client: str,
    since: datetime,
    until: datetime,
    persons: ConcernedPersons,
    leave: Leave | None = None,
) -> BreachScope:
    """Read the entries of one client from `since` on and before `until`, and leave the proof of each.

    Pages keep memory flat, whatever the size of the ledger. An entry that cannot be parsed, or that is not as its leaf
    in the tree says, is a finding. Who was erased since stays counted, by a pseudonym that leads to nobody any more.
    """
    scope = BreachScope(client, since, until, checkpoint=await Checkpoints(reader).latest())
    prover = Prover(reader)
    if leave is not None and scope.checkpoint is not None:
        leave(header_line(scope.checkpoint.note))
    mark = b'"client":%s' % orjson.dumps(client)
    async for page in PeriodEntries(reader).pages(since, until):
        # Before parsing: most entries are other clients'. Within a text the quotes would be escaped.
        theirs = [each for each in page if mark in each.entry]
        read = _read(scope, theirs, client)
        persons.add([entry for _, entry in read])
        await _prove(scope, prover, [each for each, _ in read], leave)
    return scope


def _read(scope: BreachScope, page: Sequence[RecordedEntry], client: str) -> list[tuple[RecordedEntry, dict[str, Any]]]:
    found = []
    for each in page:
        entry = parse_entry(each.entry)
        if entry is None:
            said = f"Entry {each.sequence} of the ledger is not in canonical form: it was changed."
            scope.findings.append(_finding(said, each.sequence))
        elif entry.keys() >= KEYS and entry["client"] == client:
            scope.count(entry)
            found.append((each, entry))
    return found


async def _prove(scope: BreachScope, prover: Prover, page: Sequence[RecordedEntry], leave: Leave | None) -> None:
    size = 0 if scope.checkpoint is None else scope.checkpoint.size
    signed = [(each.index, each) for each in page if each.index is not None and each.index < size]
    scope.unsigned += len(page) - len(signed)
    try:
        inclusions = await prover.inclusions([index for index, _ in signed], size) if signed else []
    except TileMissingError:
        scope.findings.append(_finding("The tree of the ledger lacks hashes: nothing of it can be proven.", 0))
        return
    for inclusion, (index, each) in zip(inclusions, signed, strict=True):
        if inclusion.leaf != leaf_hash(each.entry):
            scope.findings.append(_finding(f"Entry {index} of the ledger is not as it was signed.", each.sequence))
            continue
        scope.proven += 1
        if leave is not None:
            leave(proof_line(inclusion, each.entry))


def _finding(said: str, sequence: int) -> Finding:
    return Finding(Check.LEDGER_ENTRY, said, str(sequence), SourcePosition("ledger", sequence))

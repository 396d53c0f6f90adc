"""Reads the ledger entries about a customer, with inclusion proofs."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import bindparam, func, select

from resolvers.reads.filters import NOW
from resolvers.reads.operation import OperationContext
from resolvers.reads.pages import Span
from store.accesses.accesses import Accesses, LedgerAccess
from store.accesses.check import verify_accesses
from store.accesses.disclosure_embargo import VisibleCases
from store.accesses.staff_pseudonyms import shown_code
from store.database.store import Store
from store.ledger.proofs import Prover
from store.ledger.signed_checkpoints import Checkpoints
from store.ledger.signing_keys import KnownKeys
from store.operations.refusals import refusal_counts
from store.registers.clients import clients
from store.sql.metadata import Instant
from store.sql.reading import any_of

DAYS = 30
"""The days over which refusals of a client are summed up beside its readings."""


@dataclass(frozen=True, slots=True)
class AccessProof:
    """An inclusion proof of an entry in the signed ledger (RFC 9162, 2.1.3)."""

    size: str
    leaf: str
    path: list[str]
    checkpoint: str
    entry: str
    file: str


class Readings:
    """The prepared statements and provers of a store."""

    def __init__(self, store: Store) -> None:
        reader = store.ledger_reader
        self.accesses, self.prover = Accesses(reader), Prover(reader)
        self.checkpoints, self.keys = Checkpoints(reader), KnownKeys(reader)
        names = select(clients.c.id, clients.c.name).where(any_of(clients.c.id, "ids"))
        self._reader, self._names = store.reader, store.reader.prepare(names)
        counts = select(refusal_counts.c.client_id, func.sum(refusal_counts.c.operations)).where(
            any_of(refusal_counts.c.client_id, "ids"), refusal_counts.c.day >= bindparam("since", type_=Instant)
        )
        self._refusals = store.reader.prepare(counts.group_by(refusal_counts.c.client_id))

    async def names(self, ids: Sequence[str]) -> dict[str, str]:
        """The names of clients by id; a removed client has its id as name."""
        rows = await self._reader.fetch(self._names, {"ids": list(ids)}) if ids else ()
        return {id_: id_ for id_ in ids} | {row[0]: row[1] for row in rows}

    async def refusals(self, ids: Sequence[str], since: datetime) -> dict[str, int]:
        """The refusals of clients since a moment, by client; one without any is left out."""
        return {
            row[0]: int(row[1]) for row in await self._reader.fetch(self._refusals, {"ids": list(ids), "since": since})
        }

    async def proofs(self, found: Sequence[LedgerAccess]) -> dict[int, AccessProof]:
        """Proofs of the signed ones among these entries, by index."""
        signed = await self.checkpoints.latest()
        proven = [access for access in found if signed is not None and access.index < signed.size]
        if signed is None or not proven:
            return {}
        paths = await self.prover.inclusions([access.index for access in proven], signed.size)
        return {
            access.index: AccessProof(
                str(signed.size),
                _text(path.leaf),
                [_text(each) for each in path.path],
                signed.note,
                access.entry.decode(),
                path.text(signed.note, access.entry),
            )
            for access, path in zip(proven, paths, strict=True)
        }


# Weak: a closed store must not be kept alive.
_readings: WeakKeyDictionary[Store, Readings] = WeakKeyDictionary()


def readings_of(store: Store) -> Readings:
    """The instance of a store, created on first use."""
    if store not in _readings:
        _readings[store] = Readings(store)
    return _readings[store]


class AccessProofs:
    """The proofs of one page, computed together when the first is selected."""

    def __init__(self, readings: Readings, found: Sequence[LedgerAccess]) -> None:
        self._readings, self._found = readings, found
        self._made: dict[int, AccessProof] | None = None

    async def of(self, index: int) -> AccessProof | None:
        """The proof of one entry; None until it is signed, within a minute."""
        # All at once: they share nodes of the tree, which are read in one statement.
        if self._made is None:
            self._made = await self._readings.proofs(self._found)
        return self._made.get(index)


class ClientRefusals:
    """The sums of refusals of the clients of one page, computed together when the first is selected.

    They are of all customers together: a refusal resolves nobody, so none can be told of one customer.
    """

    def __init__(self, readings: Readings, clients: Sequence[str], now: datetime) -> None:
        self._readings, self._clients, self._now = readings, clients, now
        self._made: Mapping[str, int] | None = None

    async def of(self, client: str) -> int:
        """Return how often this client was refused a field in the last DAYS days."""
        if self._made is None:
            self._made = await self._readings.refusals(self._clients, self._now - timedelta(days=DAYS))
        return self._made.get(client, 0)


@dataclass(frozen=True, slots=True)
class ReadingPerson:
    """A member of staff behind a reading."""

    role: str
    code: str
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One ledger entry about the customer."""

    id: int
    """Its index in the ledger."""
    at: datetime
    client: str
    client_name: str
    purpose: str | None
    reference: str | None
    coordinates: tuple[str, ...]
    proofs: AccessProofs
    refusals: ClientRefusals
    person: ReadingPerson | None
    """The member of staff who asked; None where the client named none."""


async def readings_about(context: OperationContext, customer_id: int, span: Span) -> tuple[list[Reading], bool]:
    """A page of readings, newest first, and whether more follow in the direction of reading.

    Readings under embargo are skipped, and others fill the page. AlteredEntryError if the ledger differs from what was
    signed (D14).
    """
    readings = readings_of(context.store)
    (key,) = await context.store.keys.subjects([customer_id])
    if key is None:
        return [], False
    found = await _visible(context, readings, customer_id, key.pseudonym, span)
    shown, more = span.trimmed(found)
    names = await readings.names(sorted({entry["client"] for _, entry in shown}))
    proofs = AccessProofs(readings, [access for access, _ in shown])
    refusals = ClientRefusals(readings, sorted(names), context.parameters[NOW])
    return [_reading(access, entry, names, proofs, refusals) for access, entry in shown], more


async def _visible(
    context: OperationContext, readings: Readings, customer_id: int, pseudonym: str, span: Span
) -> list[tuple[LedgerAccess, Mapping[str, Any]]]:
    """The entries of a span as they are read, with one beyond the page if there are more."""
    embargo = await VisibleCases.about(context.store.reader, customer_id, context.parameters[NOW])
    found: list[tuple[LedgerAccess, Mapping[str, Any]]] = []
    head, most = await context.store.heads.latest(), span.limit + 1
    # One more than a page, to know whether more follow; embargoed entries do not count.
    while len(found) < most:
        page = await readings.accesses.between(pseudonym, span.above, span.below, most, span.descending)
        # Every page is verified before a word of it is shown (D14).
        await verify_accesses(readings.prover, pseudonym, page, head)
        read = ((access, orjson.loads(access.entry)) for access in page)
        found += [each for each in read if embargo.allows(each[1])]
        if len(page) < most:
            break
        span = span.beyond(page[-1].index)
    return found[:most]


def _reading(
    access: LedgerAccess,
    entry: Mapping[str, Any],
    names: Mapping[str, str],
    proofs: AccessProofs,
    refusals: ClientRefusals,
) -> Reading:
    return Reading(
        access.index,
        datetime.fromtimestamp(entry["at"], UTC),
        entry["client"],
        names[entry["client"]],
        entry["purpose"],
        entry.get("reference"),
        tuple(entry["fields"]),
        proofs,
        refusals,
        _person(entry.get("person")),
    )


def _person(given: Any) -> ReadingPerson | None:
    return None if given is None else ReadingPerson(given["role"], shown_code(given["pseudonym"]), given["pseudonym"])


def _text(content: bytes) -> str:
    return b64encode(content).decode()
